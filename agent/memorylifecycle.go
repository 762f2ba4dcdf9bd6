package agent

import (
	"bytes"
	"context"
	"fmt"
	"slices"
)

// memoryLifecycle is an agent's state with its versions; versions[0] is
// number 1.
type memoryLifecycle struct {
	Lifecycle
	versions []Version
}

func (m *MemoryStore) lifecycle(agent string) *memoryLifecycle {
	if m.lifecycles[agent] == nil {
		m.lifecycles[agent] = &memoryLifecycle{}
	}
	return m.lifecycles[agent]
}

// Lifecycle implements [Store].
func (m *MemoryStore) Lifecycle(_ context.Context, agent string) (Lifecycle, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	if l := m.lifecycles[agent]; l != nil {
		return l.Clone(), nil
	}
	return Lifecycle{}, nil
}

// SetLifecycle implements [Store].
func (m *MemoryStore) SetLifecycle(_ context.Context, agent string, l Lifecycle) error {
	m.mu.Lock()
	defer m.mu.Unlock()
	kept := m.lifecycle(agent)
	if kept.Revision != l.Revision {
		return fmt.Errorf("%w: lifecycle of %s", ErrSuperseded, agent)
	}
	kept.Lifecycle = l.Clone()
	kept.Revision++
	return nil
}

// AddVersion implements [Store].
func (m *MemoryStore) AddVersion(_ context.Context, agent string, v Version) error {
	m.mu.Lock()
	defer m.mu.Unlock()
	l := m.lifecycle(agent)
	if n := len(l.versions); n > 0 && l.Draft == v.Number && l.versions[n-1].same(v) {
		return nil
	}
	if v.Number != int64(len(l.versions)+1) || v.Based != l.Draft {
		return fmt.Errorf("%w: version %d of %s, based on %d; %d versions, the draft is %d", ErrSuperseded, v.Number, agent, v.Based, len(l.versions), l.Draft)
	}
	l.versions = append(l.versions, v.clone())
	l.Draft = v.Number
	l.Revision++
	return nil
}

func (v Version) clone() Version {
	v.Settings = bytes.Clone(v.Settings)
	return v
}

func (v Version) same(w Version) bool {
	return v.Number == w.Number && v.Based == w.Based && v.By == w.By && v.Note == w.Note && v.At.Equal(w.At) && bytes.Equal(v.Settings, w.Settings)
}

// Version implements [Store].
func (m *MemoryStore) Version(_ context.Context, agent string, number int64) (Version, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	if l := m.lifecycles[agent]; l != nil && number >= 1 && number <= int64(len(l.versions)) {
		return l.versions[number-1].clone(), nil
	}
	return Version{}, fmt.Errorf("%w: %d of %s", ErrNoVersion, number, agent)
}

// Versions implements [Store].
func (m *MemoryStore) Versions(_ context.Context, agent string, below int64, limit int) ([]Version, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	l := m.lifecycles[agent]
	if l == nil {
		return nil, nil
	}
	older := l.versions
	if below > 0 {
		older = older[:min(below-1, int64(len(older)))]
	}
	var out []Version
	for _, v := range slices.Backward(older) {
		if len(out) >= limit {
			break
		}
		out = append(out, v.clone())
	}
	return out, nil
}
