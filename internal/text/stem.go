package text

import (
	"strings"

	"github.com/blevesearch/snowballstem"
	"github.com/blevesearch/snowballstem/arabic"
	"github.com/blevesearch/snowballstem/danish"
	"github.com/blevesearch/snowballstem/dutch"
	"github.com/blevesearch/snowballstem/english"
	"github.com/blevesearch/snowballstem/finnish"
	"github.com/blevesearch/snowballstem/french"
	"github.com/blevesearch/snowballstem/german"
	"github.com/blevesearch/snowballstem/hungarian"
	"github.com/blevesearch/snowballstem/irish"
	"github.com/blevesearch/snowballstem/italian"
	"github.com/blevesearch/snowballstem/norwegian"
	"github.com/blevesearch/snowballstem/portuguese"
	"github.com/blevesearch/snowballstem/romanian"
	"github.com/blevesearch/snowballstem/russian"
	"github.com/blevesearch/snowballstem/spanish"
	"github.com/blevesearch/snowballstem/swedish"
	"github.com/blevesearch/snowballstem/tamil"
	"github.com/blevesearch/snowballstem/turkish"
)

// maxStemBytes bounds what is stemmed: longer runs are not words.
const maxStemBytes = 96

// Base returns the language of a BCP 47 tag in lower case without region and
// script: "pt-BR" is "pt". The Norwegian written forms are one, "no".
func Base(tag string) string {
	if i := strings.IndexAny(tag, "-_"); i >= 0 {
		tag = tag[:i]
	}
	switch tag = strings.ToLower(tag); tag {
	case "nb", "nn":
		return "no"
	}
	return tag
}

// stemFunc returns the Snowball algorithm of a base language, nil when there is none.
func stemFunc(base string) func(*snowballstem.Env) bool {
	switch base {
	case "ar":
		return arabic.Stem
	case "da":
		return danish.Stem
	case "de":
		return german.Stem
	case "en":
		return english.Stem
	case "es":
		return spanish.Stem
	case "fi":
		return finnish.Stem
	case "fr":
		return french.Stem
	case "ga":
		return irish.Stem
	case "hu":
		return hungarian.Stem
	case "it":
		return italian.Stem
	case "nl":
		return dutch.Stem
	case "no":
		return norwegian.Stem
	case "pt":
		return portuguese.Stem
	case "ro":
		return romanian.Stem
	case "ru":
		return russian.Stem
	case "sv":
		return swedish.Stem
	case "ta":
		return tamil.Stem
	case "tr":
		return turkish.Stem
	}
	return nil
}

// HasStemmer reports whether [Stem] does anything for the language of a BCP 47 tag.
func HasStemmer(tag string) bool { return stemFunc(Base(tag)) != nil }

// A Stemmer reduces the words of one language. It keeps scratch memory and must
// not be used by two goroutines at once.
type Stemmer struct {
	stem func(*snowballstem.Env) bool
	env  *snowballstem.Env
}

// NewStemmer returns the stemmer for a BCP 47 tag. Without a Snowball algorithm
// for the language it returns words unchanged.
func NewStemmer(tag string) *Stemmer {
	return &Stemmer{stem: stemFunc(Base(tag)), env: snowballstem.NewEnv("")}
}

// Stem returns the stem of a folded word, never empty for a word that is not.
func (s *Stemmer) Stem(word string) (stem string) {
	if s.stem == nil || len(word) > maxStemBytes {
		return word
	}
	// The algorithms are generated code over byte offsets; a word that leads one
	// astray stays as it is.
	defer func() {
		if recover() != nil || stem == "" {
			stem = word
		}
	}()
	s.env.SetCurrent(word)
	s.stem(s.env)
	return s.env.Current()
}

// Stem returns the stem of a folded word in the language of a BCP 47 tag, the
// word itself where there is no stemmer.
func Stem(tag, word string) string { return NewStemmer(tag).Stem(word) }
