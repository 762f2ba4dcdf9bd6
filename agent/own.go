package agent

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"time"

	"github.com/kundeagent/kundeagent/handoff"
)

// Step 2: one turn at a time for each conversation, across replicas, and none
// while a human has it.

// work is the time for which this process has the lease of one conversation.
type work struct {
	agent *Agent
	lease Lease
	// exchanged collects sends instead of handing them to the channel, for
	// media that answer inside the request.
	exchange bool
	// live is the message that is being shown while it is written.
	live *liveStream
}

// maxFailures is how often a turn fails in a row before a human gets the
// conversation.
const maxFailures = 5

// maxRounds bounds how often one lease looks for more to do; a customer who
// writes on and on is served under the next lease.
const maxRounds = 100

func newHolder() string { return rand.Text() }

// own takes the lease of a conversation and does all there is to do. It is
// ErrLeased if somebody else has the lease, and nil if the conversation is
// erased before or meanwhile.
func (a *Agent) own(ctx context.Context, conversation string, exchange bool) error {
	lease, err := a.cfg.Store.Lease(ctx, a.cfg.ID, conversation, a.holder, a.cfg.Lease)
	switch {
	case errors.Is(err, ErrNoConversation):
		return nil
	case errors.Is(err, ErrLeased):
		return err
	case err != nil:
		return fmt.Errorf("agent: lease %s: %w", conversation, err)
	}
	ctx, stop := context.WithCancelCause(ctx)
	kept := make(chan struct{})
	go func() {
		defer close(kept)
		a.keep(ctx, stop, lease)
	}()
	w := &work{agent: a, lease: lease, exchange: exchange}
	err = w.all(ctx)
	stop(nil)
	<-kept
	if errors.Is(err, context.Canceled) {
		err = errors.Join(err, context.Cause(ctx))
	}
	if errors.Is(err, ErrNoConversation) {
		err = nil
	}
	// Given back also when ctx has ended: others need not wait for the lapse.
	return errors.Join(err, a.cfg.Store.Unlease(context.WithoutCancel(ctx), lease))
}

// keep extends the lease until ctx ends, and ends ctx when the lease is lost.
func (a *Agent) keep(ctx context.Context, stop context.CancelCauseFunc, lease Lease) {
	tick := time.NewTicker(max(a.cfg.Lease/3, time.Millisecond))
	defer tick.Stop()
	for {
		select {
		case <-ctx.Done():
			return
		case <-tick.C:
			if err := a.cfg.Store.Extend(ctx, lease, a.cfg.Lease); errors.Is(err, ErrFenced) || errors.Is(err, ErrNoConversation) {
				stop(err)
				return
			}
		}
	}
}

// all finishes what was begun, then takes turns until nothing is left to do.
func (w *work) all(ctx context.Context) error {
	for range maxRounds {
		c, err := w.load(ctx)
		if err != nil {
			return err
		}
		more, err := w.round(ctx, c)
		switch {
		case errors.Is(err, ErrSuperseded), errors.Is(err, ErrTakenOver):
			continue // the conversation moved on: look again
		case err != nil && ctx.Err() == nil && !errors.Is(err, ErrFenced):
			return errors.Join(err, w.postpone(ctx, err))
		case err != nil:
			return err
		case !more:
			return nil
		}
	}
	return nil
}

// round does the next thing there is to do, and reports whether there may be
// more.
func (w *work) round(ctx context.Context, c Conversation) (more bool, err error) {
	finished, err := w.finish(ctx, &c)
	if err != nil {
		return false, err
	}
	now := w.agent.cfg.Now()
	switch {
	case c.chargeDue(now):
		return true, w.judgeCharge(ctx, c)
	case c.lastCustomerSeq() > c.Progress.Answered:
		return true, w.turn(ctx, c)
	case c.dueApproval(now) != nil:
		return true, w.settleApproval(ctx, c, *c.dueApproval(now))
	case c.closes(now):
		return true, w.close(ctx, c)
	default:
		return finished, nil
	}
}

func (w *work) load(ctx context.Context) (Conversation, error) {
	c, err := w.agent.cfg.Store.Load(ctx, w.lease.Agent, w.lease.Conversation)
	if err != nil {
		return c, fmt.Errorf("agent: load %s: %w", w.lease.Conversation, err)
	}
	return c, nil
}

func (w *work) save(ctx context.Context, s Save) error { return w.write(ctx, &s) }

// write is save, and leaves in s what was written.
func (w *work) write(ctx context.Context, s *Save) error {
	if err := w.chargeEnded(ctx, s); err != nil {
		return err
	}
	if err := w.agent.cfg.Store.Save(ctx, w.lease, *s); err != nil {
		return fmt.Errorf("agent: save %s: %w", w.lease.Conversation, err)
	}
	w.agent.watchers.changed(w.lease.Conversation)
	return nil
}

// staySilent takes note of messages that a human is to answer.
func (w *work) staySilent(ctx context.Context, c Conversation) error {
	upTo := c.lastCustomerSeq()
	p := c.Progress
	p.Answered = upTo
	return w.save(ctx, Save{IfOwner: &c.OwnerVersion, IfUpTo: &upTo, Progress: p, Ended: []string{c.turnName()}})
}

// close ends an idle conversation.
func (w *work) close(ctx context.Context, c Conversation) error {
	upTo := c.lastCustomerSeq()
	p := c.Progress
	p.Charge.chargeEnd(&c, w.agent.cfg.Now())
	return w.save(ctx, Save{
		IfOwner: &c.OwnerVersion, IfUpTo: &upTo, Progress: p,
		Owner: &OwnerChange{Owner: NobodyOwns, At: w.agent.cfg.Now()},
	})
}

// postpone counts a failed turn and sets when it is tried again. After too many
// failures, or when only a human can tell what happened, the conversation is
// handed over.
func (w *work) postpone(ctx context.Context, cause error) error {
	c, err := w.load(ctx)
	if err != nil {
		return err
	}
	w.agent.cfg.Logger.WarnContext(ctx, "turn failed", "agent", c.Agent, "conversation", c.ID, "failures", c.Progress.Failures+1, "error", cause)
	w.agent.metrics.add(MetricTurnFailures, c.Channel, "", 1, 0)
	c.Progress.Failures++
	stuck := needsHuman(cause) || c.Progress.Failures >= maxFailures
	if p := failedApproval(&c, cause); stuck && p != nil {
		return w.giveUpApproval(ctx, c, *p, cause)
	}
	if stuck && failedDraft(cause) {
		return w.giveUpDraft(ctx, c, cause)
	}
	if stuck && c.Owner == AgentOwns && c.lastCustomerSeq() > c.Progress.Answered {
		in := w.inputOf(&c)
		reply := w.agent.handOver(ctx, in, in.language, handoff.Failure, cause.Error())
		c.Progress.Failures = 0
		return w.deliver(ctx, c, in, reply)
	}
	c.Progress.NotBefore = w.agent.cfg.Now().Add(backoff(c.Progress.Failures))
	return w.save(ctx, Save{Progress: c.Progress})
}

// needsHuman reports whether trying again cannot help: only a human can find
// out what happened.
func needsHuman(err error) bool {
	var unknown *OutcomeError
	return errors.As(err, &unknown) && !unknown.Repeatable
}

// backoff doubles from one second to five minutes.
func backoff(failures int) time.Duration {
	return min(time.Second<<min(max(failures-1, 0), 16), 5*time.Minute)
}
