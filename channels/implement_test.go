package channels

import (
	"errors"
	"fmt"
	"testing"
	"time"
)

func TestSendPartsStopsAtAFailureAndSaysWhatItKnows(t *testing.T) {
	now := func() time.Time { return time.Unix(7, 0) }
	for _, test := range []struct {
		name  string
		ids   []string
		fail  error
		want  error
		sends int
	}{
		{"all well", []string{"a", "b", "c"}, nil, nil, 3},
		{"the first fails", []string{""}, &SendError{Kind: ErrAuth}, ErrAuth, 1},
		{"the second fails", []string{"a", ""}, &SendError{Kind: ErrAuth}, ErrAmbiguous, 2},
		{"the first has no ID", []string{""}, nil, ErrAmbiguous, 1},
	} {
		sends := 0
		receipt, err := SendParts(Outgoing{Key: "k", Thread: "t", Parts: []string{"1", "2", "3"}}, now, func(i int, part string) (string, error) {
			sends++
			if part != fmt.Sprint(i+1) {
				t.Errorf("%s: part %d is %q", test.name, i, part)
			}
			if id := test.ids[i]; id != "" {
				return id, nil
			}
			return "", test.fail
		})
		if !errors.Is(err, test.want) || sends != test.sends || (err == nil) != (receipt == Receipt{ID: "a", At: now()}) {
			t.Errorf("%s: %v, %v after %d sends", test.name, receipt, err, sends)
		}
	}
	for _, bad := range []Outgoing{{Thread: "1", Parts: []string{"x"}}, {Key: "k", Parts: []string{"x"}}, {Key: "k", Thread: "1"}} {
		if _, err := SendParts(bad, now, func(int, string) (string, error) { return "a", nil }); !errors.Is(err, ErrInvalid) {
			t.Errorf("%+v: %v", bad, err)
		}
	}
}

func TestUnknownEventsAreBoundedAndNamedByWhatTheyHold(t *testing.T) {
	a, b := UnknownEvent(make([]byte, 2*maxRaw), time.Time{}), UnknownEvent([]byte("{}"), time.Time{})
	if len(a.Raw) != maxRaw || string(b.Raw) != "{}" || a.Delivery == b.Delivery || a.Kind != Unknown || b.Thread == "" {
		t.Errorf("%d bytes, %+v", len(a.Raw), b)
	}
}

func TestOnlyThumbsJudge(t *testing.T) {
	for emoji, want := range map[string][2]bool{"👍": {true, true}, "👍🏿": {true, true}, "👎": {false, true}, "👎\uFE0F": {false, true}, "❤️": {}, "": {}, "👍👍": {}} {
		if helpful, ok := Thumb(emoji); helpful != want[0] || ok != want[1] {
			t.Errorf("%q: %t %t", emoji, helpful, ok)
		}
	}
}
