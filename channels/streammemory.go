package channels

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"sync"
)

// StreamingMemory is a [Memory] whose messages can be shown while they are
// written, and which notes every typing indicator. It keeps the rules of a
// [Stream] and refuses what breaks them: a hole between segments, or another
// text under a number that was shown. It is safe for concurrent use.
type StreamingMemory struct {
	*Memory

	mu       sync.Mutex
	streams  map[string]*Streamed
	order    []string
	typing   []bool
	onAppend func(seq int, segment string) error
	changed  chan struct{}
}

var (
	_ Streamer = (*StreamingMemory)(nil)
	_ Typist   = (*StreamingMemory)(nil)
)

// NewStreamingMemory returns a StreamingMemory called id. Its capabilities are
// caps with Idempotent and Streams set.
func NewStreamingMemory(id string, caps Capabilities) *StreamingMemory {
	caps.Streams = true
	return &StreamingMemory{Memory: NewMemory(id, caps), streams: map[string]*Streamed{}, changed: make(chan struct{})}
}

// StreamState is how far a streamed message has come.
type StreamState uint8

// The states of a streamed message.
const (
	StreamWriting StreamState = iota
	StreamFinished
	StreamAborted
)

// String returns the state's name.
func (s StreamState) String() string {
	return [...]string{"writing", "finished", "aborted"}[min(s, StreamAborted)]
}

// Streamed is one message as its customer saw it grow.
type Streamed struct {
	Out      Outgoing // as opened; once it has ended, as it ended
	Segments []string
	State    StreamState
	Repeated int // calls that had no effect because it happened before
	receipt  Receipt
}

// Text returns the segments joined.
func (s Streamed) Text() string { return strings.Join(s.Segments, "") }

// OnAppend calls f before each segment that is shown, outside of any lock; its
// error is what Append returns, and the segment is not shown then. Nil calls
// nothing.
func (m *StreamingMemory) OnAppend(f func(seq int, segment string) error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.onAppend = f
}

// Streamed returns the messages that were begun, oldest first.
func (m *StreamingMemory) Streamed() []Streamed {
	m.mu.Lock()
	defer m.mu.Unlock()
	out := make([]Streamed, 0, len(m.order))
	for _, key := range m.order {
		s := *m.streams[key]
		s.Segments = slices.Clone(s.Segments)
		out = append(out, s)
	}
	return out
}

// TypingShown returns every call of Typing, oldest first: true for shown.
func (m *StreamingMemory) TypingShown() []bool {
	m.mu.Lock()
	defer m.mu.Unlock()
	return slices.Clone(m.typing)
}

// Changed returns a channel that is closed at the next segment, end of a
// stream, or typing indicator.
func (m *StreamingMemory) Changed() <-chan struct{} {
	m.mu.Lock()
	defer m.mu.Unlock()
	return m.changed
}

func (m *StreamingMemory) announce() {
	close(m.changed)
	m.changed = make(chan struct{})
}

// Typing implements [Typist].
func (m *StreamingMemory) Typing(_ context.Context, _ Outgoing, on bool) error {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.typing = append(m.typing, on)
	m.announce()
	return nil
}

// Open implements [Streamer]. It refuses only a message without a key.
func (m *StreamingMemory) Open(_ context.Context, out Outgoing) (Stream, error) {
	if out.Key == "" {
		return nil, &SendError{Kind: ErrInvalid, Err: errors.New("the message has no key")}
	}
	return memoryStream{m, out}, nil
}

// memoryStream is one handle on a streamed message.
type memoryStream struct {
	channel *StreamingMemory
	out     Outgoing
}

// record returns the message, which is begun by its first segment or its end.
func (s memoryStream) record() *Streamed {
	m := s.channel
	r := m.streams[s.out.Key]
	if r == nil {
		r = &Streamed{Out: s.out}
		m.streams[s.out.Key] = r
		m.order = append(m.order, s.out.Key)
	}
	return r
}

// Append implements [Stream].
func (s memoryStream) Append(ctx context.Context, seq int, segment string) error {
	m := s.channel
	m.mu.Lock()
	hook := m.onAppend
	m.mu.Unlock()
	if hook != nil {
		if err := hook(seq, segment); err != nil {
			return err
		}
	}
	if err := ctx.Err(); err != nil {
		return err
	}
	m.mu.Lock()
	defer m.mu.Unlock()
	r := s.record()
	shown := seq >= 1 && seq <= len(r.Segments)
	switch {
	case shown && r.Segments[seq-1] != segment:
		return &SendError{Kind: ErrInvalid, Err: fmt.Errorf("segment %d was %q and is now %q", seq, r.Segments[seq-1], segment)}
	case shown || r.State != StreamWriting:
		r.Repeated++
		return nil
	case seq != len(r.Segments)+1:
		return &SendError{Kind: ErrInvalid, Err: fmt.Errorf("segment %d follows %d", seq, len(r.Segments))}
	}
	r.Segments = append(r.Segments, segment)
	m.announce()
	return nil
}

// Finish implements [Stream].
func (s memoryStream) Finish(ctx context.Context, out Outgoing) (Receipt, error) {
	return s.end(ctx, out, StreamFinished)
}

// Abort implements [Stream].
func (s memoryStream) Abort(ctx context.Context, out Outgoing) (Receipt, error) {
	return s.end(ctx, out, StreamAborted)
}

// end keeps the first end of a message, and the message among those sent.
func (s memoryStream) end(ctx context.Context, out Outgoing, state StreamState) (Receipt, error) {
	m := s.channel
	m.mu.Lock()
	defer m.mu.Unlock()
	r := s.record()
	if r.State != StreamWriting {
		r.Repeated++
		return r.receipt, nil
	}
	receipt, err := m.Send(ctx, out)
	if err != nil {
		return Receipt{}, err
	}
	r.State, r.Out, r.receipt = state, out, receipt
	m.announce()
	return receipt, nil
}
