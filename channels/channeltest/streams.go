package channeltest

import (
	"fmt"

	"github.com/kundeagent/kundeagent/channels"
)

const (
	first  = "You get it back within 14 days."
	second = "\n\n- Keep the receipt."
	third  = "\n- Keep the box."
)

// opened begins a streamed message, or takes it up.
func opened(r reporter, c channels.Channel, key string) channels.Stream {
	r.Helper()
	out := message(c, key, "")
	out.Parts = nil
	stream, err := c.(channels.Streamer).Open(r.Context(), out)
	if err != nil {
		r.Fatalf("Open: %v", err)
	}
	return stream
}

func show(r reporter, s channels.Stream, seq int, segment string) {
	r.Helper()
	if err := s.Append(r.Context(), seq, segment); err != nil {
		r.Fatalf("Append %d: %v", seq, err)
	}
}

func requireShown(r reporter, s Subject, key, want string) {
	r.Helper()
	if got := s.Shown(key); got != want {
		r.Errorf("the customer sees %q, want %q", got, want)
	}
}

// finish ends a message with all that it says.
func finish(r reporter, c channels.Channel, s channels.Stream, key, text string) channels.Receipt {
	r.Helper()
	receipt, err := s.Finish(r.Context(), message(c, key, text))
	if err != nil {
		r.Fatalf("Finish: %v", err)
	}
	return receipt
}

func abort(r reporter, c channels.Channel, s channels.Stream, key, text string) channels.Receipt {
	r.Helper()
	out := message(c, key, text)
	out.Incomplete = true
	receipt, err := s.Abort(r.Context(), out)
	if err != nil {
		r.Fatalf("Abort: %v", err)
	}
	return receipt
}

func checkStreamOpened(r reporter, s Subject) {
	attach(r, s)
	opened(r, s.Channel, "k1")
	requireShown(r, s, "k1", "")
	if s.Sent != nil && len(s.Sent()) > 0 {
		r.Errorf("customers got %q", s.Sent())
	}
}

func checkStreamText(r reporter, s Subject) {
	attach(r, s)
	stream := opened(r, s.Channel, "k1")
	text := ""
	for i, segment := range []string{first, second, third} {
		show(r, stream, i+1, segment)
		text += segment
		requireShown(r, s, "k1", text)
	}
	finish(r, s.Channel, stream, "k1", text)
	requireShown(r, s, "k1", text)
	if s.Sent != nil {
		requireSent(r, s, text)
	}
}

func checkStreamRepeated(r reporter, s Subject) {
	attach(r, s)
	stream := opened(r, s.Channel, "k1")
	show(r, stream, 1, first)
	show(r, stream, 1, first)
	show(r, stream, 2, second)
	show(r, stream, 1, first)
	show(r, stream, 2, second)
	requireShown(r, s, "k1", first+second)
}

func checkStreamHole(r reporter, s Subject) {
	attach(r, s)
	stream := opened(r, s.Channel, "k1")
	show(r, stream, 1, first)
	if err := stream.Append(r.Context(), 3, third); err != nil {
		requireClassified(r, "Append 3 after 1", err)
	}
	requireShown(r, s, "k1", first)
	show(r, stream, 2, second)
	show(r, stream, 3, third)
	requireShown(r, s, "k1", first+second+third)
}

func checkStreamFinished(r reporter, s Subject) {
	attach(r, s)
	stream := opened(r, s.Channel, "k1")
	show(r, stream, 1, first)
	finish(r, s.Channel, stream, "k1", first)
	show(r, stream, 1, first)
	show(r, stream, 2, second)
	show(r, opened(r, s.Channel, "k1"), 2, second)
	abort(r, s.Channel, stream, "k1", first)
	requireShown(r, s, "k1", first)
}

func checkStreamAborted(r reporter, s Subject) {
	attach(r, s)
	stream := opened(r, s.Channel, "k1")
	show(r, stream, 1, first)
	abort(r, s.Channel, stream, "k1", first)
	show(r, stream, 2, second)
	finish(r, s.Channel, stream, "k1", first+second)
	requireShown(r, s, "k1", first)
}

func checkStreamEndedTwice(r reporter, s Subject) {
	attach(r, s)
	for key, end := range map[string]func(reporter, channels.Channel, channels.Stream, string, string) channels.Receipt{"finished": finish, "aborted": abort} {
		stream := opened(r, s.Channel, key)
		show(r, stream, 1, first)
		was := end(r, s.Channel, stream, key, first)
		if again := end(r, s.Channel, opened(r, s.Channel, key), key, first); again.ID != was.ID {
			r.Errorf("%s: the receipt was %q and is %q the second time", key, was.ID, again.ID)
		}
		requireShown(r, s, key, first)
	}
	if s.Sent != nil {
		requireSent(r, s, first, first)
	}
}

func checkStreamReopened(r reporter, s Subject) {
	attach(r, s)
	show(r, opened(r, s.Channel, "k1"), 1, first)
	goOn(r, s, s.Channel)
}

func checkStreamElsewhere(r reporter, s Subject) {
	attach(r, s)
	show(r, opened(r, s.Channel, "k1"), 1, first)
	goOn(r, s, s.Reopen())
}

// goOn takes up a message of which the first segment was shown, as an agent
// does after a crash: from its beginning.
func goOn(r reporter, s Subject, c channels.Channel) {
	r.Helper()
	stream := opened(r, c, "k1")
	requireShown(r, s, "k1", first)
	show(r, stream, 1, first)
	show(r, stream, 2, second)
	finish(r, c, stream, "k1", first+second)
	requireShown(r, s, "k1", first+second)
}

func checkStreamsAtOnce(r reporter, s Subject) {
	attach(r, s)
	text := func(i, seq int) string { return fmt.Sprintf(" Message %d, segment %d.", i, seq) }
	together(func(i int) {
		key := fmt.Sprint("k", i)
		out := message(s.Channel, key, "")
		out.Parts = nil
		stream, err := s.Channel.(channels.Streamer).Open(r.Context(), out)
		for seq := 1; err == nil && seq <= 3; seq++ {
			err = stream.Append(r.Context(), seq, text(i, seq))
		}
		if err == nil {
			_, err = stream.Finish(r.Context(), message(s.Channel, key, text(i, 1)+text(i, 2)+text(i, 3)))
		}
		if err != nil {
			r.Errorf("message %d: %v", i, err)
		}
	})
	for i := range atOnce {
		requireShown(r, s, fmt.Sprint("k", i), text(i, 1)+text(i, 2)+text(i, 3))
	}
}
