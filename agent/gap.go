package agent

import (
	"context"
	"crypto/rand"
	"encoding/json"
	"errors"
	"fmt"
	"sync"
	"time"

	"github.com/kundeagent/kundeagent/handoff"
	"github.com/kundeagent/kundeagent/knowledge/gaps"
)

// Knowledge gaps: what customers asked and the knowledge did not answer, or not
// so that it helped. One question of each conversation is logged in [GapLog] as a [gaps.Event], with the
// topic it belongs to; what people do about topics is logged there too. The
// topics are the fold of that log.

// Why a question is a gap, see [gaps.Event].Reason.
const (
	GapClarified  = "asked back"
	GapOffered    = "offered a human"
	GapHandedOver = string(handoff.CannotAnswer)
	// GapNotHelpful: the customer voted that the answer did not help.
	GapNotHelpful = "not helpful"
)

// gapReason says why a reply shows a gap; empty if it shows none. What the
// knowledge would have answered is none, nor is a topic to avoid.
func gapReason(r *Reply) string {
	known := len(r.Trace.Hits) > 0 && r.Trace.Answerability >= r.Trace.AnswerAt
	switch {
	case r.Case != nil && r.Case.Reason == handoff.CannotAnswer:
		return GapHandedOver
	case r.Case != nil || known || r.Trace.avoided():
		return ""
	case r.Decision == Clarify:
		return GapClarified
	case r.Decision == OfferHandoff:
		return GapOffered
	}
	return ""
}

// logGap logs the question of a turn if it had no answer.
func (w *work) logGap(ctx context.Context, c *Conversation, t *SettledTurn) error {
	reason := gapReason(&t.Reply)
	if reason == "" {
		return nil
	}
	return w.agent.logAsked(ctx, gaps.Event{
		Conversation: c.ID, Channel: c.Channel, Language: t.Reply.Language, Question: t.Question,
		Confidence: t.Reply.Confidence, Seq: c.Progress.Answered, Reason: reason, At: t.At,
	})
}

// meaningTimeout bounds how long Config.Gaps.Meaning may take about a question.
const meaningTimeout = 5 * time.Second

// logAsked logs a question in its topic, once for each conversation. The topic
// is told by what is kept of the question, not by what a Redactor takes out.
func (a *Agent) logAsked(ctx context.Context, e gaps.Event) error {
	e.Kind, e.ID = gaps.Asked, e.Conversation
	if a.cfg.Redactor != nil {
		e.Question = a.cfg.Redactor.Redact(e.Question)
	}
	if !gaps.Askable(e.Question) {
		return nil
	}
	return a.gaps.use(ctx, a, func(topics *gaps.Topics) error {
		if topics.Knows(e.Conversation) {
			return nil
		}
		limited, cancel := context.WithTimeout(ctx, meaningTimeout)
		defer cancel()
		topic, err := topics.Place(limited, e.Conversation, e.Question, e.Language)
		if err != nil {
			a.cfg.Logger.WarnContext(ctx, "question is placed among knowledge gaps by its words alone", "agent", a.cfg.ID, "error", err)
		}
		e.Topic = topic
		return a.log(ctx, GapLog, e.Conversation, e.ID, e.At, e)
	})
}

// gapTopics is this process's fold of the log. Each use reads only the lines
// that are new, unless lines were erased: then it begins anew, so that nothing of
// them is kept.
type gapTopics struct {
	mu     sync.Mutex
	topics *gaps.Topics
	first  int64 // number of the first line
	last   int64 // number of the last line
	erased int64 // number of the last line that told of an erasure
}

// gapLinesAtOnce is how many lines are read in one look at the store.
const gapLinesAtOnce = 1000

// gapsErased is the kind of a line that tells of erased lines.
const gapsErased gaps.Kind = "erased"

// use calls do with all that is logged so far. Nobody else uses the fold
// meanwhile.
func (g *gapTopics) use(ctx context.Context, a *Agent, do func(*gaps.Topics) error) error {
	g.mu.Lock()
	defer g.mu.Unlock()
	if err := g.refresh(ctx, a); err != nil {
		return err
	}
	return do(g.topics)
}

func (g *gapTopics) refresh(ctx context.Context, a *Agent) error {
	head, err := a.cfg.Store.Logs(ctx, a.cfg.ID, GapLog, 0, 1)
	if err != nil {
		return fmt.Errorf("agent: gap log: %w", err)
	}
	first := int64(0)
	if len(head) > 0 {
		first = head[0].Number
	}
	if g.topics == nil || first != g.first && g.first != 0 {
		g.begin(a)
	}
	g.first = first
	erased, err := g.read(ctx, a)
	if err != nil || erased <= g.erased {
		return err
	}
	g.begin(a)
	g.erased = erased
	_, err = g.read(ctx, a)
	return err
}

func (g *gapTopics) begin(a *Agent) { g.topics, g.last = gaps.New(a.cfg.Gaps), 0 }

// read folds the lines that are new, and returns the number of the last one that
// tells of an erasure.
func (g *gapTopics) read(ctx context.Context, a *Agent) (erased int64, err error) {
	for {
		lines, err := a.cfg.Store.Logs(ctx, a.cfg.ID, GapLog, g.last, gapLinesAtOnce)
		if err != nil {
			return 0, fmt.Errorf("agent: gap log: %w", err)
		}
		for _, line := range lines {
			var e gaps.Event
			if err := json.Unmarshal(line.Data, &e); err != nil {
				return 0, fmt.Errorf("agent: gap log, line %d: %w", line.Number, err)
			}
			if e.Kind == gapsErased {
				erased = line.Number
			}
			g.topics.Apply(e)
			g.last = line.Number
		}
		if len(lines) < gapLinesAtOnce {
			return erased, nil
		}
	}
}

// gapsForgotten makes every replica fold the log anew after lines of it were
// erased.
func (a *Agent) gapsForgotten(ctx context.Context) error {
	e := gaps.Event{ID: rand.Text(), Kind: gapsErased, At: a.cfg.Now()}
	return a.log(ctx, GapLog, "", e.ID, e.At, e)
}

// ErrNoGap: there is no knowledge gap of that ID.
var ErrNoGap = errors.New("agent: no such knowledge gap")

// gap returns a topic.
func (a *Agent) gap(ctx context.Context, id string) (topic gaps.Topic, err error) {
	err = a.gaps.use(ctx, a, func(topics *gaps.Topics) error {
		var ok bool
		if topic, ok = topics.Topic(id); !ok {
			return fmt.Errorf("%w: %s", ErrNoGap, id)
		}
		return nil
	})
	return topic, err
}

// Gaps returns what customers asked and the knowledge did not answer, by topic:
// those that are open, unless the query asks for others. A topic that was
// dismissed or resolved is open again when customers go on asking; see
// [gaps.Config].
func (o *Operator) Gaps(ctx context.Context, q gaps.Query) (page gaps.Page, err error) {
	if err := o.allow(ctx, MayRead, "read gaps", o.agent.cfg.ID); err != nil {
		return page, err
	}
	err = o.agent.gaps.use(ctx, o.agent, func(topics *gaps.Topics) error {
		page = topics.List(q)
		return nil
	})
	return page, err
}

// Gap returns one topic with its questions word for word and its suggested
// answers, or [ErrNoGap].
func (o *Operator) Gap(ctx context.Context, id string) (gaps.Topic, error) {
	if err := o.allow(ctx, MayRead, "read gap", id); err != nil {
		return gaps.Topic{}, err
	}
	return o.agent.gap(ctx, id)
}

// DismissGap takes a topic off the list: no answer is wanted. It comes back when
// [gaps.Config].ReopenAt further conversations have asked it.
func (o *Operator) DismissGap(ctx context.Context, id, reason string) error {
	return o.decideGap(ctx, "dismiss gap", id, gaps.Event{Kind: gaps.Dismissed, Reason: reason})
}

// ReopenGap puts a topic on the list again. The short answers that resolved it
// stay.
func (o *Operator) ReopenGap(ctx context.Context, id, reason string) error {
	return o.decideGap(ctx, "reopen gap", id, gaps.Event{Kind: gaps.Reopened, Reason: reason})
}

func (o *Operator) decideGap(ctx context.Context, action, id string, e gaps.Event) error {
	if err := o.allow(ctx, MayTeach, action, id); err != nil {
		return err
	}
	before, err := o.agent.gap(ctx, id)
	if err != nil {
		return err
	}
	return o.changeGap(ctx, action, before, e, nil)
}

// changeGap logs what a person did about a topic, then audits it. after, if set,
// says more of the outcome.
func (o *Operator) changeGap(ctx context.Context, action string, before gaps.Topic, e gaps.Event, after func(gaps.Topic) string) error {
	a := o.agent
	e.ID, e.Topic, e.At, e.By = rand.Text(), before.ID, a.cfg.Now(), o.actor.Name
	if err := a.log(ctx, GapLog, "", e.ID, e.At, e); err != nil {
		return err
	}
	topic, err := a.gap(ctx, before.ID)
	if err != nil {
		return err
	}
	state := string(topic.Status)
	if after != nil {
		state += ": " + after(topic)
	}
	return o.audit(ctx, AuditEvent{Action: action, Target: before.ID, Before: string(before.Status), After: state})
}
