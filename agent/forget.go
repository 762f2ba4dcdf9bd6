package agent

import (
	"context"
	"errors"
	"fmt"
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
// What stays says nothing of the contact: report lines and entries of a ledger
// name conversations by an ID that is a digest, and deliveries are known by one.
// The audit event names neither contact nor channel, only who forgot how much.
// Cases that were handed over are with the Router, and charges name the contact
// to the Meter: forgetting them there is the host's.
func (o *Operator) Forget(ctx context.Context, channel, contact string) (Erased, error) {
	a := o.agent
	if err := o.allow(ctx, MayForget, "forget", a.cfg.ID); err != nil {
		return Erased{}, err
	}
	if contact == "" {
		return Erased{}, ErrNoContact
	}
	erased, err := a.cfg.Store.Erase(ctx, a.cfg.ID, Erasure{Contact: contact, Channel: channel})
	if err != nil {
		return Erased{}, fmt.Errorf("agent: forget: %w", err)
	}
	// Also if nothing was left to erase: this may be the second try.
	if err := a.gapsForgotten(ctx); err != nil {
		return Erased{}, err
	}
	return erased, o.audit(ctx, AuditEvent{Action: "forget", Target: a.cfg.ID, After: erased.String()})
}

// String tells the counts in words.
func (e Erased) String() string {
	return fmt.Sprintf("%d conversations, %d lines", e.Conversations, e.Lines)
}
