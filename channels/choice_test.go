package channels

import (
	"fmt"
	"slices"
	"strings"
	"testing"
)

func ExampleOutgoing_Fit() {
	out := Outgoing{Text: "Would you like to talk to a **colleague**?", Choices: []Choice{{ID: "yes", Title: "Yes, please"}, {ID: "no", Title: "No, thanks"}}}
	out.Fit("Sources", Capabilities{Markup: WhatsApp, Buttons: ChoiceLimits{Max: 3, Title: 20}})
	fmt.Println(out.ChoicesAs == AsButtons, out.Parts)
	out.Fit("Sources", Capabilities{})
	fmt.Println(out.ChoicesAs == AsText, out.Parts[0])
	// Output:
	// true [Would you like to talk to a *colleague*?]
	// true Would you like to talk to a colleague?
	//
	// 1. Yes, please
	// 2. No, thanks
}

func choicesOf(n, title int) []Choice {
	var out []Choice
	for i := range n {
		out = append(out, Choice{ID: fmt.Sprint(i), Title: fmt.Sprint(i) + strings.Repeat("x", title-1)})
	}
	return out
}

// WA-14: four options become a list, eleven lines of text.
func TestWA14ChoicesTakeTheFormTheyFit(t *testing.T) {
	caps := Capabilities{Unit: UTF16Units, Buttons: ChoiceLimits{Max: 3, Title: 20, NoDescription: true}, List: ChoiceLimits{Max: 10, Title: 24, Description: 72}}
	for _, test := range []struct {
		name    string
		choices []Choice
		want    ChoiceForm
	}{
		{"three", choicesOf(3, 20), AsButtons},
		{"three with long titles", choicesOf(3, 21), AsList},
		{"three with very long titles", choicesOf(3, 25), AsText},
		{"four", choicesOf(4, 5), AsList},
		{"ten", choicesOf(10, 24), AsList},
		{"eleven", append(choicesOf(9, 5), Choice{Title: "a"}, Choice{Title: "b"}), AsText},
		{"with a description", []Choice{{Title: "a", Description: "more"}}, AsList},
		{"with a long description", []Choice{{Title: "a", Description: strings.Repeat("x", 73)}}, AsText},
		{"emoji count twice", []Choice{{Title: strings.Repeat("🚲", 11)}}, AsList},
		{"same title twice", []Choice{{Title: "a"}, {Title: "a"}}, AsText},
		{"no title", []Choice{{ID: "a"}}, AsText},
	} {
		out := Outgoing{Text: "Which?", Choices: test.choices}
		out.Fit("", caps)
		if out.ChoicesAs != test.want {
			t.Errorf("%s: %d, want %d", test.name, out.ChoicesAs, test.want)
		}
		lines := strings.Count(strings.Join(out.Parts, "\n"), "\n")
		if (test.want == AsText) != (lines > len(test.choices)) {
			t.Errorf("%s: parts %q", test.name, out.Parts)
		}
	}
}

func TestChoicesStandWithTheLastPart(t *testing.T) {
	text := strings.Repeat("A sentence of some words. ", 80)
	out := Outgoing{Text: text, Choices: choicesOf(2, 5)}
	caps := Capabilities{MaxText: 1500, Buttons: ChoiceLimits{Max: 3, Text: 300}}
	out.Fit("", caps)
	last := out.Parts[len(out.Parts)-1]
	if out.ChoicesAs != AsButtons || len(last) > 300 || last == "" {
		t.Errorf("form %d, last part of %d", out.ChoicesAs, len(last))
	}
	if slices.ContainsFunc(out.Parts, func(p string) bool { return len(p) > 1500 }) {
		t.Error("a part is too long")
	}
	if got := strings.Join(out.Parts, " "); strings.Join(strings.Fields(got), " ") != strings.TrimSpace(text) {
		t.Error("text was lost")
	}
	caps.Buttons = ChoiceLimits{}
	out.Fit("", caps)
	if last := out.Parts[len(out.Parts)-1]; !strings.HasSuffix(last, "\n2. 1xxxx") {
		t.Errorf("no lines of choices at the end: %q", last)
	}
}

func TestNoChoicesLeaveTheTextAlone(t *testing.T) {
	out := Outgoing{Text: "Yes."}
	out.Fit("", Capabilities{Buttons: ChoiceLimits{Max: 3}})
	if out.ChoicesAs != AsText || !slices.Equal(out.Parts, []string{"Yes."}) {
		t.Errorf("%d %q", out.ChoicesAs, out.Parts)
	}
}
