package channels

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"sync"
	"testing"
)

// recorder is an inbox that keeps what it is given.
type recorder struct {
	mu     sync.Mutex
	events []Event
	err    error
}

func (r *recorder) Deliver(_ context.Context, e Event) error {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.events = append(r.events, e)
	return r.err
}

// inboxFunc is an inbox of a type that cannot be compared.
type inboxFunc func(Event) error

func (f inboxFunc) Deliver(_ context.Context, e Event) error { return f(e) }

func ExampleNewMemory() {
	ctx := context.Background()
	chat := NewMemory("chat", Capabilities{MaxText: 1000})
	inbox := inboxFunc(func(e Event) error {
		_, err := chat.Send(ctx, Outgoing{Key: "reply/" + e.Delivery, Thread: e.Thread, Parts: []string{"You said: " + e.Message.Text}})
		return err
	})
	if err := chat.Attach(inbox); err != nil {
		fmt.Println(err)
	}
	if err := chat.Say(ctx, "anna", "1", "Hello"); err != nil {
		fmt.Println(err)
	}
	for _, out := range chat.Sent("anna") {
		fmt.Println(out.Parts)
	}
	// Output: [You said: Hello]
}

func TestMemoryPassesWhatCustomersSay(t *testing.T) {
	in, chat := &recorder{}, NewMemory("chat", Capabilities{})
	if err := chat.Attach(in); err != nil {
		t.Fatal(err)
	}
	if err := chat.Say(t.Context(), "anna", "d1", "Hello"); err != nil {
		t.Fatal(err)
	}
	if err := chat.Deliver(t.Context(), Event{Channel: "other", Delivery: "d2", Thread: "anna", Kind: HumanReplied}); err != nil {
		t.Fatal(err)
	}
	said, replied := in.events[0], in.events[1]
	if said.Channel != "chat" || said.Delivery != "d1" || said.Thread != "anna" || said.Contact.ID != "anna" ||
		said.Message.Text != "Hello" || said.Message.ID != "d1" || said.Kind != MessageReceived {
		t.Errorf("said: %+v", said)
	}
	if replied.Channel != "chat" || replied.Kind != HumanReplied {
		t.Errorf("replied: %+v", replied)
	}
	in.err = errors.New("store is down")
	if err := chat.Say(t.Context(), "anna", "d3", "Hello?"); !errors.Is(err, in.err) {
		t.Errorf("a refusal of the inbox became %v", err)
	}
}

func TestMemoryRefusesTrafficBeforeItIsAttached(t *testing.T) {
	if err := NewMemory("chat", Capabilities{}).Say(t.Context(), "anna", "1", "Hello"); !errors.Is(err, ErrNotAttached) {
		t.Errorf("got %v", err)
	}
}

func TestMemoryIsAttachedOnce(t *testing.T) {
	first, second := &recorder{}, &recorder{}
	function := inboxFunc(func(Event) error { return nil })
	for _, test := range []struct {
		name    string
		inboxes []Inbox
		want    error // of the last
	}{
		{"once", []Inbox{first}, nil},
		{"the same again", []Inbox{first, first}, nil},
		{"another", []Inbox{first, second}, ErrAttached},
		{"one that cannot be compared", []Inbox{function, function}, ErrAttached},
		{"none", []Inbox{nil}, ErrNotAttached},
	} {
		chat := NewMemory("chat", Capabilities{})
		var err error
		for _, in := range test.inboxes {
			err = chat.Attach(in)
		}
		if !errors.Is(err, test.want) || (err == nil) != (test.want == nil) {
			t.Errorf("%s: got %v, want %v", test.name, err, test.want)
		}
	}
	chat := NewMemory("chat", Capabilities{})
	_, _ = chat.Attach(first), chat.Attach(second)
	if err := chat.Say(t.Context(), "a", "1", "x"); err != nil || len(first.events) != 1 || len(second.events) != 0 {
		t.Errorf("a refused inbox took over: %v", err)
	}
}

// P1: a channel with idempotent sends has one effect for one key.
func TestP1MemorySendsOnceForAKey(t *testing.T) {
	chat := NewMemory("chat", Capabilities{MaxText: 7})
	if caps := chat.Capabilities(); !caps.Idempotent || caps.MaxText != 7 || chat.ID() != "chat" {
		t.Errorf("%s has %+v", chat.ID(), caps)
	}
	receipts := make([]Receipt, 50)
	var wg sync.WaitGroup
	for i := range receipts {
		wg.Go(func() {
			var err error
			if receipts[i], err = chat.Send(t.Context(), Outgoing{Key: "k1", Thread: "anna"}); err != nil {
				t.Error(err)
			}
		})
	}
	wg.Wait()
	if distinct := slices.Compact(receipts); len(distinct) != 1 || distinct[0].ID == "" || distinct[0].At.IsZero() {
		t.Errorf("receipts %v", distinct)
	}
	other, err := chat.Send(t.Context(), Outgoing{Key: "k2", Thread: "bo"})
	if err != nil || other == receipts[0] {
		t.Errorf("another key got %v, %v", other, err)
	}
	for thread, want := range map[string]int{"anna": 1, "bo": 1, "": 2, "carl": 0} {
		if got := len(chat.Sent(thread)); got != want {
			t.Errorf("thread %q was sent %d, want %d", thread, got, want)
		}
	}
}

func TestMemoryRefusesASendWithoutKey(t *testing.T) {
	chat := NewMemory("chat", Capabilities{})
	_, err := chat.Send(t.Context(), Outgoing{Thread: "anna"})
	var sendErr *SendError
	if !errors.As(err, &sendErr) || !errors.Is(err, ErrInvalid) || len(chat.Sent("")) != 0 {
		t.Errorf("got %v", err)
	}
}

func TestSendErrorShowsKindAndCause(t *testing.T) {
	cause := errors.New("429 too many")
	for _, test := range []struct {
		err  *SendError
		is   []error
		text string
	}{
		{&SendError{Kind: ErrRetryable, Err: cause}, []error{ErrRetryable, cause}, "channels: send: try again later: 429 too many"},
		{&SendError{Kind: ErrPolicy}, []error{ErrPolicy}, "channels: send: forbidden by the vendor's policy"},
		{&SendError{Err: cause}, []error{cause}, "channels: send: 429 too many"},
		{&SendError{}, nil, "channels: send"},
	} {
		err := fmt.Errorf("reply: %w", test.err)
		var found *SendError
		if !errors.As(err, &found) || found != test.err || err.Error() != "reply: "+test.text {
			t.Errorf("got %q, want %q", err, test.text)
		}
		for _, target := range []error{ErrRetryable, ErrAmbiguous, ErrWindowClosed, ErrRecipientGone, ErrAuth, ErrInvalid, ErrPolicy, cause} {
			if errors.Is(err, target) != slices.Contains(test.is, target) {
				t.Errorf("%v is %v: %v", err, target, errors.Is(err, target))
			}
		}
	}
}

func TestAuthorsHaveNames(t *testing.T) {
	for author, want := range map[Author]string{FromCustomer: "customer", FromAgent: "agent", FromHuman: "human"} {
		if author.String() != want {
			t.Errorf("%d is %q, want %q", author, author, want)
		}
	}
}
