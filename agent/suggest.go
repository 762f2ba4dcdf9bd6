package agent

import (
	"context"
	"errors"
	"fmt"
)

// ErrNothingToAnswer: the customer's last message has been answered.
var ErrNothingToAnswer = errors.New("agent: nothing to answer")

// Suggest returns what the agent would reply to what the customer said since
// they were last answered, for the person who has the conversation; with
// [ErrNothingToAnswer] there is nothing. It passes the same guards as any reply,
// costs no credits, performs no action, and is neither sent nor kept:
// [Operator.Reply] sends what the person makes of it.
func (o *Operator) Suggest(ctx context.Context, conversation string) (Reply, error) {
	if err := o.allow(ctx, MayConverse, "suggest", conversation); err != nil {
		return Reply{}, err
	}
	a, err := o.agent.current(ctx)
	if err != nil {
		return Reply{}, err
	}
	c, err := a.cfg.Store.Load(ctx, a.cfg.ID, conversation)
	if err != nil {
		return Reply{}, err
	}
	if c.firstUnanswered() > int64(len(c.Messages)) {
		return Reply{}, fmt.Errorf("%w: %s", ErrNothingToAnswer, conversation)
	}
	if a, err = a.current(ctx); err != nil {
		return Reply{}, err
	}
	w := &work{agent: a}
	in := w.inputOfDraft(&c)
	in.journal = newPassingJournal(a.cfg.ID)
	in.key = in.journal.turnKey()
	reply, err := a.think(ctx, in)
	if err != nil {
		return Reply{}, err
	}
	if err := o.audit(ctx, AuditEvent{Action: "suggest", Target: conversation, After: reply.Decision.String()}); err != nil {
		return Reply{}, err
	}
	return a.signed(reply), nil
}
