package credits

import (
	"testing"
	"time"
)

func zone(t testing.TB, name string) *time.Location {
	t.Helper()
	z, err := time.LoadLocation(name)
	if err != nil {
		t.Skipf("no tz database: %v", err)
	}
	return z
}

func instant(s string) time.Time {
	t, err := time.Parse(time.RFC3339, s)
	if err != nil {
		panic(err)
	}
	return t
}

func TestPeriodsBeginOnTheResetDayOfTheZone(t *testing.T) {
	for _, test := range []struct {
		zone       string
		day        int
		at         string
		start, end string // in UTC
	}{
		{"UTC", 1, "2026-03-01T00:00:00Z", "2026-03-01T00:00:00Z", "2026-04-01T00:00:00Z"},
		{"UTC", 1, "2026-12-31T23:59:59Z", "2026-12-01T00:00:00Z", "2027-01-01T00:00:00Z"},
		// The 31st is the last day of shorter months, and the 31st again after them.
		{"UTC", 31, "2026-01-31T00:00:00Z", "2026-01-31T00:00:00Z", "2026-02-28T00:00:00Z"},
		{"UTC", 31, "2026-02-27T23:59:59Z", "2026-01-31T00:00:00Z", "2026-02-28T00:00:00Z"},
		{"UTC", 31, "2026-02-28T00:00:00Z", "2026-02-28T00:00:00Z", "2026-03-31T00:00:00Z"},
		{"UTC", 31, "2028-02-28T12:00:00Z", "2028-01-31T00:00:00Z", "2028-02-29T00:00:00Z"},
		{"UTC", 31, "2028-03-01T00:00:00Z", "2028-02-29T00:00:00Z", "2028-03-31T00:00:00Z"},
		{"UTC", 31, "2026-04-30T10:00:00Z", "2026-04-30T00:00:00Z", "2026-05-31T00:00:00Z"},
		{"UTC", 30, "2026-03-29T00:00:00Z", "2026-02-28T00:00:00Z", "2026-03-30T00:00:00Z"},
		{"UTC", 29, "2027-03-01T00:00:00Z", "2027-02-28T00:00:00Z", "2027-03-29T00:00:00Z"},
		// Copenhagen: clocks go forward on 29 March and back on 25 October.
		{"Europe/Copenhagen", 1, "2026-02-28T23:00:00Z", "2026-02-28T23:00:00Z", "2026-03-31T22:00:00Z"},
		{"Europe/Copenhagen", 1, "2026-02-28T22:59:59Z", "2026-01-31T23:00:00Z", "2026-02-28T23:00:00Z"},
		{"Europe/Copenhagen", 29, "2026-03-29T10:00:00Z", "2026-03-28T23:00:00Z", "2026-04-28T22:00:00Z"},
		{"Europe/Copenhagen", 25, "2026-10-25T10:00:00Z", "2026-10-24T22:00:00Z", "2026-11-24T23:00:00Z"},
		// Santiago: 6 September begins at one o'clock, 4 April lasts 25 hours.
		{"America/Santiago", 6, "2026-09-06T04:00:00Z", "2026-09-06T04:00:00Z", "2026-10-06T03:00:00Z"},
		{"America/Santiago", 6, "2026-09-06T03:59:59Z", "2026-08-06T04:00:00Z", "2026-09-06T04:00:00Z"},
		{"America/Santiago", 5, "2026-04-05T04:00:00Z", "2026-04-05T04:00:00Z", "2026-05-05T04:00:00Z"},
		{"America/Santiago", 5, "2026-04-05T03:59:59Z", "2026-03-05T03:00:00Z", "2026-04-05T04:00:00Z"},
		{"America/Santiago", 31, "2026-09-30T12:00:00Z", "2026-09-30T03:00:00Z", "2026-10-31T03:00:00Z"},
		// Havana: 1 November has midnight twice, and begins with the first.
		{"America/Havana", 1, "2026-11-01T04:30:00Z", "2026-11-01T04:00:00Z", "2026-12-01T05:00:00Z"},
		// Apia had no 30 December 2011: the day after begins the period.
		{"Pacific/Apia", 30, "2011-12-30T10:00:00Z", "2011-12-30T10:00:00Z", "2012-01-29T10:00:00Z"},
	} {
		c := calendar{zone(t, test.zone), test.day}
		got := c.period(instant(test.at))
		if !got.Start.Equal(instant(test.start)) || !got.End.Equal(instant(test.end)) {
			t.Errorf("%s, day %d, %s: got %v, want %s to %s", test.zone, test.day, test.at, got, test.start, test.end)
		}
	}
}

// Days and periods follow each other without gap or overlap, in any zone.
func TestCalendarsPartitionTime(t *testing.T) {
	for _, name := range []string{
		"UTC", "Europe/Copenhagen", "America/Santiago", "America/Havana", "Pacific/Apia", "Asia/Tehran", "Africa/Cairo", "America/St_Johns", "Pacific/Kiritimati", "Pacific/Niue",
	} {
		z := zone(t, name)
		for _, day := range []int{1, 15, 29, 30, 31} {
			c := calendar{z, day}
			at := instant("2009-06-15T12:00:00Z")
			for period := c.period(at); period.Start.Year() < 2030; {
				next := c.period(period.End)
				middle := period.Start.Add(period.End.Sub(period.Start) / 2)
				if !next.Start.Equal(period.End) || c.period(period.End.Add(-1)) != period || c.period(middle) != period {
					t.Fatalf("%s, day %d: %v is followed by %v", name, day, period, next)
				}
				if d := period.End.Sub(period.Start); d < 27*24*time.Hour || d > 32*24*time.Hour {
					t.Fatalf("%s, day %d: %v lasts %v", name, day, period, d)
				}
				period = next
			}
		}
		c := calendar{z, 1}
		for day := c.day(instant("2009-06-15T12:00:00Z")); day.Start.Year() < 2028; {
			next := c.day(day.End)
			if !next.Start.Equal(day.End) || day.Start.In(z).Day() != day.End.Add(-1).In(z).Day() || day.Start.In(z).Day() == day.End.In(z).Day() {
				t.Fatalf("%s: day %v is followed by %v", name, day, next)
			}
			day = next
		}
	}
}
