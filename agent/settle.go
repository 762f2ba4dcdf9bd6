package agent

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"time"

	"github.com/kundeagent/kundeagent/credits"
)

// Step 10: the reservation is committed or released, and what happened is
// logged. It all carries keys, so that it can be done again after a crash.

// SettledTurn is a delivered reply that is still to be logged.
type SettledTurn struct {
	Key      string
	Question string
	Reply    Reply
	At       time.Time
	// Draft is the ID of the draft that the reply became instead of a message.
	Draft string `json:",omitempty"`
}

// after decides what becomes of a conversation's reservation: the first answer
// of substance commits it, a handoff before any releases it, and anything else
// leaves it for what comes next.
func (ch ChargeProgress) after(r Reply, key string) ChargeProgress {
	if ch.State != ChargeReserved {
		return ch
	}
	switch {
	case r.Substantive:
		ch.Settle, ch.Evidence = Commit, key
	case r.Decision == HandOff:
		ch.Settle = Release
	}
	return ch
}

// settle does what the last turn left to settle, and reports whether there was
// anything.
func (w *work) settle(ctx context.Context, c *Conversation) (bool, error) {
	if !c.Progress.unfinished() && !c.unreported() {
		return false, nil
	}
	if err := w.settleCharge(ctx, c); err != nil {
		return true, err
	}
	t := c.Progress.Unsettled
	if t != nil {
		if err := w.logTurn(ctx, c, t); err != nil {
			return true, err
		}
	}
	if err := w.logReport(ctx, c); err != nil {
		return true, err
	}
	if t != nil {
		w.agent.tell(c, t)
	}
	c.Progress.Unsettled = nil
	if err := w.save(ctx, Save{Progress: c.Progress}); err != nil {
		return true, err
	}
	if t != nil {
		w.agent.metrics.reply(c.Channel, &t.Reply, c.Progress.Admission.Refusal)
	}
	return true, nil
}

// tell tells the host what a turn came to.
func (a *Agent) tell(c *Conversation, t *SettledTurn) {
	switch d := c.draft(t.Draft); {
	case t.Draft == "" && a.cfg.OnReply != nil:
		a.cfg.OnReply(c.ID, t.Reply)
	case d != nil && a.cfg.OnDraft != nil:
		a.cfg.OnDraft(*d)
	}
}

func (w *work) settleCharge(ctx context.Context, c *Conversation) error {
	ch := &c.Progress.Charge
	meter := w.agent.cfg.Meter
	if ch.State != ChargeReserved || ch.Settle == Keep || meter == nil {
		return nil
	}
	settle := ch.Settle
	if settle == Commit && !wasSent(c, ch.Evidence) {
		settle = Release // the customer never got it
	}
	var err error
	if settle == Commit {
		err = meter.Commit(ctx, ch.Key, credits.Evidence{Conversation: c.ID, Rule: w.agent.cfg.Policy.Rule, Event: ch.Evidence, At: w.agent.cfg.Now()})
		ch.State = ChargeCommitted
	} else {
		err = meter.Release(ctx, ch.Key)
		ch.State = ChargeReleased
	}
	if errors.Is(err, credits.ErrSettled) || errors.Is(err, credits.ErrUnknown) {
		w.agent.cfg.Logger.ErrorContext(ctx, "charge cannot be settled", "agent", c.Agent, "conversation", c.ID, "error", err)
		err = nil // the meter has decided otherwise; trying again would not help
	}
	if err != nil {
		return fmt.Errorf("agent: settle charge of %s: %w", c.ID, err)
	}
	ch.Settle = Keep
	w.agent.metrics.charge(c, ch.State, w.agent.cfg.Policy.Amount)
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

func (w *work) logTurn(ctx context.Context, c *Conversation, t *SettledTurn) error {
	r := t.Reply
	if w.agent.cfg.LogText {
		w.agent.cfg.Logger.InfoContext(ctx, "turn", "agent", c.Agent, "conversation", c.ID, "question", t.Question, "decision", r.Decision.String(), "reply", r.Text)
	}
	err := w.logGap(ctx, c, t)
	if err == nil {
		err = w.agent.log(ctx, TraceLog, c.ID, t.Key, t.At, r)
	}
	return err
}

// log appends a line to a log; the text of gaps is redacted before, see logAsked,
// and report lines hold none.
// conversation is set where the line holds words or
// data of the customer's, which go when they are forgotten.
func (a *Agent) log(ctx context.Context, kind LogKind, conversation, key string, at time.Time, v any) error {
	data, err := json.Marshal(v)
	if err == nil && a.cfg.Redactor != nil && kind != AuditLog && kind != GapLog && kind != ReportLog {
		data, err = redactJSON(a.cfg.Redactor, data)
	}
	if err == nil {
		err = a.cfg.Store.Log(ctx, a.cfg.ID, kind, LogLine{Key: key, Conversation: conversation, At: at, Data: data})
	}
	if err != nil {
		return fmt.Errorf("agent: %s log: %w", kind, err)
	}
	return nil
}
