package channels

import (
	"context"
	"strings"
	"unicode"
)

// Streamer is implemented by channels that can show a message while it is
// still being written. It is used only where [Capabilities].Streams is set. Its
// methods and those of its streams must be safe for concurrent use.
type Streamer interface {
	// Open begins the message out.Key, or takes it up again where it stands: in
	// this process or, after a crash, in another. out has no text yet. Nothing
	// is shown before the first Append, and a stream that was only opened needs
	// no call to end it.
	Open(ctx context.Context, out Outgoing) (Stream, error)
}

// Stream is one message being shown piece by piece. Every call may be repeated,
// also by another process that opened the same key: what happened already has
// no second effect. Failures are a *SendError, as those of Send.
type Stream interface {
	// Append shows the next segment: one or more whole sentences, list items,
	// table rows or code blocks, rendered to the channel's markup, with the
	// white space that stands before them. Segments are numbered from 1 without
	// holes; all joined are the text so far. A number that was shown already, or
	// any after the end, has no effect.
	Append(ctx context.Context, seq int, segment string) error
	// Finish ends the message. out is the whole of it; out.Parts may be shown
	// in place of the segments, and hold the list of sources in addition.
	Finish(ctx context.Context, out Outgoing) (Receipt, error)
	// Abort ends the message where it stands, because a human took over. What
	// was shown stays; out holds it, with Incomplete set.
	Abort(ctx context.Context, out Outgoing) (Receipt, error)
}

// Typist is implemented by channels that can show that an answer is being
// written.
type Typist interface {
	// Typing shows the indicator to the customer of out, which has no text, or
	// withdraws it. Most media withdraw it by themselves after 20 seconds or
	// with the next message; while work goes on the call is repeated every 10
	// seconds.
	Typing(ctx context.Context, out Outgoing, on bool) error
}

// RenderSegment fits a segment of a message to a medium's markup, as [Render]
// does with a whole one. The white space before the segment stays as it is.
func RenderSegment(segment string, caps Capabilities) string {
	segment = strings.ToValidUTF8(segment, "\uFFFD")
	if caps.Markup == Markdown {
		return segment
	}
	body := strings.TrimLeftFunc(segment, unicode.IsSpace)
	return segment[:len(segment)-len(body)] + printAs(body, caps)
}
