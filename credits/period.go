package credits

import (
	"sort"
	"time"
)

// Period is the time from Start up to, not including, End.
type Period struct {
	Start time.Time `json:"start"`
	End   time.Time `json:"end"`
}

// Contains reports whether t is in the period.
func (p Period) Contains(t time.Time) bool { return !t.Before(p.Start) && t.Before(p.End) }

// calendar divides time into months that begin on a given day, and into days.
type calendar struct {
	zone     *time.Location
	resetDay int
}

// period is the month around t.
func (c calendar) period(t time.Time) Period {
	year, month, _ := t.In(c.zone).Date()
	start := c.reset(year, month)
	if t.Before(start) {
		return Period{c.reset(year, month-1), start}
	}
	return Period{start, c.reset(year, month+1)}
}

// reset is when the period begins that begins in a month: at the start of the
// reset day, or of the month's last day. Months overflow as in time.Date.
func (c calendar) reset(year int, month time.Month) time.Time {
	last := time.Date(year, month+1, 0, 0, 0, 0, 0, time.UTC)
	return c.startOfDay(last.Year(), last.Month(), min(c.resetDay, last.Day()))
}

// day is the calendar day around t.
func (c calendar) day(t time.Time) Period {
	year, month, day := t.In(c.zone).Date()
	return Period{c.startOfDay(year, month, day), c.startOfDay(year, month, day+1)}
}

// startOfDay is the first instant of a day, which is not midnight where clocks
// go forward then; of a day that a zone left out it is that of the day after.
func (c calendar) startOfDay(year int, month time.Month, day int) time.Time {
	// Local days begin between 14 hours before and 12 hours after those of UTC.
	utc := time.Date(year, month, day, 0, 0, 0, 0, time.UTC)
	if c.zone == time.UTC {
		return utc
	}
	year, month, day = utc.Date()
	from := utc.Add(-20 * time.Hour)
	seconds := sort.Search(60*60*60, func(s int) bool {
		y, m, d := from.Add(time.Duration(s) * time.Second).In(c.zone).Date()
		if y != year {
			return y > year
		}
		if m != month {
			return m > month
		}
		return d >= day
	})
	return from.Add(time.Duration(seconds) * time.Second)
}
