package channels

import (
	"fmt"
	"testing"
	"time"
)

func ExamplePacer() {
	p := Pacer{Every: 6 * time.Second}
	now := time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC)
	fmt.Println(p.Take("+4512345678", now), p.Take("+4512345678", now.Add(2*time.Second)), p.Take("+4587654321", now))
	// Output: 0s 4s 0s
}

func TestPacerLetsABurstThroughAndThenOneAtATime(t *testing.T) {
	p := Pacer{Every: 6 * time.Second, Burst: 3}
	start := time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC)
	sent := 0
	for second := range 60 {
		if p.Take("a", start.Add(time.Duration(second)*time.Second)) == 0 {
			sent++
		}
	}
	if sent != 3+9 {
		t.Errorf("%d messages in a minute, want 12", sent)
	}
	if wait := p.Take("a", start.Add(time.Minute+100*time.Millisecond)); wait != 0 {
		t.Errorf("wait %s", wait)
	}
}

func TestPacerForgetsRecipientsAtRest(t *testing.T) {
	p := Pacer{Every: time.Second}
	now := time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC)
	for i := range 3 * pacedRecipients {
		p.Take(fmt.Sprint(i), now.Add(time.Duration(i)*time.Millisecond))
	}
	if len(p.ready) > pacedRecipients+1001 {
		t.Errorf("%d recipients are remembered", len(p.ready))
	}
}
