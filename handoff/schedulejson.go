package handoff

import (
	"encoding/json"
	"fmt"
	"strings"
	"time"
)

// scheduleJSON is a schedule as people can read it:
//
//	{"zone":"Europe/Copenhagen","week":{"monday":["09:00-12:00","13:00-17:00"]},"closed":["2026-12-24"]}
type scheduleJSON struct {
	Zone   string                `json:"zone,omitempty"`
	Week   map[string][]Interval `json:"week,omitempty"`
	Closed []string              `json:"closed,omitempty"`
}

// MarshalJSON writes the schedule with the name of its time zone. ErrSchedule if
// it is invalid, or its zone has no name by which others could load it.
func (s Schedule) MarshalJSON() ([]byte, error) {
	if err := s.Validate(); err != nil {
		return nil, err
	}
	out := scheduleJSON{Closed: s.Closed}
	if s.Location != nil && s.Location != time.UTC {
		out.Zone = s.Location.String()
		if _, err := loadZone(out.Zone); err != nil {
			return nil, err
		}
	}
	if s.Week != nil {
		out.Week = map[string][]Interval{}
	}
	for day, intervals := range s.Week {
		out.Week[strings.ToLower(day.String())] = intervals
	}
	return json.Marshal(out)
}

// UnmarshalJSON reads what MarshalJSON writes. ErrSchedule if the schedule is
// invalid or its time zone unknown here.
func (s *Schedule) UnmarshalJSON(data []byte) error {
	var in scheduleJSON
	if err := json.Unmarshal(data, &in); err != nil {
		return fmt.Errorf("%w: %w", ErrSchedule, err)
	}
	read := Schedule{Closed: in.Closed}
	var err error
	if in.Zone != "" {
		if read.Location, err = loadZone(in.Zone); err != nil {
			return err
		}
	}
	if len(in.Week) > 0 {
		read.Week = map[time.Weekday][]Interval{}
	}
	for name, intervals := range in.Week {
		day, err := parseWeekday(name)
		if err != nil {
			return err
		}
		read.Week[day] = intervals
	}
	if err := read.Validate(); err != nil {
		return err
	}
	*s = read
	return nil
}

// loadZone refuses the zone of the machine, which is another one elsewhere.
func loadZone(name string) (*time.Location, error) {
	if name == "Local" {
		return nil, fmt.Errorf("%w: the time zone of the machine has no name of its own", ErrSchedule)
	}
	zone, err := time.LoadLocation(name)
	if err != nil {
		return nil, fmt.Errorf("%w: time zone %q: %w", ErrSchedule, name, err)
	}
	return zone, nil
}

func parseWeekday(name string) (time.Weekday, error) {
	for day := time.Sunday; day <= time.Saturday; day++ {
		if strings.EqualFold(name, day.String()) {
			return day, nil
		}
	}
	return 0, fmt.Errorf("%w: %q is no weekday", ErrSchedule, name)
}

// MarshalText writes the interval as "09:00-17:00", with seconds where it has
// them.
func (i Interval) MarshalText() ([]byte, error) {
	return []byte(formatClock(i.From) + "-" + formatClock(i.To)), nil
}

// UnmarshalText reads what MarshalText writes.
func (i *Interval) UnmarshalText(b []byte) error {
	from, to, ok := strings.Cut(string(b), "-")
	begins, errFrom := parseClock(from)
	ends, errTo := parseClock(to)
	if !ok || errFrom != nil || errTo != nil {
		return fmt.Errorf("%w: %q is no interval such as \"09:00-17:00\"", ErrSchedule, b)
	}
	*i = Interval{begins, ends}
	return nil
}

func formatClock(d time.Duration) string {
	clock := fmt.Sprintf("%02d:%02d", d/time.Hour, d%time.Hour/time.Minute)
	rest := d % time.Minute
	if rest == 0 {
		return clock
	}
	clock += fmt.Sprintf(":%02d", rest/time.Second)
	if rest %= time.Second; rest != 0 {
		clock += strings.TrimRight(fmt.Sprintf(".%09d", rest), "0")
	}
	return clock
}

// parseClock reads hours, minutes and perhaps seconds.
func parseClock(s string) (time.Duration, error) {
	parts := strings.Split(strings.TrimSpace(s), ":")
	if len(parts) < 2 || len(parts) > 3 {
		return 0, ErrSchedule
	}
	var sum time.Duration
	for n, part := range parts {
		digits := "0123456789"
		if n == 2 {
			digits += "."
		}
		d, err := time.ParseDuration(part + string("hms"[n]))
		if err != nil || strings.Trim(part, digits) != "" || d > 24*time.Hour {
			return 0, ErrSchedule
		}
		sum += d
	}
	return sum, nil
}
