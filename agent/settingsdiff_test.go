package agent_test

import (
	"context"
	"fmt"
	"reflect"
	"strings"
	"testing"

	"github.com/kundeagent/kundeagent/agent"
	"github.com/kundeagent/kundeagent/handoff"
)

func TestDiffTellsWhatPeopleChanged(t *testing.T) {
	base := func() agent.Settings {
		return agent.Settings{
			Profile: agent.Profile{Name: "Ida", Facts: []string{"We sell lamps.", "We ship to Norway."}}, AnswerAt: .4,
			PerChannel: map[string]agent.ChannelSettings{"mail": {AnswerAt: .6}},
			Guidelines: []agent.Guideline{{Name: "press", Category: agent.Avoid, When: []string{"journalist"}}, {Name: "kind", Then: "Be kind."}},
		}
	}
	for name, c := range map[string]struct {
		change func(*agent.Settings)
		want   string
	}{
		"nothing":  {func(s *agent.Settings) { s.Version = 9 }, ""},
		"a value":  {func(s *agent.Settings) { s.Profile.Name, s.AnswerAt = "Ask & Co", .5 }, `AnswerAt: 0.4 → 0.5; Profile.Name: "Ida" → "Ask & Co"`},
		"a manner": {func(s *agent.Settings) { s.Profile.Personality = agent.Witty }, `Profile.Personality: "Friendly" → "Witty"`},
		"lists":    {func(s *agent.Settings) { s.Profile.Facts = []string{"We ship to Norway.", "We ship to Finland."} }, `Profile.Facts: "We sell lamps." → "We ship to Finland."`},
		"an order": {func(s *agent.Settings) { s.Profile.Facts = []string{"We ship to Norway.", "We sell lamps."} }, `Profile.Facts: ["We sell lamps.","We ship to Norway."] → ["We ship to Norway.","We sell lamps."]`},
		"one less": {func(s *agent.Settings) { s.Profile.Facts = s.Profile.Facts[:1] }, `Profile.Facts: removed "We ship to Norway."`},
		"a first":  {func(s *agent.Settings) { s.AllowedURLs = []string{"https://pay.example"} }, `AllowedURLs: added "https://pay.example"`},
		"an entry": {func(s *agent.Settings) { s.Guidelines[1].Then = "Be brief." }, `Guidelines[kind].Then: "Be kind." → "Be brief."`},
		"a swap":   {func(s *agent.Settings) { s.Guidelines[0], s.Guidelines[1] = s.Guidelines[1], s.Guidelines[0] }, `Guidelines: press, kind → kind, press`},
		"a channel": {func(s *agent.Settings) {
			s.PerChannel = map[string]agent.ChannelSettings{"mail": {AnswerAt: .7}, "chat": {MaxClarify: 2}}
		}, `PerChannel.chat.MaxClarify: added 2; PerChannel.mail.AnswerAt: 0.6 → 0.7`},
		"no entry": {func(s *agent.Settings) { s.Guidelines = s.Guidelines[1:] }, `Guidelines[press].Category: removed "avoid"; Guidelines[press].Instead: removed "hand off"; Guidelines[press].Name: removed "press"; Guidelines[press].Then: removed ""; Guidelines[press].When: removed "journalist"`},
		"unnamed":  {func(s *agent.Settings) { s.Guidelines[0].Name = "" }, ""},
	} {
		t.Run(name, func(t *testing.T) {
			edited := base()
			c.change(&edited)
			changes, err := base().Diff(edited)
			var lines []string
			for _, c := range changes {
				lines = append(lines, c.String())
			}
			got := strings.Join(lines, "; ")
			if name == "unnamed" {
				if err != nil || len(changes) != 1 || changes[0].Field != "Guidelines" || !strings.Contains(changes[0].Before, `"press"`) || strings.Contains(changes[0].After, `"press"`) {
					t.Errorf("%s, %v", got, err)
				}
				return
			}
			if err != nil || got != c.want {
				t.Errorf("%s, %v\nwant %s", got, err, c.want)
			}
		})
	}
	s := agent.Settings{Guidelines: []agent.Guideline{{Then: "x", Applies: func(context.Context, handoff.Situation) bool { return true }}}}
	for _, pair := range [][2]agent.Settings{{s, base()}, {base(), s}} {
		if _, err := pair[0].Diff(pair[1]); err == nil {
			t.Error("a function can be compared")
		}
	}
}

// Every setting must get into versions and out of them again.
func TestEverySettingIsKeptInAVersion(t *testing.T) {
	want := agent.Settings{}
	fill(reflect.ValueOf(&want).Elem())
	want.Version = 0
	want.Profile.Avatar = "https://shop.example/ida.png"
	want.TriggerSettings.Loop = 2
	want.Messages = handoff.Messages{"da": {handoff.Transferring: "Et øjeblik."}}
	a := mustNew(t, agent.Config{Knowledge: helpCentre(t)})
	o := a.As(agent.Actor{ID: "7"})
	n, err := o.Edit(t.Context(), want, "")
	if err != nil {
		t.Fatal(err)
	}
	got, err := o.Settings(t.Context(), n)
	want.Version = n
	if err != nil || !reflect.DeepEqual(got, want) {
		t.Errorf("%v\ngot  %+v\nwant %+v", err, got, want)
	}
}

// fill sets every field to something that is not zero and can be.
func fill(v reflect.Value) {
	switch v.Kind() {
	case reflect.Struct:
		for i := range v.NumField() {
			if v.Type().Field(i).Type.Kind() != reflect.Func {
				fill(v.Field(i))
			}
		}
	case reflect.Slice:
		v.Set(reflect.MakeSlice(v.Type(), 1, 1))
		fill(v.Index(0))
	case reflect.Map:
		key, value := reflect.New(v.Type().Key()).Elem(), reflect.New(v.Type().Elem()).Elem()
		fill(key)
		fill(value)
		v.Set(reflect.MakeMap(v.Type()))
		v.SetMapIndex(key, value)
	case reflect.Pointer:
		v.Set(reflect.New(v.Type().Elem()))
		fill(v.Elem())
	case reflect.String:
		v.SetString("da")
	case reflect.Float64:
		v.SetFloat(.5)
	case reflect.Bool:
		v.SetBool(true)
	case reflect.Uint8:
		v.SetUint(1)
		if v.Type() == reflect.TypeFor[agent.Category]() {
			v.SetUint(uint64(agent.Avoid))
		}
	case reflect.Int, reflect.Int64:
		v.SetInt(1)
	}
}

func ExampleSettings_Diff() {
	before := agent.Settings{Profile: agent.Profile{Name: "Ida"}, AnswerAt: .4}
	after := before
	after.Profile.Name, after.AnswerAt = "Otto", .6
	changes, err := before.Diff(after)
	for _, c := range changes {
		fmt.Println(c)
	}
	fmt.Println(err)
	// Output:
	// AnswerAt: 0.4 → 0.6
	// Profile.Name: "Ida" → "Otto"
	// <nil>
}
