package agent_test

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/kundeagent/kundeagent/agent"
	"github.com/kundeagent/kundeagent/agent/agenttest"
	"github.com/kundeagent/kundeagent/channels"
	"github.com/kundeagent/kundeagent/handoff"
	"github.com/kundeagent/kundeagent/knowledge"
)

// witness is a store that keeps its own account of who owns the conversation,
// and notes each message of the agent that was claimed over a human (P2).
type witness struct {
	agent.Store
	owner  agent.Owner
	spoken map[string]int // messages of the agent by key
	faults []string
}

func (w *witness) Accept(ctx context.Context, r agent.AcceptRequest) (agent.Accepted, error) {
	a, err := w.Store.Accept(ctx, r)
	if err == nil && a.Fresh {
		switch {
		case r.Event.Kind == channels.HumanReplied:
			w.owner = agent.HumanOwns
		case w.owner == agent.NobodyOwns:
			w.owner = agent.AgentOwns
		}
	}
	return a, err
}

func (w *witness) ChangeOwner(ctx context.Context, id, conversation string, c agent.OwnerChange) (agent.Conversation, error) {
	out, err := w.Store.ChangeOwner(ctx, id, conversation, c)
	if err == nil {
		w.owner = c.Owner
	}
	return out, err
}

func (w *witness) Save(ctx context.Context, l agent.Lease, s agent.Save) error {
	err := w.Store.Save(ctx, l, s)
	if err != nil {
		return err
	}
	for _, m := range s.Append {
		if m.Author == channels.FromAgent {
			w.spoken[m.ID]++
			if w.owner != agent.AgentOwns {
				w.faults = append(w.faults, fmt.Sprintf("P2: %q was claimed while %s owned the conversation", m.Text, w.owner))
			}
		}
	}
	if s.Owner != nil {
		w.owner = s.Owner.Owner
	}
	return nil
}

// day is one random day of one conversation.
type day struct {
	*bench
	rnd     *rand.Rand
	store   *witness
	queue   *handoff.Queue
	routed  map[string]handoff.Case
	down    bool // the router is
	log     []string
	inTurn  bool
	handles []string // keys of the handoffs that were claimed
}

// Route is the queue that can be down.
func (d *day) Route(ctx context.Context, c handoff.Case) (handoff.Assignment, error) {
	if d.down {
		return handoff.Assignment{}, errors.New("help desk is down")
	}
	if first, again := d.routed[c.Key]; again && !first.WaitingSince.Equal(c.WaitingSince) {
		d.fault("P6: case %s has waited since %s and since %s", c.Key, first.WaitingSince, c.WaitingSince)
	}
	d.routed[c.Key] = c
	return d.queue.Route(ctx, c)
}

func (d *day) Choose(handoff.Case) handoff.Router { return d.queue }
func (d *day) Members() []handoff.Router          { return []handoff.Router{d.queue} }

func (d *day) fault(format string, args ...any) {
	d.store.faults = append(d.store.faults, fmt.Sprintf(format, args...))
}

// what customers say in these days.
var sayings = []string{refundQuestion, "Is the shop open on Sundays?", unknown, "Tell me of the moons of Jupiter", wantsHuman, "Let me talk to a person please", "thanks", "yes"}

// events are what can happen; those marked so also in the middle of a turn.
var events = []struct {
	name   string
	inTurn bool
	do     func(d *day) error
}{
	{"say", true, func(d *day) error { d.say(sayings[d.rnd.IntN(len(sayings))]); return nil }},
	{"say", true, func(d *day) error { d.say(sayings[d.rnd.IntN(len(sayings))]); return nil }},
	{"work", false, (*day).turn},
	{"work", false, (*day).turn},
	{"work", false, (*day).turn},
	{"take over", true, func(d *day) error { return d.as("anna").TakeOver(d.Context(), d.id) }},
	{"reply", true, func(d *day) error {
		return d.as("bo").Reply(d.Context(), d.id, fmt.Sprint(len(d.log)), "Hello, Bo here.")
	}},
	{"reply elsewhere", true, func(d *day) error {
		return d.channel.Deliver(d.Context(), channels.Event{Delivery: fmt.Sprint("app", len(d.log)), Thread: "customer", Kind: channels.HumanReplied, At: d.clock.Now(), Message: channels.Message{Name: "Cleo", Text: "Hi!"}})
	}},
	{"return", true, func(d *day) error { return d.as("anna").Return(d.Context(), d.id) }},
	{"resolve", true, func(d *day) error { return d.as("anna").Resolve(d.Context(), d.id) }},
	{"accept case", true, func(d *day) error { return d.as("anna").AcceptCase(d.Context(), d.id) }},
	{"decline case", true, func(d *day) error { return d.as("anna").DeclineCase(d.Context(), d.id) }},
	{"cancel case", true, func(d *day) error { return d.as("bo").CancelCase(d.Context(), d.id) }},
	{"return case", true, func(d *day) error { return d.as("bo").ReturnCase(d.Context(), d.id) }},
	{"pause", false, func(d *day) error { return d.as("anna").Pause(d.Context(), "lunch") }},
	{"resume", false, func(d *day) error { return d.as("anna").Resume(d.Context()) }},
	{"desk down", false, func(d *day) error { d.down = true; return nil }},
	{"desk up", false, func(d *day) error { d.down = false; return nil }},
	{"minutes", false, func(d *day) error { d.clock.Advance(time.Duration(1+d.rnd.IntN(90)) * time.Minute); return nil }},
	{"hours", false, func(d *day) error { d.clock.Advance(time.Duration(1+d.rnd.IntN(20)) * time.Hour); return nil }},
}

// happen lets something happen. What people are refused is no fault.
func (d *day) happen() {
	e := events[d.rnd.IntN(len(events))]
	if d.inTurn && !e.inTurn {
		return
	}
	where := ""
	if d.inTurn {
		where = " in a turn"
	}
	d.log = append(d.log, e.name+where)
	err := e.do(d)
	for _, refused := range []error{agent.ErrNoConversation, agent.ErrNoDesk, agent.ErrTakenOver, handoff.ErrNoCase, handoff.ErrNotYours, handoff.ErrCaseClosed} {
		if errors.Is(err, refused) {
			return
		}
	}
	if err != nil {
		d.Fatalf("%s: %v", strings.Join(d.log, ", "), err)
	}
}

// turn is one look of a worker, if there is work.
func (d *day) turn() error {
	ids, err := d.store.Due(d.Context(), d.agent.ID(), d.clock.Now(), 10)
	if err != nil || !slices.Contains(ids, d.id) {
		return err
	}
	return d.agent.WorkOff(d.Context(), d.id)
}

func newDay(t *testing.T, seed uint64, base *knowledge.Base) *day {
	rnd := rand.New(rand.NewPCG(seed, 11))
	d := &day{rnd: rnd, routed: map[string]handoff.Case{}, store: &witness{Store: agent.NewMemoryStore(nil), spoken: map[string]int{}}}
	model := agenttest.NewModel().Always(agenttest.Step{Text: "Within 14 days of the return [1].", Before: func(context.Context, agent.Request) error {
		d.inTurn = true
		for range d.rnd.IntN(3) {
			d.happen()
		}
		d.inTurn = false
		return nil
	}})
	hours := &handoff.Schedule{Week: map[time.Weekday][]handoff.Interval{}}
	for day := time.Monday; day <= time.Friday; day++ {
		hours.Week[day] = []handoff.Interval{{From: 9 * time.Hour, To: 17 * time.Hour}}
	}
	d.bench = newBench(t, agent.Config{
		Knowledge: base, Model: model, Router: d, ReopenWithin: 1000 * time.Hour, Store: d.store,
		Handoff: agent.Handoff{Mode: handoff.Mode(rnd.IntN(3)), AskedAgain: agent.AskedAgain(rnd.IntN(2))},
	})
	queue, err := handoff.NewQueue(handoff.QueueConfig{Name: "support", Now: d.clock.Now, Team: &handoff.Team{Hours: hours, Members: []handoff.Member{{ID: "anna"}, {ID: "bo"}}}})
	if err != nil {
		t.Fatal(err)
	}
	d.queue = queue
	return d
}

// In any order of what customers, the agent, people, the help desk and time do:
// the agent never speaks over a human (P2), and each handoff is one message and
// one case that waits from the customer's first unanswered message on (P6).
func TestP2P6AnyInterleaving(t *testing.T) {
	base := helpCentre(t)
	var handoffs, dropped, within int
	for seed := range uint64(1500) {
		d := newDay(t, seed, base)
		for range 40 {
			d.happen()
		}
		d.down = false
		for range 60 { // whatever is open comes to its end
			d.must(d.turn())
			d.clock.Advance(time.Hour)
		}
		d.check()
		handoffs += len(d.handles)
		dropped += len(d.handles) - len(d.routed)
		within += strings.Count(strings.Join(d.log, ","), "in a turn")
		if len(d.store.faults) > 0 {
			t.Fatalf("seed %d: %s\n%s", seed, strings.Join(d.log, ", "), strings.Join(d.store.faults, "\n"))
		}
	}
	if handoffs < 500 || dropped*5 > handoffs || within < 100 {
		t.Errorf("%d handoffs, of which %d were withdrawn, and %d events within turns: the days show too little", handoffs, dropped, within)
	}
}

// check compares what the customer was told, what was routed, and what the queue
// thinks.
func (d *day) check() {
	for _, r := range d.replies {
		if r.Decision == agent.HandOff {
			d.handles = append(d.handles, r.Case.Key)
			if d.store.spoken[r.Case.Key] != 1 {
				d.fault("P6: handoff %s has %d messages", r.Case.Key, d.store.spoken[r.Case.Key])
			}
		}
	}
	for key, c := range d.routed {
		if !slices.Contains(d.handles, key) {
			d.fault("P6: case %s belongs to no handoff", key)
		}
		asked := slices.ContainsFunc(c.Transcript, func(m channels.Message) bool { return m.Author == channels.FromCustomer && m.At.Equal(c.WaitingSince) })
		if ticket, err := d.queue.Ticket(d.Context(), key); err != nil || !asked || !ticket.WaitingSince.Equal(c.WaitingSince) || c.WaitingSince.After(c.CreatedAt) {
			d.fault("P6: case %s waits since %s, its ticket since %s, %v", key, c.WaitingSince, ticket.WaitingSince, err)
		}
	}
	c := d.conversationIfAny()
	h := c.Progress.Handoff
	for _, key := range d.handles {
		_, routed := d.routed[key]
		if !routed && h != nil && h.Case.Key == key && h.Ending == "" {
			d.fault("P6: case %s was lost", key)
		}
		ticket, err := d.queue.Ticket(d.Context(), key)
		if !routed || err != nil {
			continue
		}
		open := h != nil && h.Case.Key == key && h.Ending == ""
		if open == (ticket.State == handoff.Closed) {
			d.fault("case %s is %s in the queue, open %t in the conversation:\n%+v\nowner %s, version %d, %+v", key, ticket.State, open, ticket.History, c.Owner, c.OwnerVersion, h)
		}
	}
}

func (d *day) conversationIfAny() agent.Conversation {
	if d.said == 0 {
		return agent.Conversation{}
	}
	return d.conversation()
}
