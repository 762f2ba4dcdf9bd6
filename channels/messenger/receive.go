package messenger

import (
	"bytes"
	"context"
	"encoding/json"
	"path"
	"strconv"
	"strings"
	"time"

	"github.com/kundeagent/kundeagent/channels"
)

// entry is what a delivery holds for one page. Elements are read one by one, so
// that a broken one leaves its neighbours.
type entry struct {
	Messaging []json.RawMessage `json:"messaging"`
	Standby   []json.RawMessage `json:"standby"`
	Changes   []struct {
		Field string          `json:"field"`
		Value json.RawMessage `json:"value"`
	} `json:"changes"`
}

// item is one element of an entry. Every part of it is optional.
type item struct {
	Sender    person    `json:"sender"`
	Recipient person    `json:"recipient"`
	Timestamp timestamp `json:"timestamp"`

	Message  *message  `json:"message"`
	Postback *postback `json:"postback"`
	Edit     *edit     `json:"message_edit"`
	Delivery *seen     `json:"delivery"`
	Read     *seen     `json:"read"`
	Reaction *reaction `json:"reaction"`
	Pass     *control  `json:"pass_thread_control"`
	Take     *control  `json:"take_thread_control"`
}

type person struct {
	ID string `json:"id"`
}

type message struct {
	ID         string `json:"mid"`
	Text       string `json:"text"`
	Echo       bool   `json:"is_echo"`
	AppID      appID  `json:"app_id"`
	Metadata   string `json:"metadata"`
	Deleted    bool   `json:"is_deleted"`
	QuickReply *struct {
		Payload string `json:"payload"`
	} `json:"quick_reply"`
	Attachments []attachment `json:"attachments"`
}

type attachment struct {
	Type    string `json:"type"`
	Payload *struct {
		URL       string `json:"url"`
		StickerID int64  `json:"sticker_id"`
	} `json:"payload"`
}

type postback struct {
	ID      string `json:"mid"`
	Title   string `json:"title"`
	Payload string `json:"payload"`
}

type edit struct {
	ID   string `json:"mid"`
	Text string `json:"text"`
	Nth  int    `json:"num_edit"`
}

type seen struct {
	IDs       []string  `json:"mids"`
	Watermark timestamp `json:"watermark"`
}

type reaction struct {
	ID     string `json:"mid"`
	Action string `json:"action"`
	Emoji  string `json:"emoji"`
}

type control struct {
	NewOwner      appID `json:"new_owner_app_id"`
	PreviousOwner appID `json:"previous_owner_app_id"`
}

// timestamp is Unix milliseconds, as a number or as a string.
type timestamp int64

// UnmarshalJSON reads either form; anything else is 0.
func (t *timestamp) UnmarshalJSON(data []byte) error {
	n, _ := strconv.ParseInt(string(bytes.Trim(data, `"`)), 10, 64)
	*t = timestamp(n)
	return nil
}

func (t timestamp) time() time.Time {
	if t <= 0 {
		return time.Time{}
	}
	return time.UnixMilli(int64(t)).UTC()
}

// appID is an app's ID, as a number or as a string; null is empty.
type appID string

// UnmarshalJSON reads either form.
func (a *appID) UnmarshalJSON(data []byte) error {
	if s := string(bytes.Trim(data, `"`)); s != "null" {
		*a = appID(s)
	}
	return nil
}

// events reads an entry. While another app has the thread its messages come
// under standby: people see them there, and nothing of them is answered.
func (c *Channel) events(ctx context.Context, raw json.RawMessage) []channels.Event {
	var e entry
	if err := json.Unmarshal(raw, &e); err != nil {
		return []channels.Event{c.unknown(raw)}
	}
	var out []channels.Event
	for _, m := range e.Messaging {
		out = append(out, c.itemEvents(m)...)
	}
	for _, change := range e.Changes {
		// Some samples of the vendor put the same elements under field and value.
		if change.Field == "messages" {
			out = append(out, c.itemEvents(change.Value)...)
		} else {
			out = append(out, c.unknown(change.Value))
		}
	}
	if len(e.Standby) > 0 {
		c.cfg.Logger.DebugContext(ctx, "messenger: another app has the thread", "channel", c.cfg.ID, "events", len(e.Standby))
	}
	return out
}

func (c *Channel) unknown(raw []byte) channels.Event { return channels.UnknownEvent(raw, c.cfg.Now()) }

func (c *Channel) itemEvents(raw json.RawMessage) []channels.Event {
	var i item
	if err := json.Unmarshal(raw, &i); err != nil || i.Sender.ID == "" && i.Recipient.ID == "" {
		return []channels.Event{c.unknown(raw)}
	}
	// The same person has another ID on each page, and is no one else's contact.
	e := channels.Event{Thread: i.Sender.ID, Contact: channels.Contact{ID: i.Sender.ID, Verified: true}, At: i.Timestamp.time()}
	switch {
	case i.Message != nil && i.Message.Echo:
		return c.echoed(i, e)
	case i.Message != nil && i.Message.ID != "":
		return received(i.Message, e)
	case i.Postback != nil:
		// The same button can be tapped again: without an ID the moment tells them apart.
		e.Delivery = i.Postback.ID
		if e.Delivery == "" {
			e.Delivery = "postback/" + i.Sender.ID + "/" + strconv.FormatInt(int64(i.Timestamp), 10)
		}
		e.Message = channels.Message{ID: e.Delivery, Text: i.Postback.Title, Choice: i.Postback.Payload}
		return []channels.Event{e}
	case i.Edit != nil && i.Edit.ID != "":
		e.Kind, e.Delivery = channels.MessageEdited, "edit/"+i.Edit.ID+"/"+strconv.Itoa(i.Edit.Nth)
		e.Message = channels.Message{ID: i.Edit.ID, Text: i.Edit.Text}
		return []channels.Event{e}
	case i.Delivery != nil:
		return statuses(i.Delivery, channels.Delivered, e)
	case i.Read != nil:
		return statuses(i.Read, channels.Read, e)
	case i.Reaction != nil:
		return reacted(i.Reaction, e)
	case i.Pass != nil:
		return c.controlled(i, e, i.Pass.NewOwner, raw)
	case i.Take != nil:
		return c.controlled(i, e, i.Take.NewOwner, raw)
	}
	return []channels.Event{c.unknown(raw)}
}

// received is a customer's message.
func received(m *message, e channels.Event) []channels.Event {
	e.Delivery = m.ID
	if m.Deleted {
		e.Kind, e.Delivery, e.Message = channels.MessageRevoked, "deleted/"+m.ID, channels.Message{ID: m.ID}
		return []channels.Event{e}
	}
	e.Message = channels.Message{ID: m.ID, Text: m.Text, Attachments: m.files()}
	if m.QuickReply != nil {
		e.Message.Choice = m.QuickReply.Payload
	}
	if e.Message.Text == "" && len(e.Message.Attachments) == 0 {
		return nil // a sticker says nothing that could be answered
	}
	return []channels.Event{e}
}

// files are a message's attachments. Their addresses are the vendor's and end
// after a while; they serve as IDs.
func (m *message) files() []channels.Attachment {
	const maxFiles = 30
	var out []channels.Attachment
	for _, a := range m.Attachments[:min(len(m.Attachments), maxFiles)] {
		f := channels.Attachment{Type: a.Type}
		if a.Payload != nil {
			if a.Payload.StickerID != 0 {
				continue
			}
			f.ID = a.Payload.URL
			base, _, _ := strings.Cut(f.ID, "?")
			if f.Name = path.Base(base); f.Name == "." || f.Name == "/" {
				f.Name = ""
			}
		}
		out = append(out, f)
	}
	return out
}

// echoed is a message of the page itself: ours, or of a person or another app,
// who take the conversation over.
func (c *Channel) echoed(i item, e channels.Event) []channels.Event {
	m := i.Message
	ours := m.Metadata == ownMetadata || c.cfg.AppID != "" && string(m.AppID) == c.cfg.AppID
	if ours || m.ID == "" || i.Recipient.ID == "" {
		return nil
	}
	e.Kind, e.Delivery, e.Thread, e.Contact = channels.HumanReplied, m.ID, i.Recipient.ID, channels.Contact{}
	e.Message = channels.Message{ID: m.ID, Text: m.Text, Attachments: m.files()}
	return []channels.Event{e}
}

// statuses are news of messages by their IDs. A delivery or reading without any
// only has a time, up to which everything has arrived, and tells of no message in
// particular.
func statuses(s *seen, state channels.DeliveryState, e channels.Event) []channels.Event {
	const maxIDs = 1000
	var out []channels.Event
	for _, id := range s.IDs[:min(len(s.IDs), maxIDs)] {
		one := e
		one.Kind, one.Delivery = channels.StatusChanged, "status/"+id+"/"+strconv.Itoa(int(state))
		one.Status = channels.Status{Receipt: id, State: state}
		out = append(out, one)
	}
	if len(out) == 0 && s.Watermark > 0 {
		e.Kind, e.Delivery = channels.StatusChanged, "status/"+e.Thread+"/"+strconv.FormatInt(int64(s.Watermark), 10)+"/"+strconv.Itoa(int(state))
		e.Status = channels.Status{UpTo: s.Watermark.time(), State: state}
		out = append(out, e)
	}
	return out
}

// reacted makes feedback of a thumb; other reactions say nothing.
func reacted(r *reaction, e channels.Event) []channels.Event {
	helpful, ok := channels.Thumb(r.Emoji)
	if r.Action == "unreact" || !ok {
		return nil
	}
	e.Kind, e.Helpful, e.Message = channels.Feedback, helpful, channels.Message{ID: r.ID}
	e.Delivery = "reaction/" + r.ID + "/" + strconv.FormatBool(helpful) + "/" + strconv.FormatInt(e.At.UnixMilli(), 10)
	return []channels.Event{e}
}

// controlled follows who has the thread: our app, or people's.
func (c *Channel) controlled(i item, e channels.Event, owner appID, raw json.RawMessage) []channels.Event {
	if owner == "" || c.cfg.AppID == "" {
		return []channels.Event{c.unknown(raw)}
	}
	e.Kind = channels.HumanTookOver
	if string(owner) == c.cfg.AppID {
		e.Kind = channels.HumanReturned
	}
	e.Delivery = "control/" + i.Sender.ID + "/" + string(owner) + "/" + strconv.FormatInt(int64(i.Timestamp), 10)
	return []channels.Event{e}
}
