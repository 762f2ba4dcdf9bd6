package agent

import (
	"context"
	"maps"
	"slices"
)

// Settings is the part of an agent's configuration that people edit without
// touching the program. A draft of it can be tried with [Agent.PreviewWith].
// It can be written as JSON and read back, unless a guideline has a function.
type Settings struct {
	Profile     Profile
	Guidelines  []Guideline
	AnswerAt    float64 // see Config
	MaxClarify  int     // see Config
	PerChannel  map[string]ChannelSettings
	Language    string   // see Config
	AllowedURLs []string // see Config
}

// Settings returns a copy of what the agent works by, with the defaults filled
// in.
func (a *Agent) Settings() Settings {
	p := a.cfg.Profile
	p.Facts = slices.Clone(p.Facts)
	return Settings{
		Profile: p, Guidelines: slices.Clone(a.cfg.Guidelines), AnswerAt: a.cfg.AnswerAt,
		MaxClarify: a.cfg.MaxClarify, PerChannel: maps.Clone(a.cfg.PerChannel), Language: a.cfg.Language, AllowedURLs: slices.Clone(a.cfg.AllowedURLs),
	}
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
	return draft.Preview(ctx, q)
}

// with returns an agent for previews: it shares the mind's means, and has no
// channel, store or meter of this one.
func (a *Agent) with(s Settings) (*Agent, error) {
	cfg := a.cfg
	cfg.Profile, cfg.Guidelines, cfg.AllowedURLs = s.Profile, s.Guidelines, s.AllowedURLs
	cfg.AnswerAt, cfg.MaxClarify, cfg.PerChannel, cfg.Language = s.AnswerAt, s.MaxClarify, s.PerChannel, s.Language
	cfg.Channels, cfg.Store, cfg.Meter, cfg.OnReply = nil, nil, nil, nil
	return New(cfg)
}
