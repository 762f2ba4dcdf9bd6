package handoff

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"reflect"
	"slices"
	"strings"
	"testing"

	"github.com/kundeagent/kundeagent/channels"
)

func ExampleTriggerSettings() {
	var settings TriggerSettings
	err := json.Unmarshal([]byte(`{
		"Loop": 4,
		"Words": [{"Name": "leaving", "Words": ["cancel my subscription"], "Urgency": "offer"}],
		"Topics": [{"Name": "accidents", "Words": ["injured", "caught fire"], "Urgency": "now"}]
	}`), &settings)
	if err != nil {
		fmt.Println(err)
		return
	}
	triggers, err := settings.Triggers()
	if err != nil {
		fmt.Println(err)
		return
	}
	for _, said := range []string{"Can I cancel my subscription?", "The charger caught fire!", "Talk to a human", "Where is my parcel?"} {
		s := Check(context.Background(), triggers, Situation{Text: said})
		fmt.Printf("%s: %q, %q\n", s.Urgency, s.Reason, s.Trigger)
	}
	// Output:
	// offer: "custom words", "leaving"
	// now: "sensitive topic", "accidents"
	// now: "asked for a human", ""
	// none: "", ""
}

func talk(texts ...string) []channels.Message {
	var out []channels.Message
	for _, s := range texts {
		out = append(out, channels.Message{Author: channels.FromCustomer, Text: s}, channels.Message{Author: channels.FromAgent, Text: "Aha."})
	}
	return out
}

// A13: what sets off a handoff, and what does not.
func TestA13KindsOfTrigger(t *testing.T) {
	angry := Frustration(Offer, func(_ context.Context, s Situation) string {
		if strings.Contains(s.Text, "!!!") {
			return "three exclamation marks"
		}
		return ""
	})
	accidents := SensitiveTopics(Now, Topic{"leaks", []string{"gas", "Rücksendung"}}, Topic{"fire", []string{"caught fire"}})
	for name, test := range map[string]struct {
		trigger   Trigger
		situation Situation
		want      Signal
	}{
		"frustrated":          {angry, Situation{Text: "Again!!!"}, Signal{Offer, Frustrated, "three exclamation marks", ""}},
		"not frustrated":      {angry, Situation{Text: "Again!"}, Signal{}},
		"a topic":             {accidents, Situation{Text: "It smells of GAS here"}, Signal{Now, SensitiveTopic, "gas", "leaks"}},
		"a topic's phrase":    {accidents, Situation{Text: "the charger caught fire."}, Signal{Now, SensitiveTopic, "caught fire", "fire"}},
		"a topic, folded":     {accidents, Situation{Text: "ruecksendung"}, Signal{Now, SensitiveTopic, "Rücksendung", "leaks"}},
		"a part of a word":    {accidents, Situation{Text: "a gasket"}, Signal{}},
		"too many turns":      {MaxTurns(Offer, 2), Situation{Text: "c", History: talk("a", "b")}, Signal{Offer, TooManyTurns, "message 3 of the customer", ""}},
		"not too many":        {MaxTurns(Offer, 2), Situation{Text: "b", History: talk("a")}, Signal{}},
		"20 by default":       {MaxTurns(Offer, 0), Situation{Text: "u", History: talk(strings.Split("abcdefghijklmnopqrs", "")...)}, Signal{}},
		"21":                  {MaxTurns(Offer, 0), Situation{Text: "u", History: talk(strings.Split("abcdefghijklmnopqrst", "")...)}, Signal{Offer, TooManyTurns, "message 21 of the customer", ""}},
		"out of budget":       {Budget(Now), Situation{Text: "hi", Unpaid: true}, Signal{Now, OutOfBudget, "no credits for a model", ""}},
		"paid":                {Budget(Now), Situation{Text: "hi"}, Signal{}},
		"the host's own":      {TriggerFunc(func(context.Context, Situation) Signal { return Signal{Now, "vip", "gold", "mine"} }), Situation{}, Signal{Now, "vip", "gold", "mine"}},
		"one that cannot":     {TriggerFunc(func(context.Context, Situation) Signal { panic("no map") }), Situation{}, Signal{Now, Failure, "a trigger panicked: no map", ""}},
		"the word as a whole": {Words(Now, "refund"), Situation{Text: "is it refundable?"}, Signal{}},
	} {
		if got := Check(t.Context(), []Trigger{nil, test.trigger}, test.situation); got != test.want {
			t.Errorf("%s: got %+v, want %+v", name, got, test.want)
		}
	}
}

func TestTriggerSettingsMakeTheTriggersTheyName(t *testing.T) {
	everything := TriggerSettings{
		Loop: 2, MaxTurns: 3, Budget: true,
		Words:  []WordList{{"leaving", []string{"cancel"}, Offer}},
		Topics: []WordList{{"accidents", []string{"injured"}, Now}},
	}
	for name, test := range map[string]struct {
		settings  TriggerSettings
		situation Situation
		want      Reason
	}{
		"asked":                {TriggerSettings{}, Situation{Text: "talk to a human"}, AskedForHuman},
		"asked, switched off":  {TriggerSettings{IgnoreRequests: true}, Situation{Text: "talk to a human"}, ""},
		"loop of three":        {TriggerSettings{}, Situation{Text: "why now", History: talk("why now", "why now")}, Loop},
		"not of two":           {TriggerSettings{}, Situation{Text: "why now", History: talk("why now")}, ""},
		"loop of two":          {everything, Situation{Text: "why now", History: talk("why now")}, Loop},
		"loop, switched off":   {TriggerSettings{Loop: -1}, Situation{Text: "why", History: talk("why", "why", "why")}, ""},
		"words":                {everything, Situation{Text: "I cancel"}, CustomWords},
		"topics":               {everything, Situation{Text: "I am injured"}, SensitiveTopic},
		"turns":                {everything, Situation{Text: "d", History: talk("a", "b", "c")}, TooManyTurns},
		"budget":               {everything, Situation{Text: "d", Unpaid: true}, OutOfBudget},
		"budget, switched off": {TriggerSettings{}, Situation{Text: "d", Unpaid: true}, ""},
	} {
		triggers, err := test.settings.Triggers()
		if err != nil {
			t.Fatalf("%s: %v", name, err)
		}
		if got := Check(t.Context(), triggers, test.situation).Reason; got != test.want {
			t.Errorf("%s: got %q, want %q", name, got, test.want)
		}
	}
	data, err := json.Marshal(everything)
	if err != nil {
		t.Fatal(err)
	}
	var again TriggerSettings
	if err := json.Unmarshal(data, &again); err != nil || !reflect.DeepEqual(again, everything) {
		t.Errorf("%s came back as %+v, %v", data, again, err)
	}
}

func TestTriggerSettingsReportEveryFault(t *testing.T) {
	settings := TriggerSettings{
		Loop: 1, MaxTurns: -1,
		Words:  []WordList{{"none", nil, Now}, {"no urgency", []string{"a"}, None}, {"blank", []string{" "}, Now}, {"long", []string{strings.Repeat("a", maxWordLength+1)}, Now}},
		Topics: []WordList{{"many", slices.Repeat([]string{"a"}, maxWords+1), 7}},
	}
	triggers, err := settings.Triggers()
	if !errors.Is(err, ErrTriggers) || triggers != nil {
		t.Fatalf("got %v, %v", triggers, err)
	}
	for _, want := range []string{"Loop is 1", "MaxTurns -1", `"none", has no words`, `"no urgency", asks`, `"blank": a word`, `"long": a word`, `"many", asks`, "10004 words"} {
		if !strings.Contains(err.Error(), want) {
			t.Errorf("%q is not reported in:\n%v", want, err)
		}
	}
	for _, text := range []string{`"soon"`, `2`, `""`} {
		var u Urgency
		if err := json.Unmarshal([]byte(text), &u); err == nil {
			t.Errorf("%s is the urgency %s", text, u)
		}
	}
}

func TestModesAreReadAndWrittenByName(t *testing.T) {
	for want, names := range map[Mode][]string{Immediate: {"immediate", "IMMEDIATE"}, Later: {"later", "Later"}, KeepAssigned: {"keep assigned", "Keep Assigned"}} {
		for _, name := range names {
			var m Mode
			if err := m.UnmarshalText([]byte(name)); err != nil || m != want {
				t.Errorf("%q is %v, %v", name, m, err)
			}
		}
		if text, err := want.MarshalText(); err != nil || string(text) != names[0] {
			t.Errorf("%d is written %q, %v", want, text, err)
		}
	}
	var m Mode
	if err := m.UnmarshalText([]byte("sometimes")); !errors.Is(err, ErrMode) {
		t.Errorf("got %v", err)
	}
	if _, err := Mode(9).MarshalText(); !errors.Is(err, ErrMode) {
		t.Errorf("got %v", err)
	}
}

func BenchmarkCheck(b *testing.B) {
	triggers, err := TriggerSettings{
		MaxTurns: 20, Budget: true,
		Words:  []WordList{{"leaving", []string{"cancel my subscription", "refund", "complaint"}, Offer}},
		Topics: []WordList{{"accidents", []string{"injured", "caught fire", "gas leak"}, Now}},
	}.Triggers()
	if err != nil {
		b.Fatal(err)
	}
	s := Situation{Text: "Hi, I ordered two lamps last week and one of them does not light up. Can I send it back?", History: talk("Hello", "When are you open?")}
	b.ReportAllocs()
	for b.Loop() {
		Check(context.Background(), triggers, s)
	}
}
