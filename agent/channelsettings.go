package agent

import (
	"cmp"
	"maps"
	"slices"
)

// ChannelSettings are settings that one channel has for itself: a wrong answer
// weighs more in an e-mail, which nobody corrects a minute later, than in a
// chat.
type ChannelSettings struct {
	// AnswerAt is as in [Config]; 0 leaves it at that of the others.
	AnswerAt float64 `json:",omitempty"`
	// MaxClarify is as in [Config]; 0 leaves it at that of the others, negative
	// is never.
	MaxClarify int `json:",omitempty"`
}

// settingsOf returns what holds on a channel; for one without settings of its
// own, and for a question on no channel, what holds everywhere.
func (a *Agent) settingsOf(channel string) ChannelSettings {
	own := a.cfg.PerChannel[channel]
	return ChannelSettings{
		AnswerAt:   cmp.Or(own.AnswerAt, a.cfg.AnswerAt),
		MaxClarify: cmp.Or(own.MaxClarify, a.cfg.MaxClarify),
	}
}

// checkChannelSettings tells of each fault. A channel that the agent does not
// have is none: what people edited is older than a change of Config.Channels.
func checkChannelSettings(per map[string]ChannelSettings, fault func(format string, args ...any)) {
	for _, id := range slices.Sorted(maps.Keys(per)) {
		if id == "" {
			fault("PerChannel has settings for a channel without ID")
		}
		if at := per[id].AnswerAt; !isProbability(at) {
			fault("AnswerAt %v of channel %q is not between 0 and 1", at, id)
		}
	}
}

// isProbability is false for NaN too.
func isProbability(v float64) bool { return v >= 0 && v <= 1 }
