package credits

import (
	"context"
	"math"
	"time"
)

// Burn is what was charged in one day of the plan's time zone, less what was
// refunded in it.
type Burn struct {
	Day     Period
	Credits int64
}

// Forecast is where an account gets at its pace. It is arithmetic, not a promise.
type Forecast struct {
	Days      []Burn  // the days looked at, oldest first, today included
	PerDay    float64 // credits; what was burnt divided by the time since the first day began
	Available int64
	// RunsOut is when nothing is available at this pace; zero if that does not
	// happen before Resets, or within a hundred years.
	RunsOut time.Time
	Resets  time.Time // when the plan includes credits next; zero is never
}

// Forecast looks at the last days, at least 1 and at most 366, or at those since
// the account's first entry.
func (l *Ledger) Forecast(ctx context.Context, account string, days int) (Forecast, error) {
	var (
		f   Forecast
		now time.Time
		cal calendar
	)
	err := l.change(ctx, account, func(s *state, at time.Time, out []Entry) ([]Entry, error) {
		now, cal, f.Available, f.Resets = at, s.calendar, s.available, time.Time{}
		if resets, yes := s.reset(); yes {
			f.Resets = resets
		}
		return out, nil
	})
	if err != nil {
		return Forecast{}, err
	}
	f.Days = cal.lastDays(now, max(1, min(days, 366)))
	first := now
	err = l.pages(ctx, account, func(entries []Entry) error {
		if entries[0].At.Before(first) {
			first = entries[0].At
		}
		return f.burn(entries)
	})
	if err != nil {
		return Forecast{}, err
	}
	for len(f.Days) > 1 && !f.Days[0].Day.End.After(first) {
		f.Days = f.Days[1:]
	}
	f.predict(now)
	return f, nil
}

// lastDays are the days up to that of a time.
func (c calendar) lastDays(now time.Time, n int) []Burn {
	days := make([]Burn, n)
	day := c.day(now)
	for i := range days {
		days[n-1-i].Day = day
		day = c.day(day.Start.Add(-time.Nanosecond))
	}
	return days
}

// burn adds entries, which are in the order of time, to their days.
func (f *Forecast) burn(entries []Entry) error {
	i := 0
	for _, e := range entries {
		for i < len(f.Days) && !e.At.Before(f.Days[i].Day.End) {
			i++
		}
		if i == len(f.Days) {
			return nil
		}
		if !f.Days[i].Day.Contains(e.At) {
			continue
		}
		switch e.Kind {
		case EntryCommit:
			f.Days[i].Credits += e.Amount
		case EntryRefund:
			f.Days[i].Credits -= e.Amount
		}
	}
	return nil
}

// predict tells what follows from the days. The first hour of a first day counts
// as an hour, so that a single charge is not taken for a pace of thousands.
func (f *Forecast) predict(now time.Time) {
	var burnt int64
	for _, d := range f.Days {
		burnt += d.Credits
	}
	elapsed := max(now.Sub(f.Days[0].Day.Start), time.Hour)
	f.PerDay = float64(burnt) / (elapsed.Hours() / 24)
	if f.PerDay <= 0 {
		return
	}
	const horizon = 100 * 365 * 24 // hours
	hours := float64(f.Available) / f.PerDay * 24
	if math.IsInf(hours, 0) || hours > horizon {
		return
	}
	out := now.Add(time.Duration(hours * float64(time.Hour)))
	if f.Resets.IsZero() || out.Before(f.Resets) {
		f.RunsOut = out
	}
}
