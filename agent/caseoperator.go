package agent

import (
	"context"
	"fmt"

	"github.com/kundeagent/kundeagent/handoff"
)

// What people do with cases.

// Cases returns the agent's cases that its desks have and that are not closed,
// whoever has waited longest first within each desk. ErrNoDesk if there is none.
func (o *Operator) Cases(ctx context.Context) ([]handoff.Ticket, error) {
	a := o.agent
	if err := o.allow(ctx, MayRead, "read cases", a.cfg.ID); err != nil {
		return nil, err
	}
	desks := a.desks()
	if len(desks) == 0 {
		return nil, ErrNoDesk
	}
	var out []handoff.Ticket
	for _, d := range desks {
		tickets, err := d.Tickets(ctx)
		if err != nil {
			return nil, fmt.Errorf("agent: cases of %s: %w", d.Name(), err)
		}
		for _, t := range tickets {
			if t.Agent == a.cfg.ID {
				out = append(out, t)
			}
		}
	}
	return out, nil
}

// Case returns what a human is handed with a conversation, as it was when it was
// handed over last. [handoff.ErrNoCase] if it never was.
func (o *Operator) Case(ctx context.Context, conversation string) (handoff.Case, error) {
	c, err := o.Conversation(ctx, conversation)
	if err != nil {
		return handoff.Case{}, err
	}
	if c.Progress.Handoff == nil {
		return handoff.Case{}, fmt.Errorf("agent: conversation %s: %w", conversation, handoff.ErrNoCase)
	}
	return c.Progress.Handoff.Case, nil
}

// AcceptCase makes the person the one who has a conversation's case, and the
// conversation with it. It fails with [handoff.ErrNotYours] if somebody else has
// it; [Operator.TakeOver] does not ask.
func (o *Operator) AcceptCase(ctx context.Context, conversation string) error {
	const action = "accept case"
	c, err := o.openCase(ctx, action, conversation)
	if err != nil {
		return err
	}
	if err := c.desk.Accept(ctx, c.key, o.actor.ID); err != nil {
		return err
	}
	return o.apply(ctx, action, conversation, OwnerChange{Owner: HumanOwns, Name: o.actor.Name, By: o.actor.ID})
}

// DeclineCase gives a case back that is offered to the person or that they
// accepted: the next one is asked.
func (o *Operator) DeclineCase(ctx context.Context, conversation string) error {
	const action = "decline case"
	c, err := o.openCase(ctx, action, conversation)
	if err != nil {
		return err
	}
	if err := c.desk.Decline(ctx, c.key, o.actor.ID); err != nil {
		return err
	}
	if c.owner == HumanOwns && c.ownerID == o.actor.ID {
		return o.apply(ctx, action, conversation, OwnerChange{Owner: HumanOwns})
	}
	return o.audit(ctx, AuditEvent{Action: action, Target: conversation})
}

// CancelCase ends a case that the customer needs no more, and resolves the
// conversation.
func (o *Operator) CancelCase(ctx context.Context, conversation string) error {
	const action = "cancel case"
	c, err := o.openCase(ctx, action, conversation)
	if err != nil {
		return err
	}
	if err := c.desk.Cancel(ctx, c.key); err != nil {
		return err
	}
	return o.apply(ctx, action, conversation, OwnerChange{Owner: NobodyOwns, Anew: true})
}

// ReturnCase ends a case and gives the conversation back to the agent.
func (o *Operator) ReturnCase(ctx context.Context, conversation string) error {
	const action = "return case"
	c, err := o.openCase(ctx, action, conversation)
	if err != nil {
		return err
	}
	if err := c.desk.Return(ctx, c.key); err != nil {
		return err
	}
	return o.apply(ctx, action, conversation, OwnerChange{Owner: AgentOwns, Anew: true})
}

// deskCase is an open case with the desk that has it.
type deskCase struct {
	key     string
	desk    CaseDesk
	owner   Owner
	ownerID string
}

// openCase finds the open case of a conversation for somebody who may work on
// it: [handoff.ErrNoCase] if there is none, ErrNoDesk if nothing more can be done
// with it than taking the conversation over.
func (o *Operator) openCase(ctx context.Context, action, conversation string) (deskCase, error) {
	if err := o.allow(ctx, MayConverse, action, conversation); err != nil {
		return deskCase{}, err
	}
	a := o.agent
	c, err := a.cfg.Store.Load(ctx, a.cfg.ID, conversation)
	if err != nil {
		return deskCase{}, err
	}
	h := c.Progress.Handoff
	if !h.open() || !h.Routed {
		return deskCase{}, fmt.Errorf("agent: conversation %s: %w", conversation, handoff.ErrNoCase)
	}
	desk := a.deskOf(h.Assignment)
	if desk == nil {
		return deskCase{}, fmt.Errorf("%w: case %s went to %q", ErrNoDesk, h.Case.Key, h.Assignment.Queue)
	}
	return deskCase{h.Case.Key, desk, c.Owner, c.OwnerID}, nil
}
