package report

import (
	"iter"
	"slices"
	"strings"
	"time"
)

// Tally is what was seen of conversations, ready to be reported. The zero value
// is empty and ready. It is not safe for concurrent use, except that any number
// of goroutines may call Report and Len while none calls Add or Forget.
type Tally struct {
	conversations []conversation
	index         map[string]uint32
	names         labels
}

// Add takes note of an event. Events may come in any order, late, and more than
// once: the reports are the same. ErrInvalidEvent if it cannot be counted.
func (t *Tally) Add(e Event) error {
	if err := e.check(); err != nil {
		return err
	}
	i, known := t.index[e.Conversation]
	if !known {
		if t.index == nil {
			t.index = map[string]uint32{}
		}
		i = uint32(len(t.conversations))
		t.index[strings.Clone(e.Conversation)] = i
		t.conversations = append(t.conversations, conversation{})
	}
	t.conversations[i].see(&e, momentOf(e.At), &t.names)
	return nil
}

// Len is how many conversations the tally holds.
func (t *Tally) Len() int { return len(t.conversations) }

// Forget drops the conversations whose last message was before a time, and
// returns how many. An event of one that comes later is seen as all there is of
// it: votes and ends alone are not counted, a message is counted as a
// conversation of its own. So keep them for some weeks more than reports go back.
func (t *Tally) Forget(before time.Time) int {
	return t.forget(momentOf(before))
}

func (t *Tally) forget(before moment) int {
	kept := make([]conversation, 0, len(t.conversations))
	for id, i := range t.index {
		c := t.conversations[i]
		if c.last() < before {
			delete(t.index, id)
			continue
		}
		t.index[id] = uint32(len(kept))
		kept = append(kept, c)
	}
	dropped := len(t.conversations) - len(kept)
	t.conversations = slices.Clip(kept)
	return dropped
}

// Trim makes room when there are more than keep conversations, at least 1: it drops those
// whose last message is the longest ago, a tenth more than it must, and returns
// how many. Forget tells what becomes of their later events.
func (t *Tally) Trim(keep int) int {
	if len(t.conversations) <= keep {
		return 0
	}
	last := make([]moment, len(t.conversations))
	for i := range t.conversations {
		last[i] = t.conversations[i].last()
	}
	slices.Sort(last)
	return t.forget(last[len(last)-max(1, keep-keep/10)])
}

// Of makes the report of some events in one go.
func Of(events iter.Seq[Event], q Query) (Report, error) {
	var t Tally
	for e := range events {
		if err := t.Add(e); err != nil {
			return Report{}, err
		}
	}
	return t.Report(q)
}
