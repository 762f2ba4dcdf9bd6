package handoff

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"testing"

	"github.com/kundeagent/kundeagent/channels"
)

func ExampleInbox() {
	var inbox Inbox
	c := Case{Key: "acme/conversation/7", Conversation: "7", Reason: AskedForHuman}
	fmt.Println(inbox.Route(context.Background(), c))
	fmt.Println(inbox.Route(context.Background(), c)) // a retry
	fmt.Println(len(inbox.Cases()), inbox.Cases()[0].Reason)
	// Output:
	// {inbox } <nil>
	// {inbox } <nil>
	// 1 asked for a human
}

func ExampleRules() {
	danish, others := &Inbox{Queue: "danish"}, &Inbox{Queue: "others"}
	router := Rules{
		Rules: []Rule{{Match: func(c Case) bool { return c.Language == "da" }, To: danish}},
		Else:  others,
	}
	for _, language := range []string{"da", "de"} {
		assignment, err := router.Route(context.Background(), Case{Key: "case/" + language, Language: language})
		fmt.Println(assignment.Queue, err)
	}
	// Output:
	// danish <nil>
	// others <nil>
}

// P6: routing a case again, also at the same time, keeps it once.
func TestP6InboxKeepsACaseOnce(t *testing.T) {
	inbox := &Inbox{Queue: "support"}
	var wg sync.WaitGroup
	for i := range 50 {
		wg.Go(func() {
			c := Case{Key: fmt.Sprint("case/", i%5), Transcript: []channels.Message{{Text: "Hello"}}}
			if got, err := inbox.Route(t.Context(), c); err != nil || got != (Assignment{Queue: "support"}) {
				t.Errorf("got %+v, %v", got, err)
			}
		})
	}
	wg.Wait()
	seen := map[string]int{}
	for _, c := range inbox.Cases() {
		seen[c.Key]++
	}
	if len(seen) != 5 || len(inbox.Cases()) != 5 {
		t.Errorf("kept %v", seen)
	}
}

func TestInboxKeepsTheFirstFormOfACaseInOrder(t *testing.T) {
	var inbox Inbox
	for _, c := range []Case{{Key: "b", Summary: "1"}, {Key: "a", Summary: "2"}, {Key: "b", Summary: "3"}} {
		if _, err := inbox.Route(t.Context(), c); err != nil {
			t.Fatal(err)
		}
	}
	cases := inbox.Cases()
	if len(cases) != 2 || cases[0].Summary != "1" || cases[1].Summary != "2" {
		t.Fatalf("got %+v", cases)
	}
	cases[0].Key = "changed"
	if inbox.Cases()[0].Key != "b" {
		t.Error("a caller can change what the inbox keeps")
	}
}

func TestInboxRefusesACaseWithoutKey(t *testing.T) {
	var inbox Inbox
	if _, err := inbox.Route(t.Context(), Case{Conversation: "7"}); !errors.Is(err, ErrNoKey) || len(inbox.Cases()) != 0 {
		t.Errorf("got %v", err)
	}
}

func TestRulesUseTheFirstThatMatches(t *testing.T) {
	to := func(queue string) Router {
		return RouterFunc(func(context.Context, Case) (Assignment, error) { return Assignment{Queue: queue}, nil })
	}
	on := func(channel string) func(Case) bool { return func(c Case) bool { return c.Channel == channel } }
	failing := errors.New("queue is down")
	for _, test := range []struct {
		name  string
		rules Rules
		want  string
		err   error
	}{
		{"second rule", Rules{Rules: []Rule{{on("chat"), to("a")}, {on("mail"), to("b")}, {on("mail"), to("c")}}}, "b", nil},
		{"else", Rules{Rules: []Rule{{on("chat"), to("a")}}, Else: to("z")}, "z", nil},
		{"no rules but else", Rules{Else: to("z")}, "z", nil},
		{"a rule for every case", Rules{Rules: []Rule{{nil, to("a")}}, Else: to("z")}, "a", nil},
		{"rules within rules", Rules{Rules: []Rule{{on("mail"), Rules{Else: to("inner")}}}}, "inner", nil},
		{"no rule matches", Rules{Rules: []Rule{{on("chat"), to("a")}}}, "", ErrNoRoute},
		{"nothing at all", Rules{}, "", ErrNoRoute},
		{"a rule to nobody", Rules{Rules: []Rule{{on("mail"), nil}}, Else: to("z")}, "", ErrNoRoute},
		{"a failing router", Rules{Else: RouterFunc(func(context.Context, Case) (Assignment, error) { return Assignment{}, failing })}, "", failing},
	} {
		got, err := test.rules.Route(t.Context(), Case{Key: "k", Channel: "mail"})
		if got.Queue != test.want || !errors.Is(err, test.err) || (err == nil) != (test.err == nil) {
			t.Errorf("%s: got %+v, %v", test.name, got, err)
		}
	}
}

func ExampleByChannel() {
	router := ByChannel{
		Channels: map[string]Router{"whatsapp": Fixed{Queue: "mobile team", Assignee: "anna"}},
		Else:     &Inbox{Queue: "everybody"},
	}
	for _, channel := range []string{"whatsapp", "chat"} {
		fmt.Println(router.Route(context.Background(), Case{Key: "case/" + channel, Channel: channel}))
	}
	// Output:
	// {mobile team anna} <nil>
	// {everybody } <nil>
}

func ExampleFallback() {
	down := RouterFunc(func(context.Context, Case) (Assignment, error) { return Assignment{}, errors.New("help desk is down") })
	router := Fallback{down, &Inbox{Queue: "inbox"}}
	fmt.Println(router.Route(context.Background(), Case{Key: "case/1"}))
	// Output:
	// {inbox } <nil>
}

func TestGroupsFailVisiblyWhereNothingTakesACase(t *testing.T) {
	first, second := errors.New("first is down"), errors.New("second is down")
	failing := func(err error) Router {
		return RouterFunc(func(context.Context, Case) (Assignment, error) { return Assignment{}, err })
	}
	ended, cancel := context.WithCancel(t.Context())
	cancel()
	asked := 0
	counting := RouterFunc(func(ctx context.Context, _ Case) (Assignment, error) { asked++; return Assignment{}, ctx.Err() })
	for name, test := range map[string]struct {
		ctx    context.Context
		router Router
		want   []error
	}{
		"no channel":       {t.Context(), ByChannel{}, []error{ErrNoRoute}},
		"a nil channel":    {t.Context(), ByChannel{Channels: map[string]Router{"chat": nil}}, []error{ErrNoRoute}},
		"no fallback":      {t.Context(), Fallback{}, []error{ErrNoRoute}},
		"a nil fallback":   {t.Context(), Fallback{nil, failing(second)}, []error{ErrNoRoute, second}},
		"all fail":         {t.Context(), Fallback{failing(first), failing(second)}, []error{first, second}},
		"no time":          {ended, Fallback{counting, counting}, []error{context.Canceled}},
		"no time, fixed":   {ended, Fixed{Queue: "a"}, []error{context.Canceled}},
		"no time, inbox":   {ended, &Inbox{}, []error{context.Canceled}},
		"a case for fixed": {t.Context(), Fixed{Queue: "a"}, nil},
	} {
		got, err := test.router.Route(test.ctx, Case{Key: "k", Channel: "chat"})
		for _, want := range test.want {
			if !errors.Is(err, want) || got != (Assignment{}) {
				t.Errorf("%s: got %+v, %v, want %v", name, got, err, want)
			}
		}
		if test.want == nil && err != nil {
			t.Errorf("%s: %v", name, err)
		}
	}
	if asked != 1 {
		t.Errorf("%d routers were asked without time left", asked)
	}
	if _, err := (Fixed{}).Route(t.Context(), Case{}); !errors.Is(err, ErrNoKey) {
		t.Errorf("a case without key: %v", err)
	}
}

// loop is a group that contains itself.
type loop struct{ Rules }

func (l *loop) Choose(Case) Router { return l }
func (l *loop) Members() []Router  { return []Router{l, l, nil} }

func TestAvailabilityIsThatOfTheRouterThatTakesTheCase(t *testing.T) {
	clock := newClock()
	open := newQueue(t, QueueConfig{Team: &Team{Name: "open", Members: []Member{{ID: "anna"}}}, Now: clock.Now})
	closed := newQueue(t, QueueConfig{Team: &Team{Name: "closed"}, Now: clock.Now})
	router := ByChannel{
		Channels: map[string]Router{"chat": Rules{Rules: []Rule{{nil, Fallback{open, &Inbox{}}}}}, "plain": &Inbox{}, "loop": &loop{}},
		Else:     Rules{Else: closed},
	}
	for channel, want := range map[string]string{"chat": "open: now true, known true", "mail": "closed: now false, known true", "plain": ": now false, known false", "loop": ": now false, known false"} {
		a, known, err := AvailabilityOf(t.Context(), router, Case{Channel: channel})
		if got := fmt.Sprintf("%s: now %t, known %t", a.Team, a.Now, known); err != nil || got != want {
			t.Errorf("%s: got %q, %v, want %q", channel, got, err, want)
		}
	}
	found := 0
	for _, r := range Within(router) {
		if r == Router(open) || r == Router(closed) {
			found++
		}
	}
	if found != 2 || len(Within(&loop{})) != maxWithin {
		t.Errorf("%d queues of 2 were found, and %d loops", found, len(Within(&loop{})))
	}
}
