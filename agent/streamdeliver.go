package agent

import (
	"context"
	"slices"
	"strconv"
	"strings"

	"github.com/kundeagent/kundeagent/channels"
)

// How a message that was shown while it was written comes to its end: finished
// with the turn's reply, or aborted because a human took over.

// liveStream is a message open on its channel, with how many of its segments
// this process has shown.
type liveStream struct {
	key      string
	stream   channels.Stream
	caps     channels.Capabilities
	appended int
}

func openStream(ctx context.Context, streamer channels.Streamer, out channels.Outgoing, caps channels.Capabilities) (*liveStream, error) {
	ctx, cancel := context.WithTimeout(ctx, appendTimeout)
	defer cancel()
	stream, err := streamer.Open(ctx, out)
	if err != nil {
		return nil, err
	}
	return &liveStream{key: out.Key, stream: stream, caps: caps}, nil
}

// append shows those of the segments that are not shown yet.
func (l *liveStream) append(ctx context.Context, segments []string) error {
	ctx, cancel := context.WithTimeout(ctx, appendTimeout)
	defer cancel()
	for l.appended < len(segments) {
		if err := l.stream.Append(ctx, l.appended+1, channels.RenderSegment(segments[l.appended], l.caps)); err != nil {
			return err
		}
		l.appended++
	}
	return nil
}

// hand gives a claimed message to its channel: at once, or as the rest and the
// end of one that was shown while it was written.
func (w *work) hand(ctx context.Context, ch channels.Channel, s *Send) (channels.Receipt, error) {
	streamer, ok := ch.(channels.Streamer)
	if len(s.Segments) == 0 || !ok {
		return ch.Send(ctx, s.Out)
	}
	live := w.live
	w.live = nil // after a failure it is opened anew
	if live == nil || live.key != s.Out.Key {
		begun := s.Out
		begun.Text, begun.Parts, begun.Citations, begun.Incomplete = "", nil, nil, false
		var err error
		if live, err = openStream(ctx, streamer, begun, ch.Capabilities()); err != nil {
			return channels.Receipt{}, err
		}
	}
	if err := live.append(ctx, s.Segments); err != nil {
		return channels.Receipt{}, err
	}
	if s.Out.Incomplete {
		return live.stream.Abort(ctx, s.Out)
	}
	return live.stream.Finish(ctx, s.Out)
}

// shown is what the customer has seen of the answer so far.
func (s *show) shown() string {
	if s == nil {
		return ""
	}
	return s.record.Text()
}

// stand makes what was shown the reply, where nothing is to follow it.
func (s *show) stand(r Reply) Reply {
	r.Text, r.Citations, r.Substantive = s.record.Text(), s.record.Citations, true
	r.Reason = "what was shown before the draft was stopped stands"
	return r
}

// complete lets a reply go on where the customer has seen it begin. A reply
// that does not begin so, such as a quotation or a handoff in place of a draft
// that was cut off or blocked, follows as a paragraph of its own.
func (s *StreamProgress) complete(r Reply) Reply {
	if s == nil {
		return r
	}
	if !strings.HasPrefix(r.Text, s.Text()) || !begins(r.Citations, s.Citations) {
		text, citations := renumber(r.Text, r.Citations, s.Citations)
		r.Text, r.Citations = s.Text()+"\n\n"+text, citations
	}
	if r.Case != nil {
		handed := *r.Case
		handed.Transcript = append(slices.Clip(handed.Transcript), channels.Message{
			ID: s.Key, Author: channels.FromAgent, Text: s.Text(), Citations: s.Citations, At: s.At,
		})
		r.Case = &handed
	}
	return r
}

// segmentsOf returns all segments of a text that begins with what was shown.
func (s *StreamProgress) segmentsOf(text string) []string {
	if s == nil {
		return nil
	}
	if rest := text[len(s.Text()):]; rest != "" {
		return append(slices.Clip(s.Segments), rest)
	}
	return s.Segments
}

// renumber makes the marks of a text with its own citations those of a list
// that begins with others.
func renumber(text string, own, others []channels.Citation) (string, []channels.Citation) {
	list := slices.Clone(others)
	numbers := map[int]int{}
	for _, c := range own {
		was := c.Number
		i := slices.IndexFunc(list, func(o channels.Citation) bool { return o.URL == c.URL && o.Title == c.Title && o.Name == c.Name })
		if i < 0 {
			i, c.Number = len(list), len(list)+1
			list = append(list, c)
		}
		numbers[was] = list[i].Number
	}
	text = citationMark.ReplaceAllStringFunc(text, func(m string) string {
		open := strings.IndexByte(m, '[')
		n, _ := strconv.Atoi(m[open+1 : len(m)-1]) // three digits at most
		if numbers[n] == 0 {
			return m
		}
		return m[:open+1] + itoa(numbers[n]) + "]"
	})
	return text, list
}

// askedUpTo is what the customer has written up to a message, and no turn has
// dealt with.
func (c *Conversation) askedUpTo(upTo int64) string {
	var said []string
	for _, e := range c.Messages {
		if e.Message.Author == channels.FromCustomer && e.Seq > c.Progress.Answered && e.Seq <= upTo {
			said = append(said, e.Message.Text)
		}
	}
	return strings.Join(said, "\n")
}

// abandonStream ends a message whose conversation got another owner while it
// was written: what was shown becomes the message of record, and the messages
// it answers are the new owner's. It reports whether there was one.
func (w *work) abandonStream(ctx context.Context, c *Conversation) (bool, error) {
	s := c.Progress.Stream
	if s == nil || s.OwnerVersion == c.OwnerVersion {
		return false, nil
	}
	a := w.agent
	r := Reply{Text: s.Text(), Citations: s.Citations, Language: s.Language, Version: s.Version}
	out := a.outgoing(c, s.Key, r)
	out.Incomplete = true
	send := Send{Out: out, UpTo: s.UpTo, Segments: s.Segments}
	p := c.Progress
	p.Stream, p.Answered = nil, max(p.Answered, s.UpTo)
	msg := channels.Message{ID: s.Key, Author: channels.FromAgent, Name: s.Name, Text: r.Text, Citations: r.Citations, At: s.At, Incomplete: true}
	if p.Unsettled == nil { // for the trace and the report
		r.Decision, r.Reason = Answer, "stopped where it stood: somebody else has the conversation"
		r.Trace = Trace{Language: p.Language, Plan: howGrounded.String(), Decision: r.Decision, Reason: r.Reason, Stream: StreamTrace{Segments: len(s.Segments), Off: r.Reason}}
		p.Unsettled = &SettledTurn{Key: s.Key, Question: c.askedUpTo(s.UpTo), Reply: r, At: a.cfg.Now()}
	}
	save := Save{Progress: p, Append: []channels.Message{msg}, Sends: []Send{send}, Ended: []string{c.turnName()}}
	if err := w.write(ctx, &save); err != nil {
		return true, err
	}
	c.Progress, c.Outbox = save.Progress, append(c.Outbox, send)
	return true, w.send(ctx, c, &c.Outbox[len(c.Outbox)-1]) // before what the new owner says
}
