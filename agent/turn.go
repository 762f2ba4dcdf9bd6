package agent

import (
	"context"
	"time"

	"github.com/kundeagent/kundeagent/channels"
	"github.com/kundeagent/kundeagent/handoff"
)

// One customer message takes ten steps. Data flows one way: each step is given
// what those before it found, returns what it found itself, and never reaches
// back.
//
//	 1 accept      accept.go      the delivery is recorded once and has its place
//	 2 own         own.go         one turn at a time, none while a human has it
//	 3 admit       admit.go       may the agent take this conversation?
//	 4 understand  understand.go  language, triggers, small talk, what it refers to
//	 5 search      search.go      what is known, for those who may see it
//	 6 decide      decide.go      answer, clarify, offer, hand off
//	 7 compose     compose.go     a draft, from the model or by quoting
//	 8 guard       guard.go       what may not be said is not said
//	 9 deliver     deliver.go     claimed once, rendered, sent
//	10 settle      settle.go      charged or released, recorded
//
// Steps 4 to 8 are the mind, [Agent.think], which Reply and Preview use alone.

// input is what the mind is given.
type input struct {
	question Question
	// key names the turn in cases; journal records what cannot be repeated.
	key     string
	journal journal

	language  LanguageDecision // of the conversation so far
	lastText  string           // the customer's message before this turn
	clarified int              // clarifications in a row
	offered   bool             // the agent's last message offered a human
	caseOpen  bool             // a human is to come while the agent goes on
	segment   int              // the part of the history from before a human gave the conversation back
	facts     []handoff.Fact   // what earlier actions came to
	summary   string           // of the conversation before this one
	startedAt time.Time        // when the customer began to wait
	show      *show            // shows the answer while it is written; nil on no channel
	dry       bool             // preview: actions are not performed
	unpaid    bool             // no credits: the model is not to be asked
	perUnit   bool             // actions or tokens are charged

	conversation string     // ID, empty for a question that belongs to none
	waits        bool       // calls can wait for approval
	approvals    []Approval // of the conversation

	budget    *modelBudget // what the model may still cost
	rewriting *rewriting   // of the question, for the search
	// resumes is the approval that this turn settles, saidSince what was said
	// after the question; for such turns only.
	resumes   *Approval
	saidSince []channels.Message
}

// turn takes a conversation through steps 3 to 10. It leaves everything to be
// done in the store, so that it can be called again after a crash anywhere.
func (w *work) turn(ctx context.Context, c Conversation) error {
	life, err := w.agent.lifecycle(ctx)
	switch {
	case err != nil:
		return err
	case c.Progress.Stream == nil && c.nothingSaid():
		return w.staySilent(ctx, c)
	case w.drafts(ctx, life, &c):
		return w.draft(ctx, life, c)
	case c.Owner != AgentOwns:
		return w.staySilent(ctx, c)
	}
	in := w.inputOf(&c)
	admitted, err := w.admit(ctx, &c, life, in.journal)
	if err != nil {
		return err
	}
	if admitted.taken && c.Progress.Stream == nil && w.agent.tooLate(&c) {
		admitted.taken, admitted.reason = false, "the message came too long ago"
	}
	in.unpaid, in.perUnit = admitted.unpaid, w.agent.perUnit(&c)
	if err := w.thinkBy(ctx, life, &in, c.Progress.Stream); err != nil {
		return err
	}
	var reply Reply
	if admitted.taken {
		var done func()
		in.show, done = w.attend(ctx, c, in)
		reply, err = w.agent.think(ctx, in)
		done()
		reply.Trace.Stream, c.Progress.Stream = in.show.trace(), in.show.record
	} else {
		reply, err = w.agent.refuse(ctx, in, admitted.reason)
	}
	if err != nil {
		return err
	}
	return w.deliver(ctx, c, in, reply)
}

// think is the mind: steps 4 to 8.
func (a *Agent) think(ctx context.Context, in input) (Reply, error) {
	var timer stepTimer
	timer.start(a.cfg.Now)
	var err error
	if in.budget, err = a.newModelBudget(ctx, in); err != nil {
		return Reply{}, err
	}
	in.rewriting = a.newRewriting(in)

	u := a.understand(ctx, in)
	timer.lap("understand")

	found, parts, err := a.search(ctx, in, u)
	if err != nil {
		return Reply{}, err
	}
	timer.lap("search")

	plan := a.decide(in, u, found)
	plan.parts = parts
	timer.lap("decide")

	draft, err := a.compose(ctx, in, u, found, plan)
	if err != nil {
		return Reply{}, err
	}
	timer.lap("compose")

	reply, err := a.guard(ctx, in, u, found, draft)
	if err != nil {
		return Reply{}, err
	}
	timer.lap("guard")
	reply.Trace.Decision, reply.Trace.Reason, reply.Trace.Steps = reply.Decision, reply.Reason, timer.steps
	return reply, nil
}

// inputOf makes the mind's input of a stored conversation: all messages that no
// turn has dealt with are one question.
func (w *work) inputOf(c *Conversation) input {
	first, upTo := int64(0), c.lastCustomerSeq()
	if s := c.Progress.Stream; s != nil {
		upTo = s.UpTo // its answer was begun: what came later has a turn of its own
	}
	q := Question{Contact: c.Contact, Channel: c.Channel, Languages: c.Languages}
	in := input{language: c.Progress.Language, clarified: c.Progress.Clarified, offered: c.Progress.Offered, summary: c.Summary}
	in.conversation, in.waits, in.approvals = c.ID, !c.Exchange, c.Approvals
	in.caseOpen, in.facts = c.Progress.Handoff.open(), c.Progress.Facts
	for _, e := range c.Messages {
		fromCustomer := e.Message.Author == channels.FromCustomer
		if fromCustomer && e.Seq > upTo {
			continue
		}
		if !fromCustomer || e.Seq <= c.Progress.Answered {
			q.History = append(q.History, e.Message)
			if e.Seq <= c.OwnedAfter {
				in.segment = len(q.History)
			}
			if fromCustomer {
				in.lastText = e.Message.Text
			}
			continue
		}
		if first == 0 {
			first, in.startedAt = e.Seq, e.Message.At
		} else if e.Message.Text != "" && q.Text != "" {
			q.Text += "\n"
		}
		q.Text += e.Message.Text
		q.Attachments = append(q.Attachments, e.Message.Attachments...)
	}
	in.question = q
	in.journal = newJournal(w.agent.cfg.Store, w.lease, first, upTo)
	in.key = in.journal.turnKey()
	return in
}

type stepTimer struct {
	now   func() time.Time
	last  time.Time
	steps []TraceStep
}

func (t *stepTimer) start(now func() time.Time) { t.now, t.last = now, now() }

func (t *stepTimer) lap(step string) {
	now := t.now()
	if t.steps == nil {
		t.steps = make([]TraceStep, 0, 5) // 4 to 8
	}
	t.steps = append(t.steps, TraceStep{step, now.Sub(t.last)})
	t.last = now
}
