package agent

import (
	"crypto/sha256"
	"encoding/hex"
	"slices"
	"strings"
	"unicode/utf8"

	"github.com/kundeagent/kundeagent/internal/text"
	"github.com/kundeagent/kundeagent/knowledge"
)

// guardPrivate promises that no draft names a source that may not be named: the
// title, file name or ID of a passage that is not citable. (The model is not
// shown these either.) Ordinary words are no name: a title of one to three
// words counts where it is spelt exactly so, a longer one in any case.
func guardPrivate(d Draft) Verdict {
	said := phrase(d.Text)
	open := openTexts(d)
	for _, p := range d.Passages {
		if p.Citable || p.Source == knowledge.ShortAnswerSource {
			continue
		}
		for _, name := range []string{p.Title, p.Name, p.Document} {
			if isNamed(name, d.Text, said) && !slices.ContainsFunc(open, func(t string) bool { return strings.Contains(phrase(t), phrase(name)) }) {
				return Verdict{Action: Block, Reason: "a source that may not be named is named"}
			}
		}
	}
	return Verdict{}
}

// shortName is up to how many words a name must be spelt exactly.
const shortName = 3

func isNamed(name, draft, said string) bool {
	words := text.Words(name)
	if len(words) == 0 || !strings.Contains(said, phrase(name)) {
		return false
	}
	if len(words) > shortName {
		return true
	}
	// One plain word is no name, such as "Refunds" where it begins a sentence.
	return strings.Contains(draft, name) && (len(words) > 1 || utf8.RuneCountInString(name) != utf8.RuneCountInString(words[0]))
}

// openTexts is what may be told: also the text of private sources, but not what
// they are called.
func openTexts(d Draft) []string {
	out := []string{d.Question.Text}
	for _, m := range d.Question.History {
		out = append(out, m.Text)
	}
	for _, p := range d.Passages {
		out = append(out, p.Text())
		if p.Citable {
			out = append(out, p.Title, strings.Join(p.Path, "\n"))
		}
	}
	return out
}

// guardLeak promises that a draft does not carry the mark that is hidden in the
// instructions, nor a stretch of the instructions themselves, written forwards
// or backwards with whatever between the letters. Instructions in other words
// or another language it cannot recognise.
func guardLeak(d Draft) Verdict {
	squeezed := strings.Join(text.Words(d.Text), "")
	for _, secret := range d.secrets {
		if strings.Contains(squeezed, secret) || strings.Contains(squeezed, reversed(secret)) {
			return Verdict{Action: Block, Reason: "instructions leaked: their mark"}
		}
	}
	said := phrase(d.Text)
	words := text.Words(d.instructions)
	for i := 0; i+leakedWords <= len(words); i++ {
		if strings.Contains(said, " "+strings.Join(words[i:i+leakedWords], " ")+" ") {
			return Verdict{Action: Block, Reason: "instructions leaked: their words"}
		}
	}
	return Verdict{}
}

// leakedWords is how many words in a row are no coincidence.
const leakedWords = 8

func reversed(s string) string {
	r := []rune(s)
	slices.Reverse(r)
	return string(r)
}

// canaryOf returns a mark that stands in the instructions of a turn and nowhere
// else. It is the same when the turn is tried again on another replica.
func canaryOf(agent, key string) string {
	sum := sha256.Sum256([]byte("canary\x00" + agent + "\x00" + key))
	return hex.EncodeToString(sum[:8])
}
