package agent

import (
	"context"
	"errors"
	"fmt"
	"sync"
)

// A turn is thought by one version of the settings: the published one, looked
// up once when it begins, or, if it is done again after a crash, the one it
// began by. Versions never change, so each is made ready once and kept.

// VersionError: a stored version cannot be used by this program, because it was
// damaged or what it says is no longer allowed. The agent goes on by the last
// one that can.
type VersionError struct {
	Number int64
	Err    error
}

func (e *VersionError) Error() string {
	return fmt.Sprintf("agent: version %d cannot be used: %v", e.Number, e.Err)
}

// Unwrap returns what is wrong with it.
func (e *VersionError) Unwrap() error { return e.Err }

// mindsKept is how many versions are kept ready.
const mindsKept = 16

// minds is an agent by the versions of its settings.
type minds struct {
	base *Agent // by Config: version 0

	mu   sync.Mutex
	good map[int64]*Agent
	bad  map[int64]*VersionError
	last *Agent // in use before; nil at first
}

func newMinds(base *Agent) *minds {
	return &minds{base: base, good: map[int64]*Agent{}, bad: map[int64]*VersionError{}}
}

// of returns the agent as it works by a version. A *VersionError is for good,
// any other error is the store's.
func (m *minds) of(ctx context.Context, number int64) (*Agent, error) {
	if number == 0 {
		return m.base, nil
	}
	m.mu.Lock()
	good, bad := m.good[number], m.bad[number]
	m.mu.Unlock()
	switch {
	case good != nil:
		return good, nil
	case bad != nil:
		return nil, bad
	}
	cfg := &m.base.cfg
	v, err := cfg.Store.Version(ctx, cfg.ID, number)
	if errors.Is(err, ErrNoVersion) {
		return nil, &VersionError{number, err}
	}
	if err != nil {
		return nil, fmt.Errorf("agent: version %d: %w", number, err)
	}
	s, err := settingsOfVersion(v)
	if err == nil {
		good, err = m.base.with(s)
	}
	m.mu.Lock()
	defer m.mu.Unlock()
	if err != nil {
		cfg.Logger.ErrorContext(ctx, "version cannot be used", "agent", cfg.ID, "version", number, "error", err)
		bad = &VersionError{number, err}
		m.bad[number] = bad
		return nil, bad
	}
	if len(m.good) >= mindsKept {
		clear(m.good)
	}
	m.good[number] = good
	return good, nil
}

// published returns the agent as it works by the published version or, where
// that cannot be used, by the last that could: fault says why then.
func (m *minds) published(ctx context.Context, l Lifecycle) (mind *Agent, fault *VersionError, err error) {
	mind, err = m.of(ctx, l.Published)
	switch {
	case err == nil:
		return m.used(mind), nil, nil
	case !errors.As(err, &fault):
		return nil, nil, err
	}
	if last := m.used(nil); last != nil {
		return last, fault, nil
	}
	mind, err = m.of(ctx, l.Previous)
	var before *VersionError
	switch {
	case errors.As(err, &before):
		mind = m.base
	case err != nil:
		return nil, nil, err
	}
	return m.used(mind), fault, nil
}

// used notes which agent is in use, if it is not nil, and returns it.
func (m *minds) used(mind *Agent) *Agent {
	m.mu.Lock()
	defer m.mu.Unlock()
	if mind != nil {
		m.last = mind
	}
	return m.last
}

// current returns the agent as it works by what is published now.
func (a *Agent) current(ctx context.Context) (*Agent, error) {
	l, err := a.lifecycle(ctx)
	if err != nil {
		return nil, err
	}
	if l.Deleted {
		return nil, fmt.Errorf("%w: %s", ErrDeleted, a.cfg.ID)
	}
	mind, _, err := a.minds.published(ctx, l)
	return mind, err
}

// thinkBy sets by which version the turn is thought: the one in which it was
// begun, or the published one.
func (w *work) thinkBy(ctx context.Context, l Lifecycle, in *input, stream *StreamProgress) error {
	minds := w.agent.minds
	var err error
	if w.agent, _, err = minds.published(ctx, l); err != nil {
		w.agent = minds.base
		return err
	}
	begun, version := stream != nil, int64(0)
	if begun {
		version = stream.Version
	} else if w.agent.cfg.Model != nil { // only models leave a record that others must agree with
		if version, begun, err = in.journal.begun(ctx); err != nil {
			return err
		}
	}
	if begun {
		mind, err := minds.of(ctx, version)
		var bad *VersionError
		if err != nil && !errors.As(err, &bad) {
			return err
		}
		if err == nil {
			w.agent = mind
		}
	}
	in.journal.version = w.agent.version
	return nil
}
