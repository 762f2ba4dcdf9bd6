package messenger

import (
	"context"
	"fmt"

	"github.com/kundeagent/kundeagent/channels"
)

// ownMetadata marks our messages, so that their echoes are known.
const ownMetadata = "kundeagent"

type payload struct {
	Recipient person           `json:"recipient"`
	Type      string           `json:"messaging_type,omitempty"`
	Tag       string           `json:"tag,omitempty"`
	Action    string           `json:"sender_action,omitempty"`
	Message   *outgoingMessage `json:"message,omitempty"`
}

type outgoingMessage struct {
	Text         string       `json:"text"`
	Metadata     string       `json:"metadata"`
	QuickReplies []quickReply `json:"quick_replies,omitempty"`
}

type quickReply struct {
	Type    string `json:"content_type"`
	Title   string `json:"title"`
	Payload string `json:"payload"`
}

// Send implements [channels.Channel]; see [channels.SendParts].
func (c *Channel) Send(ctx context.Context, out channels.Outgoing) (channels.Receipt, error) {
	p := payload{Recipient: person{out.Thread}, Type: "RESPONSE"}
	if out.ByHuman && c.cfg.HumanTag {
		p.Type, p.Tag = "MESSAGE_TAG", "HUMAN_AGENT"
	}
	return channels.SendParts(out, c.cfg.Now, func(i int, part string) (string, error) {
		p.Message = &outgoingMessage{Text: part, Metadata: ownMetadata}
		if i == len(out.Parts)-1 && out.ChoicesAs == channels.AsButtons {
			for _, choice := range out.Choices {
				p.Message.QuickReplies = append(p.Message.QuickReplies, quickReply{Type: "text", Title: choice.Title, Payload: choicePayload(choice)})
			}
		}
		var answer struct {
			ID string `json:"message_id"`
		}
		err := c.graph.Post(ctx, c.path("messages"), p, &answer)
		return answer.ID, err
	})
}

func choicePayload(c channels.Choice) string {
	if c.ID != "" {
		return c.ID
	}
	return c.Title
}

// Typing implements [channels.Typist]. The indicator goes by itself after some 20
// seconds.
func (c *Channel) Typing(ctx context.Context, out channels.Outgoing, on bool) error {
	action := "typing_off"
	if on {
		action = "typing_on"
	}
	return c.graph.Post(ctx, c.path("messages"), payload{Recipient: person{out.Thread}, Action: action}, nil)
}

// PassToInbox gives a thread to the people of the page's inbox (or of
// Config.InboxAppID). It is what a router of the host calls once the customer was
// told; if it fails, our app still has the thread, and the call can be repeated:
//
//	handoff.RouterFunc(func(ctx context.Context, c handoff.Case) (handoff.Assignment, error) {
//		return handoff.Assignment{Queue: "page inbox"}, page.PassToInbox(ctx, c.Contact.ID, c.Summary)
//	})
//
// note is shown to nobody by the vendor's own inbox; other apps receive it, cut
// to 1,000 characters. Errors are a *[channels.SendError].
func (c *Channel) PassToInbox(ctx context.Context, thread, note string) error {
	const maxNote = 999
	if r := []rune(note); len(r) > maxNote {
		note = string(r[:maxNote])
	}
	return c.control(ctx, "pass_thread_control", map[string]any{"recipient": person{thread}, "target_app_id": c.cfg.InboxAppID, "metadata": note})
}

// TakeBack takes a thread back from people who have let it rest.
func (c *Channel) TakeBack(ctx context.Context, thread string) error {
	return c.control(ctx, "take_thread_control", map[string]any{"recipient": person{thread}})
}

func (c *Channel) control(ctx context.Context, call string, body map[string]any) error {
	var answer struct {
		Success bool `json:"success"`
	}
	if err := c.graph.Post(ctx, c.path(call), body, &answer); err != nil {
		return err
	}
	if !answer.Success {
		return &channels.SendError{Kind: channels.ErrRetryable, Err: fmt.Errorf("%s was not done", call)}
	}
	return nil
}

func (c *Channel) path(call string) string { return "/" + c.cfg.PageID + "/" + call }
