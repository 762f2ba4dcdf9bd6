package agent

import (
	"strings"
	"unicode/utf8"

	"github.com/kundeagent/kundeagent/internal/language"
	"github.com/kundeagent/kundeagent/internal/phrases"
)

// LanguageDetector recognises the language of a text. prior are the languages
// the customer's browser prefers, best first. It must be safe for concurrent
// use.
type LanguageDetector interface {
	Detect(text string, prior []string) Detection
}

// Detection is a detector's finding: a BCP 47 tag, empty if it has none, and
// how sure it is, in [0,1].
type Detection struct {
	Language   string
	Confidence float64
}

// LanguageDecision is the language of a conversation and why.
type LanguageDecision struct {
	Language   string
	Reason     string // "host", "asked for", "text", "browser" or "default"
	Confidence float64
}

// settled decisions hold for the conversation unless there is strong evidence
// against them.
func (d LanguageDecision) settled() bool {
	return d.Reason == "asked for" || d.Reason == "text" || d.Reason == "host"
}

const (
	// minEvidence is how many characters a text needs before it can decide a
	// language.
	minEvidence = 10
	// switchConfidence is how sure two messages in a row must be of another
	// language before a conversation changes to it.
	switchConfidence = .9
	textConfidence   = .5
)

// decideLanguage finds the language to answer in. The host's word comes first,
// then the customer's wish, then what was settled before, then the text with
// the browser's languages as prior, then the browser, then the default.
func (a *Agent) decideLanguage(before LanguageDecision, message, previous string, q Question) LanguageDecision {
	if q.Language != "" {
		return LanguageDecision{q.Language, "host", 1}
	}
	words := phrases.Words(message)
	if wished := phrases.WishedLanguage(words); wished != "" {
		return LanguageDecision{wished, "asked for", 1}
	}
	seen := a.cfg.Detector.Detect(message, q.Languages)
	long := utf8.RuneCountInString(strings.TrimSpace(message)) >= minEvidence
	if before.settled() {
		if before.Reason == "text" && long && seen.Language != before.Language && seen.Confidence >= switchConfidence {
			last := a.cfg.Detector.Detect(previous, q.Languages)
			if last.Language == seen.Language && last.Confidence >= switchConfidence {
				return LanguageDecision{seen.Language, "text", seen.Confidence}
			}
		}
		return before
	}
	if long && seen.Language != "" && seen.Confidence >= textConfidence {
		return LanguageDecision{seen.Language, "text", seen.Confidence}
	}
	if lang := phrases.GreetingLanguage(words); lang != "" && len(q.Languages) == 0 {
		// Not settled by this: two letters of greeting do not bind.
		return LanguageDecision{lang, "greeting", textConfidence}
	}
	if before.Language != "" {
		return before
	}
	if len(q.Languages) > 0 {
		return LanguageDecision{q.Languages[0], "browser", textConfidence}
	}
	return LanguageDecision{a.cfg.Language, "default", 0}
}

type ownDetector struct{ d *language.Detector }

func (o ownDetector) Detect(text string, prior []string) Detection {
	f := o.d.Detect(text, prior, nil)
	return Detection{Language: f.Language, Confidence: f.Confidence}
}
