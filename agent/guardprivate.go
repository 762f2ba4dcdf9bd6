package agent

import (
	"crypto/sha256"
	"encoding/hex"
	"iter"
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
	said := ""
	for _, p := range d.Passages {
		if p.Citable || p.Source == knowledge.ShortAnswerSource {
			continue
		}
		if said == "" {
			said = phrase(d.Text)
		}
		for _, name := range []string{p.Title, p.Name, p.Document} {
			if isNamed(name, d.Text, said) && !slices.ContainsFunc(openTexts(d), func(t string) bool { return strings.Contains(phrase(t), phrase(name)) }) {
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
	said := phrase(d.Text)
	squeezed := strings.ReplaceAll(said, " ", "")
	for _, secret := range d.secrets {
		if strings.Contains(squeezed, secret) || strings.Contains(squeezed, reversed(secret)) {
			return Verdict{Action: Block, Reason: "instructions leaked: their mark"}
		}
	}
	if sharesWords(said, phrase(d.instructions), leakedWords) {
		return Verdict{Action: Block, Reason: "instructions leaked: their words"}
	}
	return Verdict{}
}

// sharesWords reports whether two phrases have n words in a row in common.
func sharesWords(a, b string, n int) bool {
	if strings.Count(a, " ") <= n {
		return false
	}
	said := map[string]bool{}
	for w := range runsOfWords(a, n) {
		said[w] = true
	}
	for w := range runsOfWords(b, n) {
		if said[w] {
			return true
		}
	}
	return false
}

// runsOfWords yields each n words in a row of a phrase, with the spaces around
// them.
func runsOfWords(s string, n int) iter.Seq[string] {
	return func(yield func(string) bool) {
		starts := make([]int, 0, n+1)
		for i := range len(s) {
			if s[i] != ' ' {
				continue
			}
			if len(starts) == n {
				if !yield(s[starts[0] : i+1]) {
					return
				}
				starts = append(starts[:0], starts[1:]...)
			}
			starts = append(starts, i)
		}
	}
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
