package agent

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"maps"
	"slices"

	"github.com/kundeagent/kundeagent/handoff"
)

// Settings is the part of an agent's configuration that people edit without
// touching the program. A draft of it can be tried with [Agent.PreviewWith] and
// kept with [Operator.Edit]. It can be written as JSON and read back, unless a
// guideline has a function.
type Settings struct {
	// Version is the one these are, or were made from; 0 is Config.
	Version int64 `json:",omitempty"`

	Profile     Profile
	Guidelines  []Guideline
	AnswerAt    float64 // see Config
	MaxClarify  int     // see Config
	PerChannel  map[string]ChannelSettings
	Language    string   // see Config
	AllowedURLs []string // see Config

	// Messages are Handoff.Messages; see [Handoff].
	Messages handoff.Messages `json:",omitempty"`
	// TriggerSettings decide when a human is needed; see Config. The zero value
	// is the default.
	TriggerSettings handoff.TriggerSettings `json:",omitzero"`
}

// Settings returns a copy of what Config says, with the defaults filled in:
// version 0. [Operator.Settings] returns other versions.
func (a *Agent) Settings() Settings {
	s := settingsIn(&a.cfg)
	s.Version = a.version
	return s
}

// settingsIn returns a copy of the settings of a configuration, apply puts
// settings in their place.
func settingsIn(cfg *Config) Settings {
	s := Settings{
		Profile: cfg.Profile, Guidelines: slices.Clone(cfg.Guidelines), AnswerAt: cfg.AnswerAt, MaxClarify: cfg.MaxClarify,
		PerChannel: maps.Clone(cfg.PerChannel), Language: cfg.Language, AllowedURLs: slices.Clone(cfg.AllowedURLs),
		Messages: cfg.Handoff.Messages.Clone(), TriggerSettings: cfg.TriggerSettings.Clone(),
	}
	s.Profile.Facts = slices.Clone(s.Profile.Facts)
	return s
}

func (cfg *Config) apply(s Settings) {
	cfg.Profile, cfg.Guidelines, cfg.AllowedURLs = s.Profile, s.Guidelines, s.AllowedURLs
	cfg.AnswerAt, cfg.MaxClarify, cfg.PerChannel, cfg.Language = s.AnswerAt, s.MaxClarify, s.PerChannel, s.Language
	cfg.Handoff.Messages, cfg.TriggerSettings = s.Messages, s.TriggerSettings
}

// setSettingsDefaults fills in what settings leave out.
func (cfg *Config) setSettingsDefaults() {
	defaultTo(&cfg.AnswerAt, .4)
	defaultTo(&cfg.MaxClarify, 1)
	defaultTo(&cfg.Language, "en")
}

// PreviewWith is [Agent.Preview] as if the agent worked by other settings: with
// the same knowledge, model, actions and guards, and just as free of
// consequences. Faults of the settings come together and wrap
// [ErrInvalidConfig].
func (a *Agent) PreviewWith(ctx context.Context, s Settings, q Question) (Reply, error) {
	draft, err := a.with(s)
	if err != nil {
		return Reply{}, err
	}
	return draft.reply(ctx, q, true)
}

// with returns the agent as it works by other settings. It shares everything
// else with a.
func (a *Agent) with(s Settings) (*Agent, error) {
	b := *a
	b.version = s.Version
	b.cfg.apply(s)
	if err := b.cfg.validate(); err != nil {
		return nil, err
	}
	b.cfg.setSettingsDefaults()
	b.prepare()
	return &b, nil
}

// prepare makes what follows from the settings.
func (a *Agent) prepare() {
	a.guidelines = newGuidelines(a.cfg.Guidelines)
	a.guards = guardChain(&a.cfg, a.guidelines.guard())
	a.triggers = triggersOf(&a.cfg)
}

// settingsOfVersion reads the settings of a stored version.
func settingsOfVersion(v Version) (Settings, error) {
	var s Settings
	if err := json.NewDecoder(bytes.NewReader(v.Settings)).Decode(&s); err != nil {
		return Settings{}, fmt.Errorf("agent: settings of version %d: %w", v.Number, err)
	}
	s.Version = v.Number
	return s, nil
}
