package whatsapp

import (
	"context"
	"encoding/json"
	"strconv"
	"time"

	"github.com/kundeagent/kundeagent/channels"
	"github.com/kundeagent/kundeagent/channels/meta"
)

// value is what a change of the field "messages" or "smb_message_echoes" holds.
// Elements are read one by one, so that a broken one leaves its neighbours.
type value struct {
	Contacts []contact         `json:"contacts"`
	Messages []json.RawMessage `json:"messages"`
	Statuses []json.RawMessage `json:"statuses"`
	Echoes   []json.RawMessage `json:"message_echoes"`
	Errors   []json.RawMessage `json:"errors"`
}

type contact struct {
	WaID    string `json:"wa_id"`
	UserID  string `json:"user_id"`
	Profile struct {
		Name     string `json:"name"`
		Username string `json:"username"`
	} `json:"profile"`
}

// events reads a change. What is not known becomes an event of kind Unknown, so
// that nothing is lost silently.
func (c *Channel) events(ctx context.Context, change meta.Change) []channels.Event {
	var v value
	known := change.Field == "messages" || change.Field == "smb_message_echoes"
	if err := json.Unmarshal(change.Value, &v); err != nil || !known || len(v.Messages)+len(v.Statuses)+len(v.Echoes) == 0 {
		c.cfg.Logger.WarnContext(ctx, "whatsapp: change of an unknown kind", "channel", c.cfg.ID, "field", change.Field, "error", err)
		return []channels.Event{c.unknown(change.Value)}
	}
	var out []channels.Event
	for _, raw := range v.Messages {
		out = append(out, c.messageEvents(v.Contacts, raw)...)
	}
	for _, raw := range v.Echoes {
		out = append(out, c.echoEvent(raw))
	}
	for _, raw := range v.Statuses {
		out = append(out, c.statusEvent(raw))
	}
	return out
}

func (c *Channel) unknown(raw []byte) channels.Event { return channels.UnknownEvent(raw, c.cfg.Now()) }

// messageEvents reads one message of a customer.
func (c *Channel) messageEvents(contacts []contact, raw json.RawMessage) []channels.Event {
	var m message
	if err := json.Unmarshal(raw, &m); err != nil || m.ID == "" || m.From == "" && m.FromUserID == "" {
		return []channels.Event{c.unknown(raw)}
	}
	e := channels.Event{
		Delivery: m.ID, At: unixTime(m.Timestamp),
		Contact: channels.Contact{ID: m.From, Verified: true},
	}
	if m.From != "" {
		e.Contact.Phone = "+" + m.From
	}
	if m.FromUserID != "" {
		e.Contact.ID = m.FromUserID
	}
	for _, who := range contacts {
		if who.WaID == m.From && m.From != "" || who.UserID == m.FromUserID && m.FromUserID != "" {
			e.Contact.Name = who.Profile.Name
			if e.Contact.Name == "" {
				e.Contact.Name = who.Profile.Username
			}
		}
	}
	e.Thread = e.Contact.ID
	var out []channels.Event
	if m.FromUserID != "" && m.From != "" {
		out = append(out, moved(m.From, m.FromUserID, e))
	}
	return append(out, m.fill(e, c.unknown(raw))...)
}

// moved says that what was known by a number or an older ID is known by another
// ID now. Its delivery is named by both: told again, it changes nothing.
func moved(from, to string, of channels.Event) channels.Event {
	return channels.Event{
		Kind: channels.ThreadMoved, Delivery: "moved/" + from + "/" + to, Thread: to, PreviousThread: from, Contact: of.Contact, At: of.At,
	}
}

// echoEvent reads what a person of the business wrote in WhatsApp's own app: a
// takeover.
func (c *Channel) echoEvent(raw json.RawMessage) channels.Event {
	var m struct {
		message
		To       string `json:"to"`
		ToUserID string `json:"to_user_id"`
	}
	thread := ""
	if err := json.Unmarshal(raw, &m); err == nil {
		thread = m.To
		if m.ToUserID != "" {
			thread = m.ToUserID
		}
	}
	if thread == "" || m.ID == "" {
		return c.unknown(raw)
	}
	return channels.Event{
		Kind: channels.HumanReplied, Delivery: m.ID, Thread: thread, At: unixTime(m.Timestamp),
		Message: channels.Message{ID: m.ID, Text: m.said(), Attachments: m.attachments()},
	}
}

// statusEvent reads news of a message that was sent.
func (c *Channel) statusEvent(raw json.RawMessage) channels.Event {
	var s struct {
		ID              string        `json:"id"`
		Status          string        `json:"status"`
		Timestamp       timestamp     `json:"timestamp"`
		RecipientID     string        `json:"recipient_id"`
		RecipientUserID string        `json:"recipient_user_id"`
		Key             string        `json:"biz_opaque_callback_data"`
		Errors          []*meta.Error `json:"errors"`
	}
	states := map[string]channels.DeliveryState{
		"sent": channels.Accepted, "delivered": channels.Delivered, "read": channels.Read, "played": channels.Read, "failed": channels.DeliveryFailed,
	}
	err := json.Unmarshal(raw, &s)
	state, known := states[s.Status]
	thread := s.RecipientUserID
	if thread == "" {
		thread = s.RecipientID
	}
	if err != nil || !known || s.ID == "" || thread == "" {
		return c.unknown(raw)
	}
	e := channels.Event{
		Kind: channels.StatusChanged, Delivery: "status/" + s.ID + "/" + s.Status, Thread: thread, At: unixTime(s.Timestamp),
		Status: channels.Status{Receipt: s.ID, Key: s.Key, State: state},
	}
	if state == channels.DeliveryFailed {
		failure := &channels.SendError{Kind: channels.ErrInvalid}
		if len(s.Errors) > 0 && s.Errors[0] != nil {
			failure = s.Errors[0].Classify()
		}
		e.Status.Err = failure
	}
	return e
}

// timestamp is Unix seconds, as a string or as a number.
type timestamp int64

// UnmarshalJSON reads either form; anything else is 0.
func (t *timestamp) UnmarshalJSON(data []byte) error {
	n, _ := strconv.ParseInt(string(trimQuotes(data)), 10, 64)
	*t = timestamp(n)
	return nil
}

func trimQuotes(b []byte) []byte {
	if len(b) >= 2 && b[0] == '"' {
		return b[1 : len(b)-1]
	}
	return b
}

// unixTime returns the zero time, which the inbox takes for now, when the vendor
// gave none.
func unixTime(t timestamp) time.Time {
	if t <= 0 {
		return time.Time{}
	}
	return time.Unix(int64(t), 0).UTC()
}
