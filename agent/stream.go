package agent

import (
	"context"
	"errors"
	"slices"
	"strings"
	"time"

	"github.com/kundeagent/kundeagent/channels"
)

// Answers are shown while they are written where the channel can do that. Each
// segment, whole sentences at least, passes the guards, is recorded under the
// condition that the agent still has the conversation (P2), and only then is
// shown. What was shown stays: whatever the turn comes to in the end, its text
// begins with it, after a crash too, and it is one message under one key (P1).

// StreamProgress is an answer that the customer sees growing. It is recorded in
// [Progress] with each segment, until the turn's reply is claimed.
type StreamProgress struct {
	Key  string // of the message
	UpTo int64  // the last message it answers
	// OwnerVersion is the conversation's while it was begun: with any other the
	// answer ends where it stands.
	OwnerVersion int64
	Language     string
	Version      int64  // of the settings, see [Reply]
	Name         string // of the agent
	// Segments are markdown; joined they are the text so far, whose marks are
	// those of Citations.
	Segments  []string
	Citations []channels.Citation
	At        time.Time // of the last segment

	// Call counts the model calls before the one that writes, Raw is what the
	// model wrote of Segments, and Before how many bytes of it are of earlier
	// calls.
	Call   int
	Raw    string
	Before int
}

// Text returns what was shown so far.
func (s *StreamProgress) Text() string {
	if s == nil {
		return ""
	}
	return strings.Join(s.Segments, "")
}

// Writing returns the message that the agent is writing and the customer can
// see growing, if there is one. It has no place in Messages yet.
func (c *Conversation) Writing() (channels.Message, bool) {
	s := c.Progress.Stream
	if s == nil {
		return channels.Message{}, false
	}
	return channels.Message{ID: s.Key, Author: channels.FromAgent, Name: s.Name, Text: s.Text(), Citations: s.Citations, At: s.At}, true
}

// StreamTrace tells whether a reply was shown while it was written.
type StreamTrace struct {
	Segments int    // shown before the reply was complete
	Off      string // why nothing, or nothing more, was shown
}

const (
	// maxSegmentChecks bounds how often one turn asks the guards for leave to
	// show more; what comes after is shown with the complete answer.
	maxSegmentChecks = 256
	// freeChecked and checkedFor bound how much text the guards are asked to look
	// at while an answer is written, in bytes: so much, and so many times what
	// was written. Each look is at the whole answer, since what a later sentence
	// does to an earlier one counts too; without a bound the work would grow with
	// the square of the answer. A segment that is over it is shown with a later
	// one. Answers of up to some 4,000 bytes never are.
	freeChecked = 64 << 10
	checkedFor  = 16
	// maxSegmentsHeld is after how many refusals in a row the guards are not
	// asked again.
	maxSegmentsHeld = 16
	// appendTimeout bounds how long a channel may take to show a segment, which
	// keeps the model waiting.
	appendTimeout = 10 * time.Second
)

// show shows the answer of one turn while it is written. A nil show, that of a
// question on no channel, shows nothing.
type show struct {
	work     *work
	c        Conversation
	in       input
	streamer channels.Streamer
	record   *StreamProgress // nil until something is shown
	resumed  bool            // record is of an attempt that ended early
	checks   int
	checked  int // bytes that guards have looked at
	off      string
	// owned ends when somebody else gets the conversation; nil if nobody watches.
	owned context.Context
}

// newShow returns the show of a turn, which says itself why it shows nothing.
func (w *work) newShow(c Conversation, in input) *show {
	s := &show{work: w, c: c, in: in, record: c.Progress.Stream, resumed: c.Progress.Stream != nil}
	channel := w.agent.channels[c.Channel]
	if !w.exchange {
		s.streamer, _ = channel.(channels.Streamer)
	}
	switch {
	case s.streamer == nil:
		s.off = "the channel does not stream"
	case !streams(channel.Capabilities()):
		s.off = "the channel's capabilities do not allow it"
	case s.resumed:
		s.off = "begun by an attempt that ended early"
	case w.agent.wholeDraftGuard() != "":
		s.off = w.agent.wholeDraftGuard() + " needs the whole draft"
	}
	return s
}

func streams(caps channels.Capabilities) bool {
	return caps.Streams && caps.Idempotent && caps.MaxText == 0
}

// trace returns what became of the show.
func (s *show) trace() StreamTrace {
	t := StreamTrace{Off: s.off}
	if s.record != nil {
		t.Segments = len(s.record.Segments)
	}
	return t
}

// whole returns what the customer is told of a model's answer: what earlier
// calls of the turn have shown, and the answer.
func (s *show) whole(call int, answer string) string {
	before, answer := s.before(call), strings.TrimSpace(answer)
	if before == "" || answer == "" {
		return answer
	}
	return before + "\n\n" + answer
}

func (s *show) before(call int) string {
	switch {
	case s == nil || s.record == nil || call < s.record.Call:
		return ""
	case call == s.record.Call:
		return s.record.Raw[:s.record.Before]
	default:
		return s.record.Raw
	}
}

// generate asks the model, and shows what it writes where that is allowed. An
// answer of which a part was shown before a crash, and the rest is lost, counts
// as cut off: asked again, the model would go on differently.
func (s *show) generate(ctx context.Context, a *Agent, u understanding, d draft, req Request) (modelResponse, error) {
	call := len(d.calls)
	if s == nil {
		return a.generate(ctx, req, nil)
	}
	if s.resumed && s.record.Call >= call {
		return modelResponse{}, errModel{ErrTruncated}
	}
	if s.owned == nil {
		return a.generate(ctx, req, nil)
	}
	ctx, cancel := context.WithCancelCause(ctx)
	defer cancel(nil)
	defer context.AfterFunc(s.owned, func() { cancel(context.Cause(s.owned)) })()
	t := &teller{show: s, seen: a.draftSeen(s.in, u, d), call: call, before: s.before(call)}
	t.silent = d.plan.how == howActions && !anySucceeded(d.actions) // P3
	r, err := a.generate(ctx, req, t.hear)
	if cause := context.Cause(ctx); errors.Is(cause, ErrTakenOver) {
		return modelResponse{}, cause
	}
	return r, err
}

// teller shows what one call of the model writes.
type teller struct {
	show   *show
	seen   Draft // what guards see; Text comes with each segment
	call   int
	before string // what earlier calls have shown, as the models wrote it
	seg    segmenter
	held   int
	silent bool // nothing more of this call is shown
}

// hear takes one event of the model. Text beside calls waits for what comes of
// them.
func (t *teller) hear(ctx context.Context, ev Event) error {
	if ev.ToolCall != nil {
		t.silent = true
	}
	if t.silent || t.show.off != "" || ev.Text == "" {
		return nil
	}
	allowed := ""
	for _, cut := range t.seg.add(ev.Text) {
		raw := t.show.whole(t.call, t.seg.text.String()[:cut])
		if t.allows(ctx, raw) {
			allowed = raw
		}
	}
	if allowed == "" {
		return nil
	}
	return t.show.say(ctx, t, allowed)
}

// allows asks the guards.
func (t *teller) allows(ctx context.Context, raw string) bool {
	s := t.show
	if t.silent || s.off != "" {
		return false
	}
	if s.checked+len(raw) > freeChecked+checkedFor*len(raw) {
		return false
	}
	s.checked += len(raw)
	if s.checks++; s.checks > maxSegmentChecks {
		s.off = "the answer is too long"
		return false
	}
	t.seen.Text, t.seen.Shown = raw, 0
	if s.record != nil {
		t.seen.Shown = len(s.record.Raw)
	}
	verdict, ok := s.work.agent.passSegments(ctx, t.seen)
	if ok {
		t.held = 0
		return true
	}
	if t.held++; t.held >= maxSegmentsHeld {
		s.off = verdict.Guard + ": " + verdict.Reason
	}
	return false
}

// say records and shows the answer up to raw. Only what must end the turn is an
// error: a channel that fails gets the whole with the delivery.
func (s *show) say(ctx context.Context, t *teller, raw string) error {
	text, citations := cite(raw, t.seen.Passages)
	shown := s.record.Text()
	segment, follows := strings.CutPrefix(text, shown)
	if !follows || s.record != nil && !begins(citations, s.record.Citations) {
		s.off = "what was shown is not the beginning of what is to be"
		return nil
	}
	if strings.TrimSpace(segment) == "" {
		return nil
	}
	if s.record == nil && !s.open(ctx) {
		return ctx.Err()
	}
	next := StreamProgress{
		Key: s.in.key, UpTo: s.in.journal.upTo, OwnerVersion: s.c.OwnerVersion, Language: t.seen.Language, Citations: citations,
		Version: s.work.agent.version, Name: s.work.agent.cfg.Profile.Name, At: s.work.agent.cfg.Now(), Call: t.call, Raw: raw, Before: len(t.before),
	}
	save := Save{IfOwner: &s.c.OwnerVersion, Progress: s.c.Progress}
	if s.record == nil {
		save.IfUpTo = &next.UpTo // what came later has an answer of its own
	} else {
		next.Segments = s.record.Segments
	}
	next.Segments = append(slices.Clip(next.Segments), segment)
	save.Progress.Stream = &next
	if err := s.work.save(ctx, save); err != nil {
		return err
	}
	s.record = &next
	if err := s.work.live.append(ctx, next.Segments); err != nil {
		s.broken(ctx, err)
	}
	return ctx.Err()
}

// open begins the message, and reports whether the channel takes it.
func (s *show) open(ctx context.Context) bool {
	out := s.work.agent.outgoing(&s.c, s.in.key, Reply{Version: s.work.agent.version})
	live, err := openStream(ctx, s.streamer, out, s.work.agent.channels[out.Channel].Capabilities())
	if err != nil {
		s.broken(ctx, err)
		return false
	}
	s.work.live = live
	return true
}

// broken ends the show; the delivery tries again.
func (s *show) broken(ctx context.Context, err error) {
	s.off, s.work.live = "channel: "+err.Error(), nil
	s.work.agent.cfg.Logger.WarnContext(ctx, "segment not shown", "agent", s.c.Agent, "conversation", s.c.ID, "channel", s.c.Channel, "error", err)
}

// begins reports whether list begins with head.
func begins(list, head []channels.Citation) bool {
	return len(list) >= len(head) && slices.Equal(list[:len(head)], head)
}
