package handoff_test

import (
	"encoding/json"
	"errors"
	"fmt"
	"reflect"
	"strings"
	"testing"
	"time"

	"github.com/kundeagent/kundeagent/handoff"
)

func TestScheduleIsWrittenAsPeopleReadIt(t *testing.T) {
	copenhagen, err := time.LoadLocation("Europe/Copenhagen")
	if err != nil {
		t.Fatal(err)
	}
	for want, s := range map[string]handoff.Schedule{
		`{}`:                        {},
		`{"closed":["2026-12-24"]}`: {Location: time.UTC, Closed: []string{"2026-12-24"}},
		`{"zone":"Europe/Copenhagen","week":{"monday":["09:00-12:00","13:00-24:00"],"sunday":["00:00:30-00:00:30.5"]}}`: {
			Location: copenhagen,
			Week: map[time.Weekday][]handoff.Interval{
				time.Monday: {{From: 9 * time.Hour, To: 12 * time.Hour}, {From: 13 * time.Hour, To: 24 * time.Hour}},
				time.Sunday: {{From: 30 * time.Second, To: 30*time.Second + 500*time.Millisecond}},
			},
		},
	} {
		data, err := json.Marshal(&s)
		if err != nil || string(data) != want {
			t.Errorf("%s, %v, want %s", data, err, want)
		}
		var back handoff.Schedule
		if err := json.Unmarshal(data, &back); err != nil {
			t.Errorf("%s: %v", data, err)
		}
		if s.Location == time.UTC {
			s.Location = nil
		}
		if !reflect.DeepEqual(back, s) {
			t.Errorf("%s is read as %+v", data, back)
		}
	}
}

func TestScheduleThatOthersCouldNotReadIsNotWritten(t *testing.T) {
	for name, s := range map[string]handoff.Schedule{
		"machine":  {Location: time.Local},
		"unnamed":  {Location: time.FixedZone("shop time", 1800)},
		"backward": {Week: map[time.Weekday][]handoff.Interval{time.Monday: {{From: 2, To: 1}}}},
		"weekday":  {Week: map[time.Weekday][]handoff.Interval{9: nil}},
	} {
		if data, err := json.Marshal(&s); !errors.Is(err, handoff.ErrSchedule) {
			t.Errorf("%s: %s, %v", name, data, err)
		}
	}
}

func TestUnreadableScheduleIsATypedErrorAndChangesNothing(t *testing.T) {
	for _, data := range []string{
		`[]`, `{"zone":"Local"}`, `{"zone":"Atlantis/Capital"}`, `{"week":{"caturday":["09:00-10:00"]}}`, `{"week":{"monday":["9-10"]}}`,
		`{"week":{"monday":["09:00"]}}`, `{"week":{"monday":["10:00-09:00"]}}`, `{"week":{"monday":["09:00-25:00"]}}`, `{"week":{"monday":["-1:00-09:00"]}}`,
		`{"week":{"monday":["a:b-c:d"]}}`, `{"closed":["yesterday"]}`, `{"week":{"monday":["1h30:00-09:00"]}}`,
		`{"week":{"monday":["2562047:2562047000-09:00"]}}`, `{"week":{"monday":["09:00:00:00-10:00"]}}`,
	} {
		s := handoff.Schedule{Closed: []string{"2026-01-01"}}
		if err := json.Unmarshal([]byte(data), &s); !errors.Is(err, handoff.ErrSchedule) {
			t.Errorf("%s: %v", data, err)
		}
		if len(s.Closed) != 1 || s.Closed[0] != "2026-01-01" {
			t.Errorf("%s changed the schedule to %+v", data, s)
		}
	}
}

func FuzzInterval(f *testing.F) {
	f.Add("09:00-17:00")
	f.Add("00:00:30-24:00")
	f.Add("1e3:00-x")
	f.Fuzz(func(t *testing.T, s string) {
		var i, again handoff.Interval
		if i.UnmarshalText([]byte(s)) != nil {
			return
		}
		text, err := i.MarshalText()
		if err == nil {
			err = again.UnmarshalText(text)
		}
		if err != nil || again != i {
			t.Errorf("%q is %v, written %q, read %v, %v", s, i, text, again, err)
		}
	})
}

func ExampleSchedule_MarshalJSON() {
	hours := handoff.Schedule{Week: map[time.Weekday][]handoff.Interval{time.Monday: {{From: 9 * time.Hour, To: 17 * time.Hour}}}}
	data, err := json.Marshal(hours)
	fmt.Println(strings.TrimSpace(string(data)), err)
	// Output:
	// {"week":{"monday":["09:00-17:00"]}} <nil>
}
