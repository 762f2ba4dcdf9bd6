package agent

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/kundeagent/kundeagent/channels"
	"github.com/kundeagent/kundeagent/credits"
	"github.com/kundeagent/kundeagent/handoff"
)

// What a conversation costs is decided in one place, by [credits.Policy.Judge]
// from the facts of the conversation: when a turn is settled, when the
// conversation ends, and when something happened outside turns or the time of
// judgement came, which [Conversation.DueAt] tells. What was decided is
// saved before the meter is told, unless it follows from what was saved before,
// so that a crash between the two finds the same decision.

// ChargeState is where a conversation's charge stands.
type ChargeState uint8

// The states of a charge.
const (
	ChargeNone      ChargeState = iota // nothing is reserved
	ChargeReserved                     // until it is judged, or lapses
	ChargeCommitted                    // the conversation is paid for
	ChargeReleased
	ChargeRefunded
)

// ChargeProgress is a conversation's charge.
type ChargeProgress struct {
	Attempt int // counts reservations; part of the key
	Key     string
	// Policy is the one by which it was reserved; it is judged by that too if the
	// agent has another by then.
	Policy credits.Policy
	State  ChargeState
	Settle credits.Settlement // decided, not yet done
	// Evidence is what decided it, and EvidenceAt when that was.
	Evidence   string
	EvidenceAt time.Time

	// Answered is the message with the last answer of substance that arrived while
	// credits were reserved, and HumanAsked that the customer asked for a human.
	Answered   string
	HumanAsked bool

	Judged  ChargeMark // up to where the conversation was judged
	JudgeAt time.Time  // when to judge again; zero is not by itself
	Held    time.Time  // until when the reservation was extended
}

// ChargeMark is a place in a conversation.
type ChargeMark struct {
	UpTo  int64 // the customer's last message
	Votes int64 // how many there were
	Owner int64 // the version of the owner
}

func (c *Conversation) chargeMark() ChargeMark {
	return ChargeMark{UpTo: c.lastCustomerSeq(), Votes: c.votes(), Owner: c.OwnerVersion}
}

// unsettled reports whether something was decided and is not done.
func (ch *ChargeProgress) unsettled() bool { return ch.Settle != credits.Keep }

// chargeDueAt returns from when the conversation's charge is to be judged, if
// nothing happens until then: its time, or at once if something happened outside
// turns that may change it. It is false if there is nothing to judge; a paid
// conversation is watched only where the policy takes a charge back.
func (c *Conversation) chargeDueAt() (at time.Time, ok bool) {
	ch := &c.Progress.Charge
	switch {
	case ch.unsettled():
		return time.Time{}, true
	case ch.State == ChargeReserved:
	case ch.State == ChargeCommitted && ch.Policy.Basis == credits.ResolutionBasis:
		if c.lastCustomerSeq() > ch.Judged.UpTo {
			return time.Time{}, true
		}
	default:
		return time.Time{}, false
	}
	if c.votes() > ch.Judged.Votes || c.OwnerVersion != ch.Judged.Owner {
		return time.Time{}, true
	}
	return ch.JudgeAt, !ch.JudgeAt.IsZero() && !c.awaitsApproval()
}

// exchangeDueAt is DueAt for media that answer inside the request: there only the
// charge of what was answered is left to do.
func (c *Conversation) exchangeDueAt() (at time.Time, ok bool) {
	at, ok = c.chargeDueAt()
	if !ok || c.lastCustomerSeq() > c.Progress.Answered || c.sending() {
		return time.Time{}, false
	}
	if at.Before(c.Progress.NotBefore) {
		at = c.Progress.NotBefore
	}
	return at, true
}

func (c *Conversation) chargeDue(now time.Time) bool {
	at, ok := c.chargeDueAt()
	return ok && !now.Before(at)
}

// chargeFacts is what a conversation's charge is judged by. They are those of the whole
// conversation: one that a human once had, or whose customer was once unhappy, is
// not resolved by the agent later.
func (c *Conversation) chargeFacts() credits.Facts {
	ch := &c.Progress.Charge
	return credits.Facts{
		Answered:     ch.Answered != "",
		HandedOff:    c.Progress.Handoff != nil || c.Owner == HumanOwns || slices.ContainsFunc(c.Messages, byHuman),
		HumanAsked:   ch.HumanAsked,
		Negative:     c.unhappy(),
		Ended:        c.Owner == NobodyOwns,
		Charged:      ch.State == ChargeCommitted,
		Reopened:     c.lastCustomerSeq() > ch.Judged.UpTo,
		LastActivity: c.ActiveAt,
	}
}

func byHuman(e channels.Entry) bool { return e.Message.Author == channels.FromHuman }

// reserve holds the credits of the conversation, or of its next turn. What was released, refunded or refused
// before gets a new key, so that no two reservations of a conversation live.
func (w *work) reserve(ctx context.Context, c *Conversation, j journal) (admitted, error) {
	cfg := &w.agent.cfg
	ch := &c.Progress.Charge
	switch {
	case cfg.Meter == nil, ch.State == ChargeCommitted:
		return admitted{taken: true}, nil
	case w.agent.perUnit(c):
		return w.reserveTurn(ctx, c, j)
	}
	for tries := 0; ; tries++ {
		if ch.State != ChargeReserved {
			ch.begin(c, cfg.Policy)
		}
		err := cfg.Meter.Reserve(ctx, w.charge(c))
		switch {
		case errors.Is(err, credits.ErrSettled) && tries == 0:
			ch.State = ChargeReleased // by somebody else: it goes on under a new key
			continue
		case errors.Is(err, credits.ErrExhausted), errors.Is(err, credits.ErrCapped):
			ch.State = ChargeNone // what was held before has lapsed
			return admitted{reason: err.Error(), why: NoCredits}, nil
		case err != nil:
			return admitted{}, fmt.Errorf("agent: reserve credits for %s: %w", c.ID, err)
		}
		if ch.State = ChargeReserved; !cfg.Now().Before(ch.Held) {
			ch.Held = time.Time{}
		}
		return admitted{taken: true}, nil
	}
}

// begin makes the next reservation's charge. What the conversation was judged by
// goes with it.
func (ch *ChargeProgress) begin(c *Conversation, p credits.Policy) {
	n := ch.Attempt + 1
	*ch = ChargeProgress{
		Attempt: n, Key: fmt.Sprintf("%s/%s/%d", c.Agent, c.ID, n), Policy: p,
		Answered: ch.Answered, HumanAsked: ch.HumanAsked, Judged: c.chargeMark(),
	}
}

func (w *work) charge(c *Conversation) credits.Charge {
	ch := &c.Progress.Charge
	return credits.Charge{Account: w.agent.cfg.Account, Key: ch.Key, Amount: ch.Policy.Amount, Purpose: "conversation " + c.ID, Contact: c.Contact.ID}
}

// chargeTurn judges the conversation after a turn. It is judged as of its delivery,
// so that the same comes of it whenever it is settled.
func (ch *ChargeProgress) chargeTurn(c *Conversation, t *SettledTurn) {
	if ch.State != ChargeReserved || ch.unsettled() || t.Draft != "" {
		return
	}
	switch {
	case !t.Reply.Substantive:
	case wasSent(c, t.Key):
		ch.Answered = t.Key
	case ch.Answered == "":
		ch.Settle = credits.ReleaseIt // nothing arrived, and the next may not either
		return
	}
	ch.HumanAsked = ch.HumanAsked || t.Reply.Trace.Signal.Reason == handoff.AskedForHuman
	ch.judge(c, c.chargeFacts(), t.At)
}

// chargeEnd judges a conversation that is about to end.
func (ch *ChargeProgress) chargeEnd(c *Conversation, now time.Time) {
	if ch.State != ChargeReserved {
		return
	}
	f := c.chargeFacts()
	f.Ended = true
	ch.judge(c, f, now)
	ch.Judged.Owner++ // nobody's
}

// judge decides what is to become of the charge.
func (ch *ChargeProgress) judge(c *Conversation, f credits.Facts, now time.Time) {
	j := ch.Policy.Judge(f, now)
	ch.Settle, ch.JudgeAt, ch.Judged = j.Settlement, j.Due, c.chargeMark()
	switch j.Settlement {
	case credits.CommitIt:
		ch.Evidence, ch.EvidenceAt = ch.Answered, f.LastActivity
	case credits.RefundIt:
		ch.Evidence, ch.EvidenceAt = c.refundEvidence(f), now
	}
}

// refundEvidence says why a charge is taken back.
func (c *Conversation) refundEvidence(f credits.Facts) string {
	switch {
	case f.Reopened:
		return fmt.Sprintf("reopened by message %d", c.lastCustomerSeq())
	case f.Negative:
		return fmt.Sprintf("negative vote, number %d", c.votes())
	case f.HumanAsked:
		return "a human was asked for"
	}
	return "a human has the conversation"
}

// judgeCharge judges a conversation outside turns.
func (w *work) judgeCharge(ctx context.Context, c Conversation) error {
	upTo := c.lastCustomerSeq()
	c.Progress.Charge.judge(&c, c.chargeFacts(), w.agent.cfg.Now())
	if err := w.hold(ctx, &c); err != nil {
		return err
	}
	return w.save(ctx, Save{IfOwner: &c.OwnerVersion, IfUpTo: &upTo, Progress: c.Progress})
}

// settleCharge does what was decided about the charge.
func (w *work) settleCharge(ctx context.Context, c *Conversation) error {
	ch := &c.Progress.Charge
	cfg := &w.agent.cfg
	if cfg.Meter == nil {
		ch.Settle, ch.State, ch.JudgeAt = credits.Keep, ChargeNone, time.Time{}
		return nil
	}
	if t := c.Progress.Unsettled; t != nil {
		ch.chargeTurn(c, t)
	}
	if !ch.unsettled() {
		return w.hold(ctx, c)
	}
	next, err := w.tellMeter(ctx, c)
	if err = w.settledOtherwise(ctx, err); err != nil {
		return fmt.Errorf("agent: settle charge of %s: %w", c.ID, err)
	}
	ch.State, ch.Settle = next, credits.Keep
	w.agent.metrics.charge(c, next, ch.Policy.Amount)
	return nil
}

// settledOtherwise logs an error that says that the meter has decided otherwise,
// where trying again would not help, and returns any other.
func (w *work) settledOtherwise(ctx context.Context, err error) error {
	if !errors.Is(err, credits.ErrSettled) && !errors.Is(err, credits.ErrUnknown) && !errors.Is(err, credits.ErrUncommitted) && !errors.Is(err, credits.ErrConflict) {
		return err
	}
	w.agent.cfg.Logger.ErrorContext(ctx, "charge cannot be settled", "agent", w.lease.Agent, "conversation", w.lease.Conversation, "error", err)
	return nil
}

// tellMeter commits, releases or refunds, and returns the state that follows.
func (w *work) tellMeter(ctx context.Context, c *Conversation) (ChargeState, error) {
	ch := &c.Progress.Charge
	meter := w.agent.cfg.Meter
	e := credits.Evidence{Conversation: c.ID, Rule: ch.Policy.Rule, Event: ch.Evidence, At: ch.EvidenceAt}
	switch ch.Settle {
	case credits.CommitIt:
		return ChargeCommitted, w.commit(ctx, c, e)
	case credits.RefundIt:
		return ChargeRefunded, meter.(credits.Refunder).Refund(ctx, ch.Key, e) // validate saw to it
	}
	return ChargeReleased, meter.Release(ctx, ch.Key)
}

// commit charges. Where a reservation that is judged late could not be extended it
// is reserved again before, which changes nothing while it holds; if it lapsed and
// cannot be had any more, what is charged is the meter's to say.
func (w *work) commit(ctx context.Context, c *Conversation, e credits.Evidence) error {
	ch := &c.Progress.Charge
	meter := w.agent.cfg.Meter
	if _, extends := meter.(credits.Extender); !extends && ch.Policy.Basis == credits.ResolutionBasis {
		err := meter.Reserve(ctx, w.charge(c))
		if err != nil && !errors.Is(err, credits.ErrExhausted) && !errors.Is(err, credits.ErrCapped) && !errors.Is(err, credits.ErrSettled) {
			return err
		}
	}
	return meter.Commit(ctx, ch.Key, e)
}

const (
	// holdMargin is how long a reservation outlasts its judgement at least, for an
	// agent that does not run at that time.
	holdMargin = 12 * time.Hour
	// holdStep is in what steps it is extended, so that a conversation of many turns
	// extends it once a day.
	holdStep = 24 * time.Hour
)

// hold extends a reservation until it is judged. One that lapsed is reserved again
// by the next turn; without a turn its late commit charges what the meter says.
func (w *work) hold(ctx context.Context, c *Conversation) error {
	ch := &c.Progress.Charge
	extender, ok := w.agent.cfg.Meter.(credits.Extender)
	wanted := ch.JudgeAt.Add(holdMargin)
	if !ok || ch.State != ChargeReserved || ch.JudgeAt.IsZero() || !wanted.After(ch.Held) {
		return nil
	}
	until := wanted.Truncate(holdStep).Add(holdStep)
	err := extender.Extend(ctx, ch.Key, until)
	switch {
	case errors.Is(err, credits.ErrLapsed), errors.Is(err, credits.ErrSettled), errors.Is(err, credits.ErrUnknown):
		w.agent.cfg.Logger.WarnContext(ctx, "reservation cannot be extended", "agent", c.Agent, "conversation", c.ID, "error", err)
	case err != nil:
		return fmt.Errorf("agent: extend reservation of %s: %w", c.ID, err)
	}
	ch.Held = until
	return nil
}

// wasSent reports whether the message with that key was sent, or may have been.
func wasSent(c *Conversation, key string) bool {
	for _, s := range c.Outbox {
		if s.Out.Key == key {
			return s.State != SendFailed
		}
	}
	return true
}

// checkCharging returns every reason why an agent cannot charge by a policy with a
// meter.
func checkCharging(p credits.Policy, m credits.Meter) error {
	var errs []error
	fault := func(format string, args ...any) {
		errs = append(errs, fmt.Errorf("%w: Policy "+format, append([]any{ErrInvalidConfig}, args...)...))
	}
	if p.Amount < 0 || p.Amount > credits.MaxAmount || p.Units < 0 || p.ResolveAfter < 0 {
		fault("charges %d credits for %d units, after %v", p.Amount, p.Units, p.ResolveAfter)
	}
	switch p.Basis {
	case "", credits.ConversationBasis:
	case credits.ResolutionBasis:
		if _, ok := m.(credits.Refunder); m != nil && !ok {
			fault("charges by resolution, which the Meter must be able to take back: it is no credits.Refunder")
		}
	case credits.ActionBasis:
	case credits.TokenBasis:
		if _, ok := m.(credits.PartCommitter); m != nil && !ok {
			fault("charges by token, of which the Meter must be able to charge less than was reserved: it is no credits.PartCommitter")
		}
	default:
		fault("charges by %q, which the agent cannot settle", p.Basis)
	}
	return errors.Join(errs...)
}
