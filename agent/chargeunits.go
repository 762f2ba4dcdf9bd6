package agent

import (
	"context"
	"crypto/rand"
	"encoding/json"
	"errors"
	"fmt"
	"slices"

	"github.com/kundeagent/kundeagent/credits"
)

// Policies by action and by token charge for units of work within turns. What a
// unit may cost is reserved before the work, and noted in the turn's journal
// before that. The write that ends the turn, whoever ends it and after whatever
// crashes, finds there what was reserved and what came of it, and saves what is to
// be committed and released; the meter is told when that is settled.

// UnitCharge is what is to become of a reservation for units of work.
type UnitCharge struct {
	Key      string
	Amount   int64 // to charge, of what was reserved; 0 releases it
	Part     bool  // Amount is not all that was reserved
	Evidence credits.Evidence
}

// unitHold is a reservation for units of work, as noted in the journal.
type unitHold struct {
	Key    string
	Policy credits.Policy // by which it was made
	Amount int64
	Event  string
}

// tokensUsed is what one model call used, as noted in the journal. The ID tells
// it from another call that used as many.
type tokensUsed struct {
	ID     string
	Tokens int64
}

// maxUnits bounds the notes of either kind in a turn, however often the turn
// starts over.
const maxUnits = 10_000

var errManyUnits = errors.New("agent: a turn has more reservations or model calls than can be")

// perUnit reports whether units of work in the conversation are charged. One that
// another policy has reserved or paid for as a whole is not charged twice.
func (a *Agent) perUnit(c *Conversation) bool {
	p := &c.Progress
	byUnit := a.cfg.Policy.Basis == credits.ActionBasis || a.cfg.Policy.Basis == credits.TokenBasis
	return byUnit && a.cfg.Meter != nil && p.Charge.State != ChargeReserved && p.Charge.State != ChargeCommitted
}

// reserveTurn holds what the next turn may cost. By token that is the price of
// Config.MaxModelTokens. By action the account must be able to pay for one: that
// is reserved and released at once, since each call has a key of its own.
func (w *work) reserveTurn(ctx context.Context, c *Conversation, j journal) (admitted, error) {
	cfg := &w.agent.cfg
	byToken := cfg.Policy.Basis == credits.TokenBasis
	if !byToken && cfg.Model == nil && c.Progress.Admission.Taken {
		return admitted{taken: true}, nil // no model, no action
	}
	charge := credits.Charge{Account: cfg.Account, Key: j.unitKey("probe"), Amount: cfg.Policy.Price(1), Purpose: "conversation " + c.ID, Contact: c.Contact.ID}
	if byToken {
		charge.Key, charge.Amount = j.unitKey("tokens"), cfg.Policy.Price(int64(cfg.MaxModelTokens))
	}
	err := w.agent.reserveUnit(ctx, j, charge, j.turnKey())
	switch {
	case errors.Is(err, credits.ErrExhausted), errors.Is(err, credits.ErrCapped):
		return admitted{reason: err.Error(), why: NoCredits}, nil
	case errors.Is(err, credits.ErrSettled) && !byToken: // an earlier try of this turn was let through
		return admitted{taken: true}, nil
	case err == nil && !byToken:
		err = cfg.Meter.Release(ctx, charge.Key)
	}
	if err != nil {
		return admitted{}, fmt.Errorf("agent: reserve credits for %s: %w", c.ID, err)
	}
	return admitted{taken: true}, nil
}

// unitKey is the key of a reservation of the turn.
func (j journal) unitKey(what string) string {
	return fmt.Sprintf("%s/%s/%s/%s", j.lease.Agent, j.lease.Conversation, j.turn, what)
}

// errUnpaidAction: the customer's account cannot pay for an action. The model is
// told so, in words that it may pass on.
var errUnpaidAction = fmt.Errorf("%w: it cannot be done automatically at the moment, but a colleague can do it", ErrActionRefused)

// reserveAction holds the price of a call before it is performed.
func (a *Agent) reserveAction(ctx context.Context, in input, rec ActionRecord) error {
	if !in.perUnit || a.cfg.Policy.Basis != credits.ActionBasis {
		return nil
	}
	err := a.reserveUnit(ctx, in.journal, credits.Charge{
		Account: a.cfg.Account, Key: rec.Key, Amount: a.cfg.Policy.Price(1), Purpose: "action " + rec.Name + " in conversation " + in.conversation, Contact: in.question.Contact.ID,
	}, rec.Name+" for "+in.key)
	switch {
	case errors.Is(err, credits.ErrExhausted), errors.Is(err, credits.ErrCapped):
		a.cfg.Logger.WarnContext(ctx, "action not paid for", "agent", a.cfg.ID, "conversation", in.conversation, "action", rec.Name, "error", err)
		return errUnpaidAction
	case err != nil:
		return fmt.Errorf("agent: reserve credits for action %s: %w", rec.Name, err)
	}
	return nil
}

// reserveUnit notes a reservation and makes it, under the policy by which it was
// first noted.
func (a *Agent) reserveUnit(ctx context.Context, j journal, c credits.Charge, event string) error {
	h := unitHold{Key: c.Key, Policy: a.cfg.Policy, Amount: c.Amount, Event: event}
	for n := range maxUnits {
		data, err := j.record(ctx, fmt.Sprintf("hold/%d", n), h)
		if err != nil {
			return err
		}
		var kept unitHold
		if err := unmarshalRecord(h.Key, data, &kept); err != nil {
			return err
		}
		if kept.Key == h.Key {
			c.Amount = kept.Amount
			return a.cfg.Meter.Reserve(ctx, c)
		}
	}
	return fmt.Errorf("%w: more than %d reservations", errManyUnits, maxUnits)
}

// noteTokens notes what a model call used. It is nil for turns that are not
// charged by token.
type noteTokens func(ctx context.Context, req Request, r modelResponse, err error) error

// tokenNotes returns what notes a turn's tokens, and how many were used by
// earlier tries of it.
func (a *Agent) tokenNotes(ctx context.Context, in input) (noteTokens, int64, error) {
	if !in.perUnit || in.unpaid || a.cfg.Policy.Basis != credits.TokenBasis {
		return nil, 0, nil
	}
	used, n, err := in.journal.tokens(ctx)
	if err != nil {
		return nil, 0, err
	}
	return func(ctx context.Context, req Request, r modelResponse, failed error) error {
		spent := int64(r.Usage.InputTokens + r.Usage.OutputTokens)
		if spent == 0 && failed == nil {
			spent = int64(estimateTokens(req) + estimateAnswer(r))
		}
		if spent <= 0 {
			return nil
		}
		// What was used was used, even if ctx ended meanwhile.
		_, err := in.journal.record(context.WithoutCancel(ctx), fmt.Sprintf("tokens/%d", n), tokensUsed{rand.Text(), spent})
		n++
		return err
	}, used, nil
}

// tokens adds up what was noted, in so many notes.
func (j journal) tokens(ctx context.Context) (used int64, notes int, err error) {
	for n := range maxUnits {
		var t tokensUsed
		found, err := j.read(ctx, fmt.Sprintf("tokens/%d", n), &t)
		if err != nil || !found {
			return used, n, err
		}
		used += t.Tokens
	}
	return used, maxUnits, fmt.Errorf("%w: more than %d model calls", errManyUnits, maxUnits)
}

// read sets v to what is kept under a key, if anything is.
func (j journal) read(ctx context.Context, key string, v any) (found bool, err error) {
	data, err := j.store.Recorded(ctx, j.lease, j.turn, key)
	if err == nil && data != nil {
		err = json.Unmarshal(data, v)
	}
	if err != nil {
		return false, fmt.Errorf("agent: journal %s: %w", key, err)
	}
	return data != nil, nil
}

// chargeEnded adds to a write that ends turns what is to become of their
// reservations.
func (w *work) chargeEnded(ctx context.Context, s *Save) error {
	cfg := &w.agent.cfg
	if cfg.Meter == nil || cfg.Policy.Basis != credits.ActionBasis && cfg.Policy.Basis != credits.TokenBasis {
		return nil
	}
	for _, turn := range s.Ended {
		j := journal{store: cfg.Store, lease: w.lease, turn: turn}
		for n := range maxUnits {
			var h unitHold
			found, err := j.read(ctx, fmt.Sprintf("hold/%d", n), &h)
			if err != nil {
				return err
			}
			if !found {
				break
			}
			u, err := w.unitCharge(ctx, j, h)
			if err != nil {
				return err
			}
			s.Progress.Units = append(slices.Clip(s.Progress.Units), u) // the store may hold the same array
		}
	}
	return nil
}

// unitCharge is what is to become of one reservation: an action is charged if it
// is known to have succeeded, and tokens as they were used, up to what was
// reserved.
func (w *work) unitCharge(ctx context.Context, j journal, h unitHold) (UnitCharge, error) {
	u := UnitCharge{Key: h.Key, Evidence: credits.Evidence{Conversation: w.lease.Conversation, Rule: h.Policy.Rule, Event: h.Event, At: w.agent.cfg.Now()}}
	if h.Policy.Basis == credits.TokenBasis {
		used, _, err := j.tokens(ctx)
		u.Evidence.Units, u.Amount = used, min(h.Policy.Price(used), h.Amount)
		u.Part = u.Amount < h.Amount
		return u, err
	}
	var rec ActionRecord
	found, err := j.read(ctx, h.Key+"/done", &rec)
	if found && rec.Outcome == ActionPerformed {
		u.Evidence.Units, u.Amount = 1, h.Amount
	}
	return u, err
}

// settleUnits tells the meter what became of reservations for units of work.
func (w *work) settleUnits(ctx context.Context, c *Conversation) error {
	meter := w.agent.cfg.Meter
	for _, u := range c.Progress.Units {
		var err error
		switch {
		case meter == nil:
		case u.Amount == 0:
			err = meter.Release(ctx, u.Key)
		case u.Part:
			err = meter.(credits.PartCommitter).CommitPart(ctx, u.Key, u.Amount, u.Evidence) // checkCharging saw to it
		default:
			err = meter.Commit(ctx, u.Key, u.Evidence)
		}
		if errors.Is(err, credits.ErrUnknown) && u.Amount == 0 {
			err = nil // it was refused
		}
		if err = w.settledOtherwise(ctx, err); err != nil {
			return fmt.Errorf("agent: settle charge %s: %w", u.Key, err)
		}
		if u.Amount > 0 && meter != nil {
			w.agent.metrics.charge(c, ChargeCommitted, u.Amount)
		}
	}
	c.Progress.Units = nil
	return nil
}
