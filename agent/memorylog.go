package agent

import (
	"bytes"
	"cmp"
	"context"
	"slices"
	"time"
)

// memoryLog is one log of an agent: lines in the order of their numbers, some
// of which may be gone.
type memoryLog struct {
	lines []memoryLine
	keys  map[string]bool
	last  int64 // the highest number given
}

type memoryLine struct {
	LogLine
	of *memoryContact // nil for a line about no conversation
}

// Log implements [Store].
func (m *MemoryStore) Log(_ context.Context, agent string, kind LogKind, line LogLine) error {
	m.mu.Lock()
	defer m.mu.Unlock()
	var of *memoryContact
	if line.Conversation != "" {
		c, err := m.find(agent, line.Conversation)
		if err != nil {
			return err
		}
		of = c.of
	}
	l := m.logs[logKey{agent, kind}]
	if l == nil {
		l = &memoryLog{keys: map[string]bool{}}
		m.logs[logKey{agent, kind}] = l
	}
	if !l.keys[line.Key] {
		l.last++
		line.Number = l.last
		line.Data = bytes.Clone(line.Data)
		l.keep(memoryLine{line, of}, m.Limits.logLines())
	}
	return nil
}

// Logs implements [Store].
func (m *MemoryStore) Logs(_ context.Context, agent string, kind LogKind, after int64, limit int) ([]LogLine, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	l := m.logs[logKey{agent, kind}]
	if l == nil {
		return nil, nil
	}
	i, _ := slices.BinarySearchFunc(l.lines, after+1, func(line memoryLine, number int64) int { return cmp.Compare(line.Number, number) })
	var out []LogLine
	for _, line := range l.lines[i:] {
		if len(out) >= limit {
			break
		}
		line.Data = bytes.Clone(line.Data)
		out = append(out, line.LogLine)
	}
	return out, nil
}

// erase drops the lines that gone reports, and returns how many there were.
func (l *memoryLog) erase(gone func(*memoryLine) bool) int {
	before := len(l.lines)
	l.lines = slices.DeleteFunc(l.lines, func(line memoryLine) bool {
		if !gone(&line) {
			return false
		}
		delete(l.keys, line.Key)
		return true
	})
	return before - len(l.lines)
}

func (l *memoryLog) eraseBefore(t time.Time) int {
	return l.erase(func(line *memoryLine) bool { return line.At.Before(t) })
}
