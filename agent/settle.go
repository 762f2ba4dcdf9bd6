package agent

import (
	"context"
	"encoding/json"
	"fmt"
	"time"
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

// settle does what the last turn left to settle, and reports whether there was
// anything.
func (w *work) settle(ctx context.Context, c *Conversation) (bool, error) {
	if !c.Progress.unfinished() && !c.unreported() {
		return false, nil
	}
	if err := w.settleCharge(ctx, c); err != nil {
		return true, err
	}
	if err := w.settleUnits(ctx, c); err != nil {
		return true, err
	}
	t := c.Progress.Unsettled
	if t != nil {
		if err := w.logTurn(ctx, c, t); err != nil {
			return true, err
		}
	}
	if err := w.logVoteGaps(ctx, c); err != nil { // before logReport notes the votes as dealt with
		return true, err
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
