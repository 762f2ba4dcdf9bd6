package agent

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/kundeagent/kundeagent/knowledge"
)

// What people teach an agent: its sources and its short answers, where
// Config.Knowledge can be taught. [knowledge.Base] can.

// SourceKeeper is knowledge whose sources can be changed.
type SourceKeeper interface {
	Sources() []knowledge.SourceStatus
	Add(s knowledge.Source, o knowledge.SourceOptions) error
	Remove(ctx context.Context, id string) error
	SetOptions(ctx context.Context, id string, o knowledge.SourceOptions) error
	Sync(ctx context.Context, id string) (knowledge.Report, error)
	PublishHeld(ctx context.Context, id string) (knowledge.Report, error)
}

// ShortAnswerLister is knowledge that can list its short answers.
type ShortAnswerLister interface {
	ShortAnswers() []knowledge.ShortAnswerStatus
}

var (
	_ SourceKeeper      = (*knowledge.Base)(nil)
	_ ShortAnswerLister = (*knowledge.Base)(nil)
)

// ErrNoSources: Config.Knowledge has no sources that can be changed.
var ErrNoSources = errors.New("agent: the knowledge has no sources that can be changed")

// Sources returns the agent's sources, sorted by ID.
func (o *Operator) Sources(ctx context.Context) ([]knowledge.SourceStatus, error) {
	if err := o.allow(ctx, MayRead, "list sources", o.agent.cfg.ID); err != nil {
		return nil, err
	}
	keeper, err := o.agent.sourceKeeper()
	if err != nil {
		return nil, err
	}
	return keeper.Sources(), nil
}

// AddSource lets the agent learn from a source; its documents are known from its
// first sync on.
func (o *Operator) AddSource(ctx context.Context, s knowledge.Source, options knowledge.SourceOptions) error {
	id := ""
	if s != nil {
		id = s.ID()
	}
	return o.teach(ctx, "add source", id, func(k SourceKeeper) error {
		if s == nil {
			return fmt.Errorf("%w: no source", knowledge.ErrInvalidConfig)
		}
		return k.Add(s, options)
	})
}

// RemoveSource forgets a source with all its documents, from the next answer on.
func (o *Operator) RemoveSource(ctx context.Context, id string) error {
	return o.teach(ctx, "remove source", id, func(k SourceKeeper) error { return k.Remove(ctx, id) })
}

// SetSourceOptions changes how a source may be used, from the next answer on.
func (o *Operator) SetSourceOptions(ctx context.Context, id string, options knowledge.SourceOptions) error {
	return o.teach(ctx, "change source", id, func(k SourceKeeper) error { return k.SetOptions(ctx, id, options) })
}

// SyncSource brings a source up to date; see [knowledge.Base.Sync].
func (o *Operator) SyncSource(ctx context.Context, id string) (report knowledge.Report, err error) {
	err = o.teach(ctx, "sync source", id, func(k SourceKeeper) (err error) {
		report, err = k.Sync(ctx, id)
		return err
	})
	return report, err
}

// PublishHeldSource publishes a sync that was held back for losing too much.
func (o *Operator) PublishHeldSource(ctx context.Context, id string) (report knowledge.Report, err error) {
	err = o.teach(ctx, "publish held sync", id, func(k SourceKeeper) (err error) {
		report, err = k.PublishHeld(ctx, id)
		return err
	})
	return report, err
}

// teach is one change of the sources. What fails is audited too: a sync that
// ends early has changed something.
func (o *Operator) teach(ctx context.Context, action, id string, do func(SourceKeeper) error) error {
	if err := o.allow(ctx, MayTeach, action, id); err != nil {
		return err
	}
	keeper, err := o.agent.sourceKeeper()
	if err != nil {
		return err
	}
	before := sourceInWords(keeper, id)
	err = do(keeper)
	e := AuditEvent{Action: action, Target: id, Before: before, After: sourceInWords(keeper, id)}
	if err != nil {
		e.Outcome = "failed: " + err.Error()
	}
	return errors.Join(err, o.audit(ctx, e))
}

func (a *Agent) sourceKeeper() (SourceKeeper, error) {
	keeper, ok := a.cfg.Knowledge.(SourceKeeper)
	if !ok {
		return nil, ErrNoSources
	}
	return keeper, nil
}

// sourceInWords describes a source as it is; nothing if there is none.
func sourceInWords(k SourceKeeper, id string) string {
	list := k.Sources()
	i := slices.IndexFunc(list, func(s knowledge.SourceStatus) bool { return s.ID == id })
	if i < 0 {
		return ""
	}
	s := list[i]
	words := []string{fmt.Sprintf("%d documents", s.Documents), s.Options.Visibility.String()}
	if len(s.Options.Audience) > 0 {
		words = append(words, "for "+strings.Join(s.Options.Audience, ", "))
	}
	if s.Options.NoCitations {
		words = append(words, "not cited")
	}
	if s.Options.Every != 0 {
		words = append(words, "every "+s.Options.Every.String())
	}
	if s.Held {
		words = append(words, "a sync is held back")
	}
	return strings.Join(words, ", ")
}

// ShortAnswers returns the agent's short answers with how they are used.
func (o *Operator) ShortAnswers(ctx context.Context) ([]knowledge.ShortAnswerStatus, error) {
	if err := o.allow(ctx, MayRead, "list short answers", o.agent.cfg.ID); err != nil {
		return nil, err
	}
	lister, ok := o.agent.cfg.Knowledge.(ShortAnswerLister)
	if !ok {
		return nil, ErrNoShortAnswers
	}
	return lister.ShortAnswers(), nil
}

// PutShortAnswer adds a short answer or replaces the one with its ID, from the
// next answer on.
func (o *Operator) PutShortAnswer(ctx context.Context, s knowledge.ShortAnswer) error {
	return o.teachAnswer(ctx, "put short answer", s.ID, func(k ShortAnswerKeeper) error { return k.PutShortAnswer(ctx, s) })
}

// DeleteShortAnswer removes a short answer, from the next answer on.
func (o *Operator) DeleteShortAnswer(ctx context.Context, id string) error {
	return o.teachAnswer(ctx, "delete short answer", id, func(k ShortAnswerKeeper) error { return k.DeleteShortAnswer(ctx, id) })
}

func (o *Operator) teachAnswer(ctx context.Context, action, id string, do func(ShortAnswerKeeper) error) error {
	if err := o.allow(ctx, MayTeach, action, id); err != nil {
		return err
	}
	keeper, ok := o.agent.cfg.Knowledge.(ShortAnswerKeeper)
	if !ok {
		return ErrNoShortAnswers
	}
	before := shortAnswerInWords(keeper, id)
	if err := do(keeper); err != nil {
		return fmt.Errorf("agent: %s %q: %w", action, id, err)
	}
	return o.audit(ctx, AuditEvent{Action: action, Target: id, Before: before, After: shortAnswerInWords(keeper, id)})
}

// shortAnswerInWords tells question and answer; nothing if there is none, or the
// knowledge cannot tell.
func shortAnswerInWords(k ShortAnswerKeeper, id string) string {
	lister, ok := k.(ShortAnswerLister)
	if !ok {
		return ""
	}
	for _, s := range lister.ShortAnswers() {
		if s.ID == id {
			return fmt.Sprintf("%q: %q", cutRunes(s.Question, valueShown), cutRunes(s.Answer, valueShown))
		}
	}
	return ""
}
