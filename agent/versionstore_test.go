package agent_test

import (
	"encoding/json"
	"errors"
	"fmt"
	"reflect"
	"sync"
	"testing"
	"time"

	"github.com/kundeagent/kundeagent/agent"
	"github.com/kundeagent/kundeagent/handoff"
)

func numbers(versions []agent.Version) []int64 {
	var out []int64
	for _, v := range versions {
		out = append(out, v.Number)
	}
	return out
}

func TestVersionsAreNumberedWithoutHolesAndNeverChange(t *testing.T) {
	store := agent.NewMemoryStore(nil)
	at := time.Date(2026, 3, 2, 10, 0, 0, 0, time.UTC)
	version := func(number, based int64) agent.Version {
		return agent.Version{Number: number, Based: based, By: agent.Actor{ID: "1"}, At: at, Note: "n", Settings: json.RawMessage(`{"AnswerAt":0.5}`)}
	}
	for _, v := range []agent.Version{version(0, 0), version(2, 0), version(1, 1)} {
		if err := store.AddVersion(t.Context(), "a", v); !errors.Is(err, agent.ErrSuperseded) {
			t.Errorf("version %d based on %d: %v", v.Number, v.Based, err)
		}
	}
	for n := range int64(3) {
		v := version(n+1, n)
		if err := store.AddVersion(t.Context(), "a", v); err != nil {
			t.Fatal(err)
		}
		if err := store.AddVersion(t.Context(), "a", v); err != nil {
			t.Errorf("the same again: %v", err)
		}
		v.Settings[0] = 'X' // the store has a copy
		v.Note = "other"
		if err := store.AddVersion(t.Context(), "a", v); !errors.Is(err, agent.ErrSuperseded) {
			t.Errorf("another of the same number: %v", err)
		}
	}
	got, err := store.Version(t.Context(), "a", 2)
	if err != nil || !reflect.DeepEqual(got, version(2, 1)) {
		t.Errorf("%+v, %v", got, err)
	}
	got.Settings[0] = 'X'
	if again, _ := store.Version(t.Context(), "a", 2); again.Settings[0] != '{' {
		t.Error("what was returned is the store's own")
	}
	for _, n := range []int64{-1, 0, 4} {
		if _, err := store.Version(t.Context(), "a", n); !errors.Is(err, agent.ErrNoVersion) {
			t.Errorf("version %d: %v", n, err)
		}
	}
	for _, c := range []struct {
		below int64
		limit int
		want  []int64
	}{{0, 10, []int64{3, 2, 1}}, {0, 2, []int64{3, 2}}, {2, 10, []int64{1}}, {1, 10, nil}, {9, 10, []int64{3, 2, 1}}, {0, 0, nil}} {
		if list, err := store.Versions(t.Context(), "a", c.below, c.limit); err != nil || !reflect.DeepEqual(numbers(list), c.want) {
			t.Errorf("below %d, %d: %v, %v", c.below, c.limit, numbers(list), err)
		}
	}
	if list, err := store.Versions(t.Context(), "b", 0, 10); err != nil || len(list) != 0 {
		t.Errorf("another agent's: %v, %v", list, err)
	}
	if l, _ := store.Lifecycle(t.Context(), "a"); l.Draft != 3 || l.Revision != 3 || l.Published != 0 {
		t.Errorf("lifecycle %+v", l)
	}
	// The draft was set back: only what is based on that follows.
	l, _ := store.Lifecycle(t.Context(), "a")
	l.Draft = 1
	if err := store.SetLifecycle(t.Context(), "a", l); err != nil {
		t.Fatal(err)
	}
	if err := store.AddVersion(t.Context(), "a", version(4, 3)); !errors.Is(err, agent.ErrSuperseded) {
		t.Errorf("based on what is not the draft: %v", err)
	}
	if err := store.AddVersion(t.Context(), "a", version(4, 1)); err != nil {
		t.Error(err)
	}
}

func TestOneOfManyEditorsAtOnceAddsAVersion(t *testing.T) {
	store := agent.NewMemoryStore(nil)
	var wg sync.WaitGroup
	var mu sync.Mutex
	won := 0
	for i := range 20 {
		wg.Go(func() {
			err := store.AddVersion(t.Context(), "a", agent.Version{Number: 1, Note: fmt.Sprint(i), Settings: json.RawMessage(`{}`)})
			mu.Lock()
			defer mu.Unlock()
			if err == nil {
				won++
			} else if !errors.Is(err, agent.ErrSuperseded) {
				t.Error(err)
			}
		})
	}
	wg.Wait()
	if won != 1 {
		t.Errorf("%d editors won", won)
	}
}

func TestLifecycleIsWrittenAsJSON(t *testing.T) {
	want := agent.Lifecycle{Revision: 3, Paused: true, PauseReason: "stocktaking", Published: 2, Deployments: map[string]agent.Deployment{"chat": {
		From: agent.FromHelpDesk, Filter: "vip", Percent: 20, Mode: agent.ModeDraft, IdleClose: time.Hour,
		Hours: &handoff.Schedule{Week: map[time.Weekday][]handoff.Interval{time.Monday: {{From: 9 * time.Hour, To: 17 * time.Hour}}}},
	}}}
	data, err := json.Marshal(want)
	var got agent.Lifecycle
	if err != nil || json.Unmarshal(data, &got) != nil || !reflect.DeepEqual(got, want) {
		t.Errorf("%s, %v", data, err)
	}
	const words = "published with version 2, paused: stocktaking, chat: deployed from help desk, filter vip, 20 %, draft mode, own hours, closes after 1h0m0s"
	if got.String() != words {
		t.Errorf("%q", got.String())
	}
	for value, name := range map[fmt.Stringer]string{agent.FromInbox: "inbox", agent.Desk(9): "Desk(9)", agent.ModeAuto: "auto", agent.Mode(9): "Mode(9)"} {
		if value.String() != name {
			t.Errorf("%s is not %s", value, name)
		}
	}
	var mode agent.Mode
	var desk agent.Desk
	if mode.UnmarshalText([]byte("shadow")) == nil || desk.UnmarshalText([]byte("sofa")) == nil {
		t.Error("unknown names are read")
	}
}
