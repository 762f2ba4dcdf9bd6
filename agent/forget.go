package agent

import (
	"context"
	"errors"
	"fmt"

	"github.com/kundeagent/kundeagent/handoff"
)

// MayForget is what [Operator.Forget] needs.
const MayForget Permission = "forget"

// ErrNoContact: nobody is named.
var ErrNoContact = errors.New("agent: contact ID is empty")

// Forget erases everything of the contact with this [channels.Contact].ID on one
// channel or, if channel is empty, on all of them: conversations in which they
// wrote, in any state, with their messages, notes, sends, pending approvals and journal, and the
// lines of the logs that hold their words or data, which are traces, gaps and
// what actions were called with. A turn that is being taken ends without a
// reply; a message that was claimed for sending may still go out. Forgetting
// somebody again erases what came since.
//
// Cases that were handed over go too where the router that has them is a
// [CaseEraser], be it Config.Router, one of Handoff.Routers, Handoff.Fallback or
// within one of these; one that is also a [CaseDesk] cancels first what is still
// open, so that nobody is given a case of nobody. What a human was told of a
// case by other means, such as [handoff.Notify], or has in a queue's Overflow
// alone, is for the host to forget.
//
// What stays says nothing of the contact: report lines and entries of a ledger
// name conversations by an ID that is a digest, and deliveries are known by one.
// The audit event names neither contact nor channel, only who forgot how much.
// Charges name the contact to the Meter: forgetting them there is the host's.
//
// Each part is tried even if another fails, and all errors come together; what
// was erased nevertheless is returned and audited with them. Forget again then.
func (o *Operator) Forget(ctx context.Context, channel, contact string) (Erased, error) {
	a := o.agent
	if err := o.allow(ctx, MayForget, "forget", a.cfg.ID); err != nil {
		return Erased{}, err
	}
	if contact == "" {
		return Erased{}, ErrNoContact
	}
	erased, err := a.forget(ctx, channel, contact)
	if err == nil || erased != (Erased{}) {
		err = errors.Join(err, o.audit(ctx, AuditEvent{Action: "forget", Target: a.cfg.ID, After: erased.String()}))
	}
	return erased, err
}

func (a *Agent) forget(ctx context.Context, channel, contact string) (Erased, error) {
	var errs []error
	fault := func(err error) {
		if err != nil {
			errs = append(errs, fmt.Errorf("agent: forget: %w", err))
		}
	}
	// The conversations are first, so that none of them makes another case.
	erased, err := a.cfg.Store.Erase(ctx, a.cfg.ID, Erasure{Contact: contact, Channel: channel})
	fault(err)
	// Also if nothing was left to erase: this may be the second try.
	fault(a.gapsForgotten(ctx))
	for _, r := range a.routers() {
		if eraser, ok := r.(CaseEraser); ok {
			n, err := forgetCases(ctx, eraser, handoff.Erasure{Contact: contact, Agent: a.cfg.ID, Channel: channel})
			erased.Cases += n
			fault(err)
		}
	}
	return erased, errors.Join(errs...)
}

// CaseEraser is a router that keeps cases and can erase them; [handoff.Queue] and
// [handoff.Inbox] are. Erase returns how many it erased, is idempotent and safe
// for concurrent use. It may leave open cases, if it is a [CaseDesk].
type CaseEraser interface {
	Erase(ctx context.Context, e handoff.Erasure) (int, error)
}

// forgetCases erases a contact's cases, the open ones too.
func forgetCases(ctx context.Context, eraser CaseEraser, e handoff.Erasure) (int, error) {
	var errs []error
	if desk, ok := eraser.(CaseDesk); ok {
		tickets, err := desk.Tickets(ctx)
		errs = append(errs, err)
		for _, t := range tickets {
			if e.CoversContact(t.Contact, t.Agent, t.Channel) {
				errs = append(errs, desk.Cancel(ctx, t.Key))
			}
		}
	}
	n, err := eraser.Erase(ctx, e)
	return n, errors.Join(append(errs, err)...)
}

// String tells the counts in words.
func (e Erased) String() string {
	return fmt.Sprintf("%d conversations, %d lines, %d cases", e.Conversations, e.Lines, e.Cases)
}
