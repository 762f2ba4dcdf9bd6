package whatsapp

import (
	"fmt"
	"path"
	"strconv"
	"strings"

	"github.com/kundeagent/kundeagent/channels"
)

// message is one element of messages or message_echoes. Every part of it is
// optional: the samples of the vendor leave out what its pages call required.
type message struct {
	ID         string    `json:"id"`
	From       string    `json:"from"`
	FromUserID string    `json:"from_user_id"`
	Timestamp  timestamp `json:"timestamp"`
	Type       string    `json:"type"`

	Text        *struct{ Body string }          `json:"text"`
	Button      *struct{ Payload, Text string } `json:"button"`
	Interactive *interactive                    `json:"interactive"`
	Image       *media                          `json:"image"`
	Video       *media                          `json:"video"`
	Audio       *media                          `json:"audio"`
	Document    *media                          `json:"document"`
	Sticker     *media                          `json:"sticker"`
	Location    *location                       `json:"location"`
	Contacts    []card                          `json:"contacts"`
	Order       *order                          `json:"order"`
	Reaction    *struct {
		MessageID string `json:"message_id"`
		Emoji     string `json:"emoji"`
	} `json:"reaction"`
	Edit *struct {
		OriginalID string  `json:"original_message_id"`
		Message    message `json:"message"`
	} `json:"edit"`
	Revoke *struct {
		OriginalID string `json:"original_message_id"`
	} `json:"revoke"`
	System *struct {
		Type           string `json:"type"`
		WaID           string `json:"wa_id"`
		NewWaID        string `json:"new_wa_id"`
		UserID         string `json:"user_id"`
		PreviousUserID string `json:"previous_user_id"`
	} `json:"system"`
}

type interactive struct {
	Type        string  `json:"type"`
	ButtonReply *choice `json:"button_reply"`
	ListReply   *choice `json:"list_reply"`
	FlowReply   *struct {
		Name, Body string
	} `json:"nfm_reply"`
}

type choice struct{ ID, Title string }

type media struct {
	ID       string `json:"id"`
	MIMEType string `json:"mime_type"`
	SHA256   string `json:"sha256"`
	Caption  string `json:"caption"`
	Filename string `json:"filename"`
	Voice    bool   `json:"voice"`
}

type location struct {
	Latitude, Longitude float64
	Name, Address       string
}

type card struct {
	Name struct {
		Formatted string `json:"formatted_name"`
	} `json:"name"`
	Phones []struct{ Phone string } `json:"phones"`
	Emails []struct{ Email string } `json:"emails"`
}

type order struct {
	Text     string            `json:"text"`
	Products []orderedProducts `json:"product_items"`
}

type orderedProducts struct {
	ID       string  `json:"product_retailer_id"`
	Quantity float64 `json:"quantity"`
}

// fill completes the event of a message. unknown is what it is if its type is
// not one to answer.
func (m *message) fill(e, unknown channels.Event) []channels.Event {
	switch m.Type {
	case "reaction":
		return m.reacted(e)
	case "sticker":
		return nil // says nothing that could be answered
	case "edit":
		if m.Edit == nil || m.Edit.OriginalID == "" {
			return []channels.Event{unknown}
		}
		e.Kind, e.Message = channels.MessageEdited, channels.Message{ID: m.Edit.OriginalID, Text: m.Edit.Message.said()}
		return []channels.Event{e}
	case "revoke":
		if m.Revoke == nil || m.Revoke.OriginalID == "" {
			return []channels.Event{unknown}
		}
		e.Kind, e.Message = channels.MessageRevoked, channels.Message{ID: m.Revoke.OriginalID}
		return []channels.Event{e}
	case "system":
		return m.renamed(e, unknown)
	}
	e.Message = channels.Message{ID: m.ID, Text: m.said(), Choice: m.chosen(), Attachments: m.attachments()}
	if e.Message.Text == "" && len(e.Message.Attachments) == 0 {
		// The customer said something that is not for us to read, and waits.
		e.Message.Attachments = []channels.Attachment{{ID: m.ID, Type: "application/octet-stream", Name: m.Type}}
	}
	return []channels.Event{e}
}

// reacted makes feedback of a thumb; other reactions say nothing.
func (m *message) reacted(e channels.Event) []channels.Event {
	if m.Reaction == nil {
		return nil
	}
	helpful, ok := channels.Thumb(m.Reaction.Emoji)
	if !ok {
		return nil
	}
	e.Kind, e.Helpful = channels.Feedback, helpful
	e.Message = channels.Message{ID: m.Reaction.MessageID}
	return []channels.Event{e}
}

// renamed follows a customer to a new number or ID.
func (m *message) renamed(e, unknown channels.Event) []channels.Event {
	s := m.System
	if s == nil {
		return []channels.Event{unknown}
	}
	from, to := m.From, s.WaID
	if to == "" {
		to = s.NewWaID
	}
	if s.UserID != "" && s.PreviousUserID != "" {
		from, to = s.PreviousUserID, s.UserID
	}
	if from == "" || to == "" || from == to {
		return []channels.Event{unknown}
	}
	e.Contact.ID = to
	return []channels.Event{moved(from, to, e)}
}

// said is the message as text.
func (m *message) said() string {
	switch {
	case m.Text != nil:
		return m.Text.Body
	case m.Button != nil:
		return m.Button.Text
	case m.Interactive != nil:
		return m.Interactive.said()
	case m.Location != nil:
		return m.Location.said()
	case len(m.Contacts) > 0:
		return cardsText(m.Contacts)
	case m.Order != nil:
		return m.Order.said()
	case m.Type == "request_welcome":
		return "👋"
	}
	if f := m.file(); f != nil {
		return f.Caption
	}
	return ""
}

func (m *message) chosen() string {
	switch {
	case m.Button != nil:
		return m.Button.Payload
	case m.Interactive != nil && m.Interactive.ButtonReply != nil:
		return m.Interactive.ButtonReply.ID
	case m.Interactive != nil && m.Interactive.ListReply != nil:
		return m.Interactive.ListReply.ID
	}
	return ""
}

func (m *message) file() *media {
	for _, f := range []*media{m.Image, m.Video, m.Audio, m.Document} {
		if f != nil {
			return f
		}
	}
	return nil
}

func (m *message) attachments() []channels.Attachment {
	f := m.file()
	if f == nil || f.ID == "" {
		return nil
	}
	a := channels.Attachment{ID: f.ID, Type: f.MIMEType, Voice: f.Voice}
	if f.Filename != "" {
		// The sender names the file: it must not name a directory.
		a.Name = path.Base(strings.ReplaceAll(f.Filename, `\`, "/"))
	}
	return []channels.Attachment{a}
}

func (i *interactive) said() string {
	switch {
	case i.ButtonReply != nil:
		return i.ButtonReply.Title
	case i.ListReply != nil:
		return i.ListReply.Title
	case i.FlowReply != nil:
		return strings.TrimSpace(i.FlowReply.Name + " " + i.FlowReply.Body)
	}
	return ""
}

func (l *location) said() string {
	where := strings.Trim(strings.TrimSpace(l.Name)+", "+strings.TrimSpace(l.Address), ", ")
	return strings.TrimSpace(fmt.Sprintf("📍 %s (%.5f, %.5f)", where, l.Latitude, l.Longitude))
}

// maxListed bounds the cards and products that are written out.
const maxListed = 20

func cardsText(cards []card) string {
	var lines []string
	for _, c := range cards[:min(len(cards), maxListed)] {
		line := c.Name.Formatted
		for _, p := range c.Phones[:min(len(c.Phones), maxListed)] {
			line += " " + p.Phone
		}
		for _, m := range c.Emails[:min(len(c.Emails), maxListed)] {
			line += " " + m.Email
		}
		lines = append(lines, "👤 "+strings.TrimSpace(line))
	}
	return strings.Join(lines, "\n")
}

func (o *order) said() string {
	lines := []string{}
	if o.Text != "" {
		lines = append(lines, o.Text)
	}
	for _, p := range o.Products[:min(len(o.Products), maxListed)] {
		lines = append(lines, "🛒 "+strconv.FormatFloat(p.Quantity, 'f', -1, 64)+" × "+p.ID)
	}
	return strings.Join(lines, "\n")
}
