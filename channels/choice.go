package channels

import (
	"strconv"
	"strings"
)

// Choice is an answer that the customer can give with a tap. What comes back is
// a message with Title as its text and ID as its Choice.
type Choice struct {
	ID          string
	Title       string
	Description string `json:",omitempty"`
}

// ChoiceLimits are how many choices a form can hold and how long they may be, in
// the channel's Unit. A zero Max means that the medium does not have the form, a
// zero length that there is no limit, but NoDescription.
type ChoiceLimits struct {
	Max           int
	Title         int
	Description   int
	NoDescription bool
	// Text is the longest text that a message with this form may have; 0 is
	// MaxText.
	Text int
}

// ChoiceForm is how choices are shown.
type ChoiceForm uint8

// The forms. The zero form is lines of text, which every medium has.
const (
	AsText ChoiceForm = iota
	AsButtons
	AsList
)

// Fit renders the message to a medium: it sets Parts, see [Render], and
// ChoicesAs. Choices become buttons where they fit, else a list, else numbered
// lines at the end of the text; they are never cut. heading is as for [Render].
func (o *Outgoing) Fit(heading string, caps Capabilities) {
	o.ChoicesAs = formFor(o.Choices, caps)
	limits := map[ChoiceForm]ChoiceLimits{AsButtons: caps.Buttons, AsList: caps.List}[o.ChoicesAs]
	if o.Parts = Render(o.Text, o.Citations, heading, caps); len(o.Choices) == 0 {
		return
	}
	measure := newSplitter(caps)
	if o.ChoicesAs != AsText && limits.Text > 0 && len(o.Parts) > 0 {
		// Only the last part carries the choices.
		last := len(o.Parts) - 1
		measure.limit = limits.Text
		o.Parts = append(o.Parts[:last], measure.split(o.Parts[last])...)
	}
	if o.ChoicesAs == AsText {
		o.Parts = measure.split(strings.Join(append(o.Parts, choiceLines(o.Choices)), "\n\n"))
	}
}

// choiceLines writes choices as numbered lines.
func choiceLines(choices []Choice) string {
	var lines []string
	for i, c := range choices {
		line := strconv.Itoa(i+1) + ". " + c.Title
		if c.Description != "" {
			line += " – " + c.Description
		}
		lines = append(lines, line)
	}
	return strings.Join(lines, "\n")
}

func formFor(choices []Choice, caps Capabilities) ChoiceForm {
	switch {
	case caps.Buttons.hold(choices, caps):
		return AsButtons
	case caps.List.hold(choices, caps):
		return AsList
	}
	return AsText
}

// hold reports whether a form can show choices as they are. Titles must be told
// apart.
func (l ChoiceLimits) hold(choices []Choice, caps Capabilities) bool {
	if len(choices) == 0 || len(choices) > l.Max {
		return false
	}
	measure := newSplitter(caps)
	titles := map[string]bool{}
	for _, c := range choices {
		switch {
		case c.Title == "" || titles[c.Title],
			l.Title > 0 && measure.length(c.Title) > l.Title,
			l.NoDescription && c.Description != "",
			l.Description > 0 && measure.length(c.Description) > l.Description:
			return false
		}
		titles[c.Title] = true
	}
	return true
}
