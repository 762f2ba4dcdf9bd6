package handoff

import (
	"errors"
	"fmt"
	"math/rand/v2"
	"strings"
	"testing"
	"time"
	_ "time/tzdata"
)

const hour = time.Hour

func ExampleSchedule() {
	day := []Interval{{9 * time.Hour, 12 * time.Hour}, {13 * time.Hour, 16*time.Hour + 30*time.Minute}}
	team := &Schedule{
		Location: time.UTC,
		Week:     map[time.Weekday][]Interval{time.Monday: day, time.Tuesday: day},
		Closed:   []string{"2026-05-25"}, // a Monday
	}
	fmt.Println(team.Validate())
	lunch := time.Date(2026, 5, 19, 12, 15, 0, 0, time.UTC)
	fmt.Println(team.Open(lunch))
	fmt.Println(team.NextOpen(lunch))
	fmt.Println(team.NextOpen(time.Date(2026, 5, 19, 17, 0, 0, 0, time.UTC)))
	// Output:
	// <nil>
	// false
	// 2026-05-19 13:00:00 +0000 UTC true
	// 2026-05-26 09:00:00 +0000 UTC true
}

func zone(t *testing.T, name string) *time.Location {
	t.Helper()
	loc, err := time.LoadLocation(name)
	if err != nil {
		t.Fatal(err)
	}
	return loc
}

func every(intervals ...Interval) map[time.Weekday][]Interval {
	week := map[time.Weekday][]Interval{}
	for day := time.Sunday; day <= time.Saturday; day++ {
		week[day] = intervals
	}
	return week
}

func weekdays(intervals ...Interval) map[time.Weekday][]Interval {
	week := every(intervals...)
	delete(week, time.Saturday)
	delete(week, time.Sunday)
	return week
}

func TestScheduleOpens(t *testing.T) {
	copenhagen, newYork := zone(t, "Europe/Copenhagen"), zone(t, "America/New_York")
	twice := Interval{9 * hour, 12 * hour}
	office := &Schedule{Location: copenhagen, Week: weekdays(twice, Interval{13 * hour, 16*hour + hour/2}), Closed: []string{"2026-12-24", "2026-12-25"}}
	overnight := &Schedule{Location: copenhagen, Week: every(Interval{22 * hour, 24 * hour}, Interval{0, 6 * hour})}
	unsorted := &Schedule{Week: every(Interval{15 * hour, 16 * hour}, Interval{8 * hour, 9 * hour})}
	early := &Schedule{Location: copenhagen, Week: every(Interval{2*hour + hour/2, 4 * hour})}
	night := &Schedule{Location: copenhagen, Week: every(Interval{2*hour + hour/2, 2*hour + 3*hour/4})}
	american := &Schedule{Location: newYork, Week: every(Interval{1*hour + hour/2, 3 * hour})}
	odd := &Schedule{Week: every(Interval{9*hour + 30*time.Second + time.Nanosecond, 10 * hour})}
	holiday := &Schedule{Location: copenhagen, Closed: []string{"2026-12-24"}}
	for _, test := range []struct {
		name     string
		schedule *Schedule
		at       string // RFC 3339
		next     string // "" for none, the same as at when open
	}{
		{"no schedule", nil, "2026-11-22T03:00:00Z", "2026-11-22T03:00:00Z"},
		{"the zero value", &Schedule{}, "2026-11-22T03:00:00Z", "2026-11-22T03:00:00Z"},
		{"in the morning", office, "2026-11-23T10:00:00+01:00", "2026-11-23T10:00:00+01:00"},
		{"asked in another zone", office, "2026-11-23T08:00:00Z", "2026-11-23T08:00:00Z"},
		{"the first moment counts", office, "2026-11-23T09:00:00+01:00", "2026-11-23T09:00:00+01:00"},
		{"just before", office, "2026-11-23T08:59:59.999999999+01:00", "2026-11-23T09:00:00+01:00"},
		{"the last moment counts", office, "2026-11-23T11:59:59.999999999+01:00", "2026-11-23T11:59:59.999999999+01:00"},
		{"the end does not", office, "2026-11-23T12:00:00+01:00", "2026-11-23T13:00:00+01:00"},
		{"after hours", office, "2026-11-23T16:30:00+01:00", "2026-11-24T09:00:00+01:00"},
		{"over the weekend", office, "2026-11-27T18:00:00+01:00", "2026-11-30T09:00:00+01:00"},
		{"over days off and the weekend", office, "2026-12-24T10:00:00+01:00", "2026-12-28T09:00:00+01:00"},
		{"days off are those of the zone", office, "2026-12-23T23:30:00Z", "2026-12-28T09:00:00+01:00"},
		{"over midnight", overnight, "2026-11-23T23:59:59+01:00", "2026-11-23T23:59:59+01:00"},
		{"after midnight", overnight, "2026-11-24T00:00:00+01:00", "2026-11-24T00:00:00+01:00"},
		{"before the night", overnight, "2026-11-24T06:00:00+01:00", "2026-11-24T22:00:00+01:00"},
		{"intervals in any order", unsorted, "2026-11-24T07:00:00Z", "2026-11-24T08:00:00Z"},
		{"intervals in any order, later", unsorted, "2026-11-24T09:00:00Z", "2026-11-24T15:00:00Z"},
		{"seconds and less", odd, "2026-11-24T09:00:30Z", "2026-11-24T09:00:30.000000001Z"},
		{"only days off", holiday, "2026-12-24T10:00:00+01:00", "2026-12-25T00:00:00+01:00"},
		{"only days off, on another day", holiday, "2026-12-23T23:59:59+01:00", "2026-12-23T23:59:59+01:00"},
		{"never", &Schedule{Week: map[time.Weekday][]Interval{time.Monday: nil}}, "2026-11-24T09:00:00Z", ""},
		// Copenhagen: forward on 29 March 2026 at 02:00, back on 25 October at 03:00.
		{"the week in which clocks go forward", office, "2026-03-27T18:00:00+01:00", "2026-03-30T09:00:00+02:00"},
		{"the week in which clocks go back", office, "2026-10-23T18:00:00+02:00", "2026-10-26T09:00:00+01:00"},
		{"an opening in the hour left out", early, "2026-03-29T01:00:00+01:00", "2026-03-29T03:00:00+02:00"},
		{"an interval in the hour left out", night, "2026-03-29T01:00:00+01:00", "2026-03-30T02:30:00+02:00"},
		{"an interval in the hour that comes twice", night, "2026-10-25T01:00:00+02:00", "2026-10-25T02:30:00+02:00"},
		{"the second time", night, "2026-10-25T02:45:00+02:00", "2026-10-25T02:30:00+01:00"},
		{"after the second time", night, "2026-10-25T02:45:00+01:00", "2026-10-26T02:30:00+01:00"},
		// New York: forward on 8 March 2026 at 02:00, back on 1 November at 02:00.
		{"open over the hour left out", american, "2026-03-08T01:59:59-05:00", "2026-03-08T01:59:59-05:00"},
		{"closed after it", american, "2026-03-08T03:00:00-04:00", "2026-03-09T01:30:00-04:00"},
		{"closed between the two hours", american, "2026-11-01T01:00:00-05:00", "2026-11-01T01:30:00-05:00"},
		{"the first of the two", american, "2026-11-01T00:30:00-04:00", "2026-11-01T01:30:00-04:00"},
	} {
		at, err := time.Parse(time.RFC3339Nano, test.at)
		if err != nil {
			t.Fatal(err)
		}
		if open := test.schedule.Open(at); open != (test.next == test.at) {
			t.Errorf("%s: open is %v", test.name, open)
		}
		next, ok := test.schedule.NextOpen(at)
		if ok != (test.next != "") {
			t.Errorf("%s: next opening %s, %v", test.name, next, ok)
			continue
		}
		if want, _ := time.Parse(time.RFC3339Nano, test.next); ok && !next.Equal(want) {
			t.Errorf("%s: opens %s, want %s", test.name, next, want)
		}
	}
}

func TestNextOpenLooksAYearAhead(t *testing.T) {
	s := &Schedule{Week: map[time.Weekday][]Interval{time.Monday: {{9 * hour, 10 * hour}}}}
	start := time.Date(2026, 11, 23, 10, 0, 0, 0, time.UTC) // a Monday, just closed
	for day := range 7 * 51 {
		s.Closed = append(s.Closed, start.AddDate(0, 0, day).Format(time.DateOnly))
	}
	if next, ok := s.NextOpen(start); !ok || next.Format(time.DateOnly) != "2027-11-15" {
		t.Errorf("got %s, %v", next, ok)
	}
	for day := 7 * 51; day <= 366; day++ {
		s.Closed = append(s.Closed, start.AddDate(0, 0, day).Format(time.DateOnly))
	}
	if next, ok := s.NextOpen(start); ok {
		t.Errorf("got %s beyond a year", next)
	}
}

// A14: for 1,050 schedules around changes of the clock the next opening is the
// first quarter of an hour at which the schedule is
// open, in zones whose clocks change at midnight, by half an hour, or by a day.
func TestA14NextOpenIsTheFirstOpenInstant(t *testing.T) {
	for name, change := range map[string]string{
		"Europe/Copenhagen": "2026-03-29", "America/New_York": "2026-11-01", "Australia/Lord_Howe": "2026-04-05",
		"America/Santiago": "2026-09-06", "Africa/Cairo": "2026-04-24", "Asia/Kathmandu": "2026-01-01", "Pacific/Apia": "2011-12-30",
	} {
		loc := zone(t, name)
		around, _ := time.ParseInLocation(time.DateOnly, change, loc)
		for seed := range uint64(150) {
			rnd := rand.New(rand.NewPCG(seed, 3))
			s := &Schedule{Location: loc, Week: map[time.Weekday][]Interval{}}
			for range 1 + rnd.IntN(8) {
				from := rnd.IntN(95)
				day := time.Weekday(rnd.IntN(7))
				s.Week[day] = append(s.Week[day], Interval{time.Duration(from) * hour / 4, time.Duration(from+1+rnd.IntN(96-from)) * hour / 4})
			}
			s.Closed = []string{around.AddDate(0, 0, rnd.IntN(3)).Format(time.DateOnly)}
			if err := s.Validate(); err != nil {
				t.Fatal(err)
			}
			at := around.Add(time.Duration(rnd.IntN(4*72)-4*36) * hour / 4)
			want := at
			for i := 0; i < 4*24*15 && !s.Open(want); i++ {
				want = want.Add(hour / 4)
			}
			if got, ok := s.NextOpen(at); !ok || !got.Equal(want) {
				t.Errorf("%s, seed %d: from %s the next opening is %s, %v, want %s", name, seed, at, got, ok, want)
			}
		}
	}
}

func TestValidateReportsEveryFault(t *testing.T) {
	s := &Schedule{
		Week: map[time.Weekday][]Interval{
			time.Monday:  {{9 * hour, 17 * hour}, {-hour, hour}, {10 * hour, 25 * hour}},
			time.Tuesday: {{9 * hour, 9 * hour}, {10 * hour, 9 * hour}},
			8:            {{0, hour}},
		},
		Closed: []string{"2026-12-24", "24.12.2026", "2026-02-30", "2026-1-2"},
	}
	err := s.Validate()
	if !errors.Is(err, ErrSchedule) {
		t.Fatalf("got %v", err)
	}
	want := []string{"Monday from -1h", "Monday from 10h", "Tuesday from 9h0m0s", "Tuesday from 10h", "weekday 8", "24.12.2026", "2026-02-30", "2026-1-2"}
	for _, fault := range want {
		if !strings.Contains(err.Error(), fault) {
			t.Errorf("%q is not reported in:\n%v", fault, err)
		}
	}
	if got := strings.Count(err.Error(), "\n") + 1; got != len(want) {
		t.Errorf("%d faults are reported, want %d:\n%v", got, len(want), err)
	}
	for _, valid := range []*Schedule{nil, {}, {Week: every(Interval{0, 24 * hour}), Closed: []string{"2028-02-29"}}} {
		if err := valid.Validate(); err != nil {
			t.Errorf("%+v: %v", valid, err)
		}
	}
}

func BenchmarkNextOpen(b *testing.B) {
	s := &Schedule{Week: weekdays(Interval{9 * hour, 17 * hour}), Closed: []string{"2026-12-24", "2026-12-25"}}
	at := time.Date(2026, 12, 24, 12, 0, 0, 0, time.UTC)
	b.ReportAllocs()
	for b.Loop() {
		s.NextOpen(at)
	}
}
