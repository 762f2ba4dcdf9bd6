package report

import (
	"errors"
	"fmt"
	"slices"
	"time"
)

// Query says what a [Report] is about. The zero value is about everything, as
// of now, with weeks from Monday in UTC.
type Query struct {
	// From and To limit the report to conversations whose first message was at
	// From or later, and before To. Zero is no limit.
	From, To time.Time
	// Now is the time as of which conversations are pending; default the clock's.
	// Events after it are counted as well.
	Now time.Time
	// ResolveAfter is how long after its last activity a conversation is judged;
	// default 72 hours.
	ResolveAfter time.Duration
	// WeekStart is the day on which weeks begin, at midnight in Location;
	// default Monday and UTC.
	WeekStart WeekStart
	Location  *time.Location
	// Channels and Languages limit the report to conversations on one of these
	// channels, in one of these languages. None is all.
	Channels, Languages []string
	// Sources are those that there are: one that no answer used is in the report
	// as well, with nothing but zeros.
	Sources []string
}

// WeekStart is the day on which weeks begin.
type WeekStart uint8

// The days on which weeks begin somewhere.
const (
	FromMonday WeekStart = iota
	FromSunday
	FromSaturday
)

// ErrInvalidQuery: a report cannot be made as asked.
var ErrInvalidQuery = errors.New("report: invalid query")

func (q *Query) complete() error {
	switch {
	case !q.From.IsZero() && !q.To.IsZero() && q.To.Before(q.From):
		return fmt.Errorf("%w: To %v is before From %v", ErrInvalidQuery, q.To, q.From)
	case q.ResolveAfter < 0:
		return fmt.Errorf("%w: ResolveAfter %v is negative", ErrInvalidQuery, q.ResolveAfter)
	case q.WeekStart > FromSaturday:
		return fmt.Errorf("%w: WeekStart %d is no day", ErrInvalidQuery, q.WeekStart)
	}
	if q.ResolveAfter == 0 {
		q.ResolveAfter = ResolveAfter
	}
	if q.Location == nil {
		q.Location = time.UTC
	}
	if q.Now.IsZero() {
		q.Now = time.Now()
	}
	return nil
}

// covers reports whether a conversation belongs to the report.
func (q *Query) covers(c *conversation, names *labels) bool {
	begun := c.begun.time()
	switch {
	case c.begun == 0: // only votes or ends are known of it
		return false
	case begun.Before(q.From) && !q.From.IsZero(), !q.To.IsZero() && !begun.Before(q.To):
		return false
	case len(q.Channels) > 0 && !slices.Contains(q.Channels, names.name(c.channel)):
		return false
	}
	return len(q.Languages) == 0 || slices.Contains(q.Languages, names.name(c.language))
}

// weekOf returns the day on which a moment's week begins. It reckons with dates,
// not with hours: a week in which the clocks change is longer or shorter.
func (q *Query) weekOf(m moment) day {
	t := m.time().In(q.Location)
	first := [...]time.Weekday{time.Monday, time.Sunday, time.Saturday}[q.WeekStart]
	back := (int(t.Weekday()) - int(first) + 7) % 7
	y, month, d := t.Date()
	// As a date in UTC, where every day is 24 hours long.
	y, month, d = time.Date(y, month, d-back, 0, 0, 0, 0, time.UTC).Date()
	return day{y, month, d}
}

// day is a date of the calendar.
type day struct {
	year  int
	month time.Month
	day   int
}

func (d day) String() string { return fmt.Sprintf("%04d-%02d-%02d", d.year, d.month, d.day) }
