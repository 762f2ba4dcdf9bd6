package whatsapp

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/kundeagent/kundeagent/channels"
)

// payload is the body of a call to /messages.
type payload struct {
	Product       string           `json:"messaging_product"`
	RecipientType string           `json:"recipient_type,omitempty"`
	To            string           `json:"to,omitempty"`
	Recipient     string           `json:"recipient,omitempty"`
	Type          string           `json:"type,omitempty"`
	Context       *replyTo         `json:"context,omitempty"`
	Key           string           `json:"biz_opaque_callback_data,omitempty"`
	Text          *textBody        `json:"text,omitempty"`
	Interactive   *interactiveBody `json:"interactive,omitempty"`
	// Reading and typing share the endpoint.
	Status    string  `json:"status,omitempty"`
	MessageID string  `json:"message_id,omitempty"`
	Typing    *typing `json:"typing_indicator,omitempty"`
}

type replyTo struct {
	MessageID string `json:"message_id"`
}

type textBody struct {
	Body    string `json:"body"`
	Preview bool   `json:"preview_url"`
}

type typing struct {
	Type string `json:"type"`
}

type interactiveBody struct {
	Type   string   `json:"type"`
	Body   bodyText `json:"body"`
	Action action   `json:"action"`
}

type bodyText struct {
	Text string `json:"text"`
}

type action struct {
	Button   string    `json:"button,omitempty"`
	Buttons  []button  `json:"buttons,omitempty"`
	Sections []section `json:"sections,omitempty"`
}

type button struct {
	Type  string `json:"type"`
	Reply row    `json:"reply"`
}

type section struct {
	Rows []row `json:"rows"`
}

type row struct {
	ID          string `json:"id"`
	Title       string `json:"title"`
	Description string `json:"description,omitempty"`
}

// Send implements [channels.Channel]; see [channels.SendParts].
func (c *Channel) Send(ctx context.Context, out channels.Outgoing) (channels.Receipt, error) {
	if wait := c.pacer.Take(out.Thread, c.cfg.Now()); wait > 0 {
		return channels.Receipt{}, &channels.SendError{Kind: channels.ErrRetryable, After: wait, Err: errors.New("too soon after the last message to this customer")}
	}
	return channels.SendParts(out, c.cfg.Now, func(i int, part string) (string, error) {
		p := c.address(out)
		p.Key = callbackKey(out.Key)
		if last := i == len(out.Parts)-1; last && out.ChoicesAs != channels.AsText {
			p.Type, p.Interactive = "interactive", c.interactive(out, part)
		} else {
			p.Type, p.Text = "text", &textBody{Body: part}
		}
		if c.cfg.Quote && i == 0 && out.InReplyTo != "" {
			p.Context = &replyTo{out.InReplyTo}
		}
		return c.post(ctx, p)
	})
}

// address fills in whom to send to: the number where the customer shows it, else
// the user ID.
func (c *Channel) address(out channels.Outgoing) payload {
	p := payload{Product: "whatsapp", RecipientType: "individual"}
	if isPhone(out.Thread) {
		p.To = out.Thread
	} else if phone := strings.TrimPrefix(out.Contact.Phone, "+"); isPhone(phone) {
		p.To = phone
	} else {
		p.Recipient = out.Thread
	}
	return p
}

func isPhone(s string) bool {
	for _, r := range s {
		if r < '0' || r > '9' {
			return false
		}
	}
	return s != ""
}

// maxCallback is how long the data that comes back with statuses may be.
const maxCallback = 512

func callbackKey(key string) string {
	if len(key) > maxCallback {
		return ""
	}
	return key
}

func (c *Channel) interactive(out channels.Outgoing, text string) *interactiveBody {
	body := &interactiveBody{Body: bodyText{text}}
	if out.ChoicesAs == channels.AsButtons {
		body.Type = "button"
		for _, choice := range out.Choices {
			body.Action.Buttons = append(body.Action.Buttons, button{Type: "reply", Reply: row{ID: choiceID(choice), Title: choice.Title}})
		}
		return body
	}
	body.Type, body.Action.Button = "list", c.cfg.ListLabel(out.Language)
	var rows []row
	for _, choice := range out.Choices {
		rows = append(rows, row{ID: choiceID(choice), Title: choice.Title, Description: choice.Description})
	}
	body.Action.Sections = []section{{Rows: rows}}
	return body
}

// choiceID is what comes back for a choice; the vendor wants one without spaces
// around.
func choiceID(c channels.Choice) string {
	if id := strings.TrimSpace(c.ID); id != "" {
		return id
	}
	return strings.TrimSpace(c.Title)
}

// post makes one call and returns the vendor's ID of the message, if it told one.
func (c *Channel) post(ctx context.Context, p payload) (string, error) {
	var answer struct {
		Messages []struct{ ID string } `json:"messages"`
	}
	if err := c.graph.Post(ctx, "/"+c.cfg.PhoneNumberID+"/messages", p, &answer); err != nil {
		return "", err
	}
	if len(answer.Messages) == 0 {
		return "", nil
	}
	return answer.Messages[0].ID, nil
}

// Typing implements [channels.Typist]. It also marks the customer's message as
// read, as the API does both in one. The indicator goes by itself, with the next
// message or after 25 seconds.
func (c *Channel) Typing(ctx context.Context, out channels.Outgoing, on bool) error {
	if !on || out.InReplyTo == "" {
		return nil
	}
	p := payload{Product: "whatsapp", Status: "read", MessageID: out.InReplyTo, Typing: &typing{"text"}}
	return c.graph.Post(ctx, "/"+c.cfg.PhoneNumberID+"/messages", p, nil)
}

// fates remembers what statuses told about sent messages, by key.
type fates struct {
	known map[string]fate
	order []string
}

type fate struct {
	status channels.Status
	at     time.Time
}

// maxFates is how many keys are remembered.
const maxFates = 10_000

func newFates() fates { return fates{known: map[string]fate{}} }

// learn keeps the news of a message. A vendor does not promise their order: a
// state never goes back.
func (c *Channel) learn(s channels.Status) {
	if s.Key == "" {
		return
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	old, ok := c.fates.known[s.Key]
	if ok && old.status.State >= s.State {
		return
	}
	c.fates.known[s.Key] = fate{s, c.cfg.Now()}
	if !ok {
		c.fates.order = append(c.fates.order, s.Key)
	}
	if len(c.fates.order) > maxFates {
		delete(c.fates.known, c.fates.order[0])
		c.fates.order = c.fates.order[1:]
	}
}

// ErrNoStatus: no status has told yet what became of a message.
var ErrNoStatus = errors.New("whatsapp: no status of the message has come")

// Reconcile implements [channels.Reconciler] by the statuses that came since
// this process started: WhatsApp sends one, with the message's key, for each
// message that it took. Without one the outcome is unknown, ErrNoStatus.
func (c *Channel) Reconcile(_ context.Context, out channels.Outgoing) (channels.Receipt, bool, error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	f, ok := c.fates.known[callbackKey(out.Key)]
	if !ok {
		return channels.Receipt{}, false, fmt.Errorf("%w: %s", ErrNoStatus, out.Key)
	}
	return channels.Receipt{ID: f.status.Receipt, At: f.at}, true, nil
}
