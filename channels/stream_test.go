package channels

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"sync"
	"testing"
)

func ExampleNewStreamingMemory() {
	ctx := context.Background()
	chat := NewStreamingMemory("chat", Capabilities{Markup: Markdown})
	stream, _ := chat.Open(ctx, Outgoing{Key: "reply-1", Thread: "anna"})
	_ = stream.Append(ctx, 1, "Within 14 days.")
	_ = stream.Append(ctx, 2, " Keep the receipt.")
	receipt, err := stream.Finish(ctx, Outgoing{Key: "reply-1", Thread: "anna", Text: "Within 14 days. Keep the receipt."})
	fmt.Println(receipt.ID, err)
	s := chat.Streamed()[0]
	fmt.Printf("%s %q\n", s.State, s.Segments)
	// Output:
	// chat-1 <nil>
	// finished ["Within 14 days." " Keep the receipt."]
}

func TestStreamCallsCanBeRepeatedAndNothingElse(t *testing.T) {
	ctx := t.Context()
	m := NewStreamingMemory("chat", Capabilities{MaxText: 10})
	if caps := m.Capabilities(); !caps.Streams || !caps.Idempotent || caps.MaxText != 10 {
		t.Errorf("%+v", caps)
	}
	if _, err := m.Open(ctx, Outgoing{}); !errors.Is(err, ErrInvalid) {
		t.Errorf("a message without a key: %v", err)
	}
	open := func() Stream {
		s, err := m.Open(ctx, Outgoing{Key: "k"})
		if err != nil {
			t.Fatal(err)
		}
		return s
	}
	first, again := open(), open()
	if len(m.Streamed()) != 0 {
		t.Error("an opened stream shows something")
	}
	for _, c := range []struct {
		stream  Stream
		seq     int
		segment string
		err     error
	}{
		{first, 2, "b", ErrInvalid}, // a hole
		{first, 1, "a", nil},
		{again, 1, "a", nil},
		{again, 1, "x", ErrInvalid}, // another text
		{again, 0, "x", ErrInvalid},
		{again, 2, "b", nil},
		{first, 2, "b", nil},
	} {
		if err := c.stream.Append(ctx, c.seq, c.segment); !errors.Is(err, c.err) || (err == nil) != (c.err == nil) {
			t.Errorf("segment %d %q: %v", c.seq, c.segment, err)
		}
	}
	aborted, err := first.Abort(ctx, Outgoing{Key: "k", Text: "ab", Incomplete: true})
	finished, err2 := again.Finish(ctx, Outgoing{Key: "k", Text: "abc"})
	if err != nil || err2 != nil || aborted != finished {
		t.Errorf("%v %v, %v %v", aborted, err, finished, err2)
	}
	if err := again.Append(ctx, 3, "c"); err != nil {
		t.Errorf("after the end: %v", err)
	}
	s := m.Streamed()
	if len(s) != 1 || s[0].State != StreamAborted || s[0].Text() != "ab" || !s[0].Out.Incomplete || s[0].Repeated != 4 || len(m.Sent("")) != 1 {
		t.Errorf("%+v, sent %+v", s, m.Sent(""))
	}
}

func TestSegmentsOfManyStreamsAtOnceStayApart(t *testing.T) {
	m := NewStreamingMemory("chat", Capabilities{})
	var wg sync.WaitGroup
	for i := range 8 {
		for range 2 {
			wg.Go(func() {
				out := Outgoing{Key: fmt.Sprint(i)}
				s, err := m.Open(t.Context(), out)
				for seq := 1; seq <= 20 && err == nil; seq++ {
					err = s.Append(t.Context(), seq, fmt.Sprint(i))
				}
				if err == nil {
					_, err = s.Finish(t.Context(), out)
				}
				if err != nil {
					t.Error(err)
				}
			})
		}
	}
	wg.Wait()
	for _, s := range m.Streamed() {
		if s.Text() != strings.Repeat(s.Out.Key, 20) || s.State != StreamFinished {
			t.Errorf("%s: %q", s.Out.Key, s.Segments)
		}
	}
	if len(m.Sent("")) != 8 {
		t.Errorf("%d sent", len(m.Sent("")))
	}
}

func TestSegmentsAreRenderedAsTheWholeIs(t *testing.T) {
	segments := []string{
		"You get **your money** back [1].", " Read [the page](https://shop.example/r).", "\n\nYou need:", "\n- the *receipt*", "\n- the parcel", "\n\n```\na < b\n```", "\n\nIt is 5 * 3, order_id.", " 好的。", "再见",
	}
	for _, caps := range []Capabilities{{}, {Markup: Markdown}, {NoLinks: true}} {
		var shown []string
		for _, s := range segments {
			shown = append(shown, RenderSegment(s, caps))
		}
		whole := Render(strings.Join(segments, ""), nil, "", caps)[0]
		if got := strings.Join(shown, ""); !slices.Equal(strings.Fields(got), strings.Fields(whole)) {
			t.Errorf("%+v:\n got %q\nwant %q", caps, got, whole)
		}
	}
}
