package handoff

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/kundeagent/kundeagent/channels"
)

// clock is a time of day that tests move.
type clock struct {
	mu sync.Mutex
	at time.Time
}

func newClock() *clock { return &clock{at: time.Date(2026, 3, 2, 9, 0, 0, 0, time.UTC)} } // a Monday

func (c *clock) Now() time.Time {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.at
}

func (c *clock) move(d time.Duration) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.at = c.at.Add(d)
}

func newQueue(t testing.TB, cfg QueueConfig) *Queue {
	t.Helper()
	q, err := NewQueue(cfg)
	if err != nil {
		t.Fatal(err)
	}
	return q
}

// one returns a case that has waited since the start of the tests.
func one(key string) Case {
	return Case{
		Key: key, Conversation: "talk/" + key, Channel: "chat", Language: "da", Reason: AskedForHuman,
		Contact: channels.Contact{ID: "contact/" + key}, WaitingSince: time.Date(2026, 3, 2, 8, 55, 0, 0, time.UTC),
	}
}

func route(t testing.TB, q *Queue, c Case) Assignment {
	t.Helper()
	a, err := q.Route(t.Context(), c)
	if err != nil {
		t.Fatal(err)
	}
	return a
}

func scan(t testing.TB, q *Queue) time.Time {
	t.Helper()
	next, err := q.Scan(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	return next
}

// events returns a ticket's history in one line.
func events(t testing.TB, q *Queue, key string) string {
	t.Helper()
	ticket, err := q.Ticket(t.Context(), key)
	if err != nil {
		t.Fatal(err)
	}
	var out []string
	for _, h := range ticket.History {
		out = append(out, strings.TrimSpace(string(h.Event)+" "+h.Member))
	}
	return strings.Join(out, ", ")
}

func ExampleQueue() {
	at := time.Date(2026, 3, 2, 9, 0, 0, 0, time.UTC)
	q, err := NewQueue(QueueConfig{
		Name: "support",
		Team: &Team{Members: []Member{{ID: "anna", Capacity: 3, Languages: []string{"da"}}, {ID: "bo", Capacity: 3}}},
		Now:  func() time.Time { return at },
	})
	if err != nil {
		fmt.Println(err)
		return
	}
	ctx := context.Background()
	fmt.Println(q.Route(ctx, Case{Key: "case 1", Language: "da"}))
	fmt.Println(q.Decline(ctx, "case 1", "anna"))
	fmt.Println(q.Accept(ctx, "case 1", "bo"))
	fmt.Println(q.Done(ctx, "case 1"))
	ticket, _ := q.Ticket(ctx, "case 1")
	for _, h := range ticket.History {
		fmt.Printf("%s %q\n", h.Event, h.Member)
	}
	// Output:
	// {support anna} <nil>
	// <nil>
	// <nil>
	// <nil>
	// routed ""
	// offered "anna"
	// declined "anna"
	// offered "bo"
	// accepted "bo"
	// done "bo"
}

func TestNewQueueRefusesWhatCannotWork(t *testing.T) {
	for name, cfg := range map[string]QueueConfig{
		"no team":           {},
		"a negative time":   {Team: &Team{}, OfferFor: -1},
		"a member twice":    {Team: &Team{Members: []Member{{ID: "a"}, {ID: "a"}}}},
		"negative capacity": {Team: &Team{Members: []Member{{ID: "a", Capacity: -1}}}},
		"hours":             {Team: &Team{Hours: &Schedule{Closed: []string{"soon"}}}},
		"a member's hours":  {Team: &Team{Members: []Member{{ID: "a", Hours: &Schedule{Closed: []string{"soon"}}}}}},
	} {
		if _, err := NewQueue(cfg); !errors.Is(err, ErrQueueConfig) {
			t.Errorf("%s: got %v", name, err)
		}
	}
}

// P6: a case is kept once, however often it is routed, and keeps its clock.
func TestP6QueueKeepsACaseOnceWithItsWaitingClock(t *testing.T) {
	clock := newClock()
	q := newQueue(t, QueueConfig{Team: &Team{Members: []Member{{ID: "anna"}}}, Now: clock.Now})
	var wg sync.WaitGroup
	for i := range 40 {
		wg.Go(func() {
			if _, err := q.Route(t.Context(), one(fmt.Sprint(i%4))); err != nil {
				t.Error(err)
			}
		})
	}
	wg.Wait()
	tickets, err := q.Tickets(t.Context())
	if err != nil || len(tickets) != 4 {
		t.Fatalf("%d tickets, %v", len(tickets), err)
	}
	for _, ticket := range tickets {
		if !ticket.WaitingSince.Equal(one("").WaitingSince) || ticket.State != Offered {
			t.Errorf("got %+v", ticket)
		}
	}
	if err := q.Done(t.Context(), "1"); err != nil {
		t.Fatal(err)
	}
	if a := route(t, q, one("1")); a.Queue != "queue" || events(t, q, "1") != "routed, offered anna, cancelled anna" {
		t.Errorf("a closed case was routed again: %+v, %s", a, events(t, q, "1"))
	}
}

func TestOffersLapseAndGoToTheNextAndNotBackAtOnce(t *testing.T) {
	clock := newClock()
	q := newQueue(t, QueueConfig{Team: &Team{Members: []Member{{ID: "anna"}, {ID: "bo"}}}, Now: clock.Now, OfferFor: time.Minute, AgainAfter: 5 * time.Minute})
	route(t, q, one("1"))
	if next := scan(t, q); !next.Equal(clock.Now().Add(time.Minute)) {
		t.Errorf("the next look is at %s", next)
	}
	clock.move(time.Minute)
	scan(t, q)
	if err := q.Decline(t.Context(), "1", "bo"); err != nil {
		t.Fatal(err)
	}
	want := "routed, offered anna, offer lapsed anna, offered bo, declined bo"
	if got := events(t, q, "1"); got != want {
		t.Errorf("got %s\nwant %s", got, want)
	}
	if next := scan(t, q); !next.Equal(clock.Now().Add(4 * time.Minute)) { // RelaxAfter too is 5 minutes, from one minute ago
		t.Errorf("the next look is at %s", next)
	}
	clock.move(5 * time.Minute)
	scan(t, q)
	if got := events(t, q, "1"); got != want+", offered anna" {
		t.Errorf("got %s", got)
	}
}

// A lapsed offer can be accepted by whoever is quick, without a scan between.
func TestTimeIsDecidedByAnyCall(t *testing.T) {
	clock := newClock()
	q := newQueue(t, QueueConfig{Team: &Team{Members: []Member{{ID: "anna"}, {ID: "bo", Capacity: 1}}}, Now: clock.Now})
	route(t, q, one("1"))
	if err := q.Accept(t.Context(), "1", "bo"); !errors.Is(err, ErrNotYours) {
		t.Errorf("bo accepted what anna was offered: %v", err)
	}
	clock.move(3 * time.Minute)
	if err := q.Accept(t.Context(), "1", "bo"); err != nil {
		t.Error(err)
	}
	if got := events(t, q, "1"); got != "routed, offered anna, offer lapsed anna, accepted bo" {
		t.Errorf("got %s", got)
	}
}

func TestWhoMayDoWhatWithATicket(t *testing.T) {
	type step struct {
		do   string // method and member
		want error
	}
	for _, test := range []struct {
		steps []step
		end   string // history after the first offer to anna
	}{
		{[]step{{"accept anna", nil}, {"accept anna", nil}, {"accept bo", ErrNotYours}, {"decline bo", ErrNotYours}}, "accepted anna"},
		{[]step{{"accept anna", nil}, {"decline anna", nil}, {"decline anna", nil}, {"accept bo", nil}}, "accepted anna, declined anna, offered bo, accepted bo"},
		{[]step{{"take bo", nil}, {"take bo", nil}, {"accept anna", ErrNotYours}, {"take chris", nil}}, "accepted bo, accepted chris"},
		{[]step{{"accept chris", ErrNoMember}, {"accept anna", nil}, {"done", nil}, {"done", nil}, {"cancel", nil}, {"accept anna", ErrCaseClosed}, {"decline anna", ErrCaseClosed}}, "accepted anna, done anna"},
		{[]step{{"done", nil}, {"return", nil}}, "cancelled anna"},
		{[]step{{"return", nil}, {"take bo", ErrCaseClosed}}, "returned anna"},
		{[]step{{"cancel", nil}}, "cancelled anna"},
	} {
		clock := newClock()
		q := newQueue(t, QueueConfig{Team: &Team{Members: []Member{{ID: "anna"}, {ID: "bo"}}}, Now: clock.Now})
		route(t, q, one("1"))
		for _, s := range test.steps {
			verb, member, _ := strings.Cut(s.do, " ")
			var err error
			switch verb {
			case "accept":
				err = q.Accept(t.Context(), "1", member)
			case "take":
				err = q.Take(t.Context(), "1", member)
			case "decline":
				err = q.Decline(t.Context(), "1", member)
			case "cancel":
				err = q.Cancel(t.Context(), "1")
			case "return":
				err = q.Return(t.Context(), "1")
			case "done":
				err = q.Done(t.Context(), "1")
			}
			if !errors.Is(err, s.want) || (err == nil) != (s.want == nil) {
				t.Errorf("%v: %s: got %v, want %v", test.steps, s.do, err, s.want)
			}
		}
		if got := events(t, q, "1"); got != "routed, offered anna, "+test.end {
			t.Errorf("%v: got %s", test.steps, got)
		}
		for _, err := range []error{q.Accept(t.Context(), "2", "anna"), q.Decline(t.Context(), "2", "anna"), q.Cancel(t.Context(), "2")} {
			if !errors.Is(err, ErrNoCase) {
				t.Errorf("an unknown case: %v", err)
			}
		}
	}
}

func TestMembersAreAskedInOrder(t *testing.T) {
	team := &Team{Members: []Member{{ID: "a", Capacity: 2}, {ID: "b", Capacity: 4}, {ID: "c", Capacity: 1}}}
	for name, test := range map[string]struct {
		order Order
		want  string
	}{
		"round robin":               {RoundRobin, "a b c a b b b - -"},
		"least busy":                {LeastBusy, "a b c b a b b - -"},
		"least busy is the default": {nil, "a b c b a b b - -"},
	} {
		clock := newClock()
		q := newQueue(t, QueueConfig{Team: team, Order: test.order, Now: clock.Now, Assign: true})
		var got []string
		for i := range 9 {
			a := route(t, q, one(fmt.Sprint(i)))
			if a.Assignee == "" {
				a.Assignee = "-"
			}
			got = append(got, a.Assignee)
			clock.move(time.Second)
		}
		if strings.Join(got, " ") != test.want {
			t.Errorf("%s: got %q, want %q", name, got, test.want)
		}
		// Who becomes free gets what has waited longest.
		if err := q.Done(t.Context(), "2"); err != nil {
			t.Fatal(err)
		}
		if got := events(t, q, "7"); got != "routed, accepted c" {
			t.Errorf("%s: case 7: %s", name, got)
		}
	}
}

func TestSkillsAndLanguagesAreLookedForFirst(t *testing.T) {
	clock := newClock()
	q := newQueue(t, QueueConfig{
		Now: clock.Now, Assign: true, RelaxAfter: 10 * time.Minute,
		Team: &Team{Members: []Member{
			{ID: "anna", Languages: []string{"en", "da"}, Capacity: 1},
			{ID: "bo", Languages: []string{"pt-BR"}, Skills: []string{"billing"}, Capacity: 1},
			{ID: "cleo", Capacity: 2},
		}},
		Skills: func(c Case) []string { return strings.Fields(c.Detail) },
	})
	for _, test := range []struct{ key, language, skills, want string }{
		{"1", "da-DK", "", "anna"},
		{"2", "pt", "billing", "bo"},
		{"3", "da", "billing", "cleo"}, // nobody has both: anybody may
		{"4", "pt", "billing", ""},     // bo has, but not now
		{"5", "fi", "", "cleo"},
	} {
		c := one(test.key)
		c.Language, c.Detail = test.language, test.skills
		if a := route(t, q, c); a.Assignee != test.want {
			t.Errorf("case %s went to %q, want %q", test.key, a.Assignee, test.want)
		}
	}
	if err := q.Done(t.Context(), "1"); err != nil {
		t.Fatal(err)
	}
	if next := scan(t, q); !next.Equal(clock.Now().Add(10 * time.Minute)) {
		t.Errorf("the next look is at %s", next)
	}
	clock.move(10 * time.Minute)
	scan(t, q)
	if got := events(t, q, "4"); got != "routed, accepted anna" {
		t.Errorf("after waiting: %s", got)
	}
}

func TestNobodyThereMeansWaitingUntilSomebodyIs(t *testing.T) {
	clock := newClock()
	hours := &Schedule{Week: weekdays(Interval{10 * hour, 16 * hour})}
	q := newQueue(t, QueueConfig{Now: clock.Now, Team: &Team{Name: "Support", Hours: hours, Members: []Member{{ID: "anna"}, {ID: "bo", Hours: &Schedule{Week: weekdays(Interval{12 * hour, 13 * hour})}}}}})
	if a := route(t, q, one("1")); a != (Assignment{Queue: "queue"}) {
		t.Errorf("got %+v", a)
	}
	opening := time.Date(2026, 3, 2, 10, 0, 0, 0, time.UTC)
	a, err := q.Available(t.Context(), Case{})
	if err != nil || a.Now || !a.Next.Equal(opening) || a.Team != "Support" {
		t.Errorf("got %+v, %v", a, err)
	}
	if err := q.SetAway(t.Context(), "anna", true); err != nil {
		t.Fatal(err)
	}
	clock.move(time.Hour)
	if a, err := q.Available(t.Context(), Case{}); err != nil || a.Now || !a.Next.IsZero() {
		t.Errorf("with all away: %+v, %v", a, err)
	}
	scan(t, q)
	if got := events(t, q, "1"); got != "routed" {
		t.Errorf("offered to who is away: %s", got)
	}
	if err := q.SetAway(t.Context(), "anna", false); err != nil {
		t.Fatal(err)
	}
	if got := events(t, q, "1"); got != "routed, offered anna" {
		t.Errorf("got %s", got)
	}
	if err := q.SetAway(t.Context(), "anna", true); err != nil {
		t.Fatal(err)
	}
	if got := events(t, q, "1"); got != "routed, offered anna, offer lapsed anna" {
		t.Errorf("got %s", got)
	}
	if err := q.SetAway(t.Context(), "nobody", true); !errors.Is(err, ErrNoMember) {
		t.Errorf("got %v", err)
	}
	empty := newQueue(t, QueueConfig{Team: &Team{}, Now: clock.Now})
	route(t, empty, one("1"))
	if next := scan(t, empty); !next.Equal(clock.Now().Add(5 * time.Minute)) {
		t.Errorf("a team of nobody looks again at %s", next)
	}
	if a, err := empty.Available(t.Context(), Case{}); err != nil || a != (Availability{}) {
		t.Errorf("a team of nobody: %+v, %v", a, err)
	}
}

func TestOverflowTakesWhatNobodyAcceptedAndLosesNothing(t *testing.T) {
	clock := newClock()
	down := errors.New("other desk is down")
	var other Inbox
	var failing error = down
	overflow := RouterFunc(func(ctx context.Context, c Case) (Assignment, error) {
		if failing != nil {
			return Assignment{}, failing
		}
		return other.Route(ctx, c)
	})
	q := newQueue(t, QueueConfig{Now: clock.Now, Team: &Team{Members: []Member{{ID: "anna"}}}, Overflow: overflow, OverflowAfter: 30 * time.Minute})
	c := one("1")
	c.Summary = "all of it"
	route(t, q, c)
	route(t, q, one("2"))
	if err := q.Accept(t.Context(), "2", "anna"); err != nil {
		t.Fatal(err)
	}
	clock.move(30 * time.Minute)
	if _, err := q.Scan(t.Context()); !errors.Is(err, down) {
		t.Errorf("got %v", err)
	}
	if tickets, err := q.Tickets(t.Context()); err != nil || len(tickets) != 2 {
		t.Errorf("%d tickets, %v", len(tickets), err)
	}
	failing = nil
	scan(t, q)
	scan(t, q)
	if cases := other.Cases(); len(cases) != 1 || cases[0].Summary != "all of it" {
		t.Errorf("moved on: %+v", cases)
	}
	if ticket, err := q.Ticket(t.Context(), "1"); err != nil || ticket.End != WasMovedOn {
		t.Errorf("got %+v, %v", ticket, err)
	}
}

// Run is punctual: it wakes for what lapses and opens, and ends with ctx.
func TestP14RunDecidesInTimeAndLeavesNothing(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		q := newQueue(t, QueueConfig{Team: &Team{Members: []Member{{ID: "anna"}, {ID: "bo"}}}, OfferFor: 90 * time.Second})
		ctx, cancel := context.WithCancel(t.Context())
		done := make(chan error, 1)
		go func() { done <- q.Run(ctx) }()
		route(t, q, one("1"))
		time.Sleep(89 * time.Second)
		synctest.Wait()
		if got := events(t, q, "1"); got != "routed, offered anna" {
			t.Errorf("too early: %s", got)
		}
		time.Sleep(2 * time.Second)
		synctest.Wait()
		if got := events(t, q, "1"); got != "routed, offered anna, offer lapsed anna, offered bo" {
			t.Errorf("too late: %s", got)
		}
		cancel()
		if err := <-done; err != nil {
			t.Error(err)
		}
	})
}

func TestHistoryIsBounded(t *testing.T) {
	clock := newClock()
	q := newQueue(t, QueueConfig{Team: &Team{Members: []Member{{ID: "anna"}}}, Now: clock.Now})
	route(t, q, one("1"))
	for range 100 {
		if err := q.Decline(t.Context(), "1", "anna"); err != nil {
			t.Fatal(err)
		}
		clock.move(time.Hour)
		scan(t, q)
	}
	ticket, err := q.Ticket(t.Context(), "1")
	if err != nil || len(ticket.History) != maxHistory || ticket.History[0].Event != WasRouted || ticket.History[maxHistory-1].Event != WasOffered {
		t.Errorf("%d events, %v", len(ticket.History), err)
	}
}

func TestErasedCasesAreGone(t *testing.T) {
	clock := newClock()
	q := newQueue(t, QueueConfig{Team: &Team{}, Now: clock.Now})
	for _, key := range []string{"1", "2", "3"} {
		route(t, q, one(key))
	}
	for _, key := range []string{"1", "2"} {
		if err := q.Cancel(t.Context(), key); err != nil {
			t.Fatal(err)
		}
	}
	if n, err := q.Erase(t.Context(), Erasure{Contact: "contact/1"}); n != 1 || err != nil {
		t.Errorf("erased %d, %v", n, err)
	}
	if _, err := q.Case(t.Context(), "1"); !errors.Is(err, ErrNoCase) {
		t.Errorf("case 1: %v", err)
	}
	clock.move(time.Hour)
	if n, err := q.Erase(t.Context(), Erasure{Before: clock.Now()}); n != 1 || err != nil {
		t.Errorf("erased %d, %v", n, err)
	}
	if c, err := q.Case(t.Context(), "3"); err != nil || c.Key != "3" {
		t.Errorf("an open case: %+v, %v", c, err)
	}
}

func TestOnChangeIsToldOfEachChange(t *testing.T) {
	var told []string
	q := newQueue(t, QueueConfig{
		Team: &Team{Members: []Member{{ID: "anna"}}}, Now: newClock().Now,
		OnChange: func(t Ticket) { told = append(told, string(t.State)) },
	})
	route(t, q, one("1"))
	for _, err := range []error{q.Accept(t.Context(), "1", "anna"), q.Accept(t.Context(), "1", "anna"), q.Done(t.Context(), "1")} {
		if err != nil {
			t.Fatal(err)
		}
	}
	if got := strings.Join(told, " "); got != "offered accepted closed" {
		t.Errorf("told of %s", got)
	}
}

func BenchmarkRoute(b *testing.B) {
	for _, open := range []int{0, 100} {
		b.Run(fmt.Sprintf("%d open", open), func(b *testing.B) {
			team := &Team{}
			for i := range 20 {
				team.Members = append(team.Members, Member{ID: fmt.Sprint(i), Capacity: 10})
			}
			q := newQueue(b, QueueConfig{Team: team})
			for i := range open {
				route(b, q, one(fmt.Sprint("open", i)))
			}
			b.ReportAllocs()
			for i := 0; b.Loop(); i++ {
				key := fmt.Sprint(i)
				route(b, q, one(key))
				if err := q.Cancel(b.Context(), key); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}
