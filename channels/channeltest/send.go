package channeltest

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"sync"
	"time"

	"github.com/kundeagent/kundeagent/channels"
)

// atOnce is how many things are done at the same time.
const atOnce = 16

// patience is how long something may take that must end at once.
const patience = 10 * time.Second

// message is one for a customer.
func message(channel channels.Channel, key, text string) channels.Outgoing {
	return channels.Outgoing{
		Key: key, Channel: channel.ID(), Thread: "thread-1", Contact: channels.Contact{ID: "thread-1"}, Text: text, Parts: []string{text}, Language: "en",
	}
}

// inbox takes everything and does nothing.
type inbox struct{ name string }

func (*inbox) Deliver(context.Context, channels.Event) error { return nil }

func checkID(r reporter, s Subject) {
	first := s.Channel.ID()
	_ = s.Channel.Attach(&inbox{"a"})
	_, _ = s.Channel.Send(r.Context(), message(s.Channel, "id", "Hello."))
	if again := s.Channel.ID(); first == "" || again != first {
		r.Errorf("the ID was %q and is now %q", first, again)
	}
}

func checkCapabilities(r reporter, s Subject) {
	first := s.Channel.Capabilities()
	_ = s.Channel.Attach(&inbox{"a"})
	_, _ = s.Channel.Send(r.Context(), message(s.Channel, "capabilities", "Hello."))
	if again := s.Channel.Capabilities(); again != first {
		r.Errorf("the capabilities were %+v and are now %+v", first, again)
	}
}

func checkAttachNil(r reporter, s Subject) {
	if err := s.Channel.Attach(nil); err == nil {
		r.Errorf("Attach(nil) is taken")
	}
	if err := s.Channel.Attach(&inbox{"a"}); err != nil {
		r.Errorf("Attach after Attach(nil): %v", err)
	}
}

func attach(r reporter, s Subject) *inbox {
	r.Helper()
	in := &inbox{"a"}
	if err := s.Channel.Attach(in); err != nil {
		r.Fatalf("Attach: %v", err)
	}
	return in
}

func checkAttachSame(r reporter, s Subject) {
	in := attach(r, s)
	if err := s.Channel.Attach(in); err != nil {
		r.Errorf("the same inbox again: %v", err)
	}
}

func checkAttachOther(r reporter, s Subject) {
	attach(r, s)
	if err := s.Channel.Attach(&inbox{"b"}); err == nil {
		r.Errorf("another inbox takes the place of the first")
	}
}

func send(r reporter, s Subject, key, text string) channels.Receipt {
	r.Helper()
	receipt, err := s.Channel.Send(r.Context(), message(s.Channel, key, text))
	if err != nil {
		r.Fatalf("Send: %v", err)
	}
	return receipt
}

func requireSent(r reporter, s Subject, want ...string) {
	r.Helper()
	got := s.Sent()
	slices.Sort(got)
	slices.Sort(want)
	if !slices.Equal(got, want) {
		r.Errorf("customers got %q, want %q", got, want)
	}
}

func checkSend(r reporter, s Subject) {
	attach(r, s)
	send(r, s, "k1", "The first one.")
	send(r, s, "k2", "The second one.")
	if got, want := s.Sent(), []string{"The first one.", "The second one."}; !slices.Equal(got, want) {
		r.Errorf("customers got %q, want %q", got, want)
	}
}

func checkSendTwice(r reporter, s Subject) {
	attach(r, s)
	first := send(r, s, "k1", "Only once.")
	send(r, s, "k2", "Another one.")
	if again := send(r, s, "k1", "Only once."); again.ID != first.ID {
		r.Errorf("the receipt was %q and is %q the second time", first.ID, again.ID)
	}
	requireSent(r, s, "Only once.", "Another one.")
}

func together(do func(i int)) {
	var wg sync.WaitGroup
	for i := range atOnce {
		wg.Go(func() { do(i) })
	}
	wg.Wait()
}

func checkSendTwiceAtOnce(r reporter, s Subject) {
	attach(r, s)
	together(func(int) {
		if _, err := s.Channel.Send(r.Context(), message(s.Channel, "k1", "Only once.")); err != nil && !errors.Is(err, channels.ErrRetryable) {
			r.Errorf("Send: %v", err)
		}
	})
	requireSent(r, s, "Only once.")
}

func checkSendAtOnce(r reporter, s Subject) {
	attach(r, s)
	want := make([]string, atOnce)
	together(func(i int) {
		want[i] = fmt.Sprintf("Number %d.", i)
		if _, err := s.Channel.Send(r.Context(), message(s.Channel, want[i], want[i])); err != nil {
			r.Errorf("Send: %v", err)
		}
	})
	requireSent(r, s, want...)
}

// kinds are those that a SendError may have.
var kinds = []error{
	channels.ErrRetryable, channels.ErrAmbiguous, channels.ErrWindowClosed, channels.ErrRecipientGone, channels.ErrAuth, channels.ErrInvalid, channels.ErrPolicy,
}

func requireClassified(r reporter, what string, err error) {
	r.Helper()
	var failure *channels.SendError
	if !errors.As(err, &failure) {
		r.Errorf("%s: %v is no *SendError", what, err)
		return
	}
	if !slices.ContainsFunc(kinds, func(k error) bool { return errors.Is(failure.Kind, k) }) {
		r.Errorf("%s: the kind of %v is none of package channels", what, err)
	}
}

func checkSendEnded(r reporter, s Subject) {
	attach(r, s)
	ctx, cancel := context.WithCancel(r.Context())
	cancel()
	done := make(chan error, 1)
	go func() {
		_, err := s.Channel.Send(ctx, message(s.Channel, "k1", "Too late."))
		done <- err
	}()
	timer := time.NewTimer(patience)
	defer timer.Stop()
	select {
	case err := <-done:
		if err != nil && !errors.Is(err, context.Canceled) {
			requireClassified(r, "Send with a context that ended", err)
		}
	case <-timer.C:
		r.Fatalf("Send does not return although its context ended")
	}
}

func checkRefused(r reporter, s Subject) {
	attach(r, s)
	receipt, err := s.Channel.Send(r.Context(), *s.Refused)
	if err == nil {
		r.Fatalf("Send takes what is to be refused")
	}
	requireClassified(r, "Send", err)
	if receipt != (channels.Receipt{}) {
		r.Errorf("a receipt comes with the error: %+v", receipt)
	}
}
