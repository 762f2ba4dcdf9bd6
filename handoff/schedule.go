package handoff

import (
	"errors"
	"fmt"
	"time"
)

// Schedule is when a team, or an agent, works. The zero value is always open.
// A Schedule must not be changed once in use.
type Schedule struct {
	// Location is the time zone; nil is UTC.
	Location *time.Location
	// Week holds the opening intervals of each weekday. An empty Week is
	// always open; a weekday that is not in a non-empty Week is closed.
	Week map[time.Weekday][]Interval
	// Closed are whole days off, as "2026-12-24" in Location.
	Closed []string
}

// Interval is a part of a day by the clock on the wall, From included, To not.
// Both count from midnight; To may be 24 hours.
type Interval struct{ From, To time.Duration }

// ErrSchedule: a schedule cannot be read. The text says where.
var ErrSchedule = errors.New("handoff: schedule is invalid")

// Validate reports every interval and day off that cannot be.
func (s *Schedule) Validate() error {
	if s == nil {
		return nil
	}
	var errs []error
	for day, intervals := range s.Week {
		for _, i := range intervals {
			if i.From < 0 || i.To > 24*time.Hour || i.From >= i.To {
				errs = append(errs, fmt.Errorf("%w: %s from %s to %s", ErrSchedule, day, i.From, i.To))
			}
		}
	}
	for _, d := range s.Closed {
		if _, err := time.Parse(time.DateOnly, d); err != nil {
			errs = append(errs, fmt.Errorf("%w: day off %q is not year-month-day", ErrSchedule, d))
		}
	}
	return errors.Join(errs...)
}

// Open reports whether t is within the schedule. A nil schedule is always open.
func (s *Schedule) Open(t time.Time) bool {
	if s == nil || len(s.Week) == 0 && len(s.Closed) == 0 {
		return true
	}
	t = s.local(t)
	if s.off(t) {
		return false
	}
	if len(s.Week) == 0 {
		return true
	}
	clock := wallClock(t)
	for _, i := range s.Week[t.Weekday()] {
		if clock >= i.From && clock < i.To {
			return true
		}
	}
	return false
}

// NextOpen returns the first instant from t on at which the schedule is open,
// and false if there is none within a year.
func (s *Schedule) NextOpen(t time.Time) (time.Time, bool) {
	if s.Open(t) {
		return t, true
	}
	t = s.local(t)
	for day := range 366 {
		y, m, d := t.Date()
		date := time.Date(y, m, d+day, 12, 0, 0, 0, t.Location())
		if s.off(date) {
			continue
		}
		intervals := s.Week[date.Weekday()]
		if len(s.Week) == 0 {
			intervals = []Interval{{0, 24 * time.Hour}}
		}
		var best time.Time
		for _, i := range intervals {
			// Built from the clock on the wall, so that a day of 23 or 25 hours
			// opens when its clocks say so.
			at := time.Date(date.Year(), date.Month(), date.Day(), 0, int(i.From/time.Minute), 0, 0, t.Location())
			if !at.Before(t) && (best.IsZero() || at.Before(best)) {
				best = at
			}
		}
		if !best.IsZero() {
			return best, true
		}
	}
	return time.Time{}, false
}

func (s *Schedule) local(t time.Time) time.Time {
	if s.Location == nil {
		return t.UTC()
	}
	return t.In(s.Location)
}

func (s *Schedule) off(t time.Time) bool {
	day := t.Format(time.DateOnly)
	for _, c := range s.Closed {
		if c == day {
			return true
		}
	}
	return false
}

func wallClock(t time.Time) time.Duration {
	return time.Duration(t.Hour())*time.Hour + time.Duration(t.Minute())*time.Minute + time.Duration(t.Second())*time.Second
}
