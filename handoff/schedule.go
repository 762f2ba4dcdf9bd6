package handoff

import (
	"errors"
	"fmt"
	"maps"
	"slices"
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

// Validate reports every interval and day off that cannot be, as ErrSchedule.
func (s *Schedule) Validate() error {
	if s == nil {
		return nil
	}
	var errs []error
	for _, day := range slices.Sorted(maps.Keys(s.Week)) {
		if day < time.Sunday || day > time.Saturday {
			errs = append(errs, fmt.Errorf("%w: weekday %d", ErrSchedule, int(day)))
		}
		for _, i := range s.Week[day] {
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
	for day := range 367 {
		y, m, d := t.Date()
		date := time.Date(y, m, d+day, 0, 0, 0, 0, time.UTC)
		if s.off(date) {
			continue
		}
		intervals := s.Week[date.Weekday()]
		if len(s.Week) == 0 {
			intervals = []Interval{{0, 24 * time.Hour}}
		}
		var best time.Time
		for _, i := range intervals {
			for _, at := range instants(date.Add(i.From), t.Location()) {
				if at.Day() == date.Day() && !at.Before(t) && s.Open(at) && (best.IsZero() || at.Before(best)) {
					best = at
				}
			}
		}
		if !best.IsZero() {
			return best, true
		}
	}
	return time.Time{}, false
}

// instants returns when the clock on the wall shows what wall shows in UTC. Where
// clocks are put back that is twice. Where they are put forward it may be
// never: then, and anyhow, the moment of the change is among the instants, since
// an interval that began in the hour left out begins there.
func instants(wall time.Time, loc *time.Location) []time.Time {
	var out []time.Time
	before, after := wall.Add(-26*time.Hour).In(loc), wall.Add(26*time.Hour).In(loc)
	for _, near := range []time.Time{before, after} {
		_, offset := near.Zone()
		out = append(out, wall.Add(-time.Duration(offset)*time.Second).In(loc))
	}
	if _, change := before.ZoneBounds(); !change.IsZero() && change.Before(after) {
		out = append(out, change.In(loc))
	}
	return out
}

func (s *Schedule) local(t time.Time) time.Time {
	if s.Location == nil {
		return t.UTC()
	}
	return t.In(s.Location)
}

func (s *Schedule) off(t time.Time) bool {
	return len(s.Closed) > 0 && slices.Contains(s.Closed, t.Format(time.DateOnly))
}

func wallClock(t time.Time) time.Duration {
	return time.Duration(t.Hour())*time.Hour + time.Duration(t.Minute())*time.Minute + time.Duration(t.Second())*time.Second +
		time.Duration(t.Nanosecond())
}
