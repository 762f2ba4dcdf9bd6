package agent

import (
	"regexp"
	"strings"
)

var (
	// phoneLike is a number of three groups or more with the same sign between
	// them, or one after a plus.
	phoneLike = regexp.MustCompile(`(?:\+|\b00)\d[\d ().\-/]{4,20}\d|\(?\b\d{2,5}\)?(?: \d{2,4}){2,6}\b|\b\d{2,5}(?:-\d{2,5}){2,4}\b|\b\d{2,4}(?:\.\d{2,4}){3,5}\b|\b\d{4} \d{4}\b|\b\d{2,5}[ /-]\d{5,9}\b|\b\d{7,15}\b`)
	isoDate   = regexp.MustCompile(`^\d{4}-\d{2}-\d{2}$`)
	grouped   = regexp.MustCompile(`^\d{1,3}(?: \d{3})+$`)
)

const phoneDigits = 7 // at least

// dropPhones leaves telephone numbers out that were given, and returns the
// first that was not.
func (k *knownFigures) dropPhones(s string) (rest, unknown string) {
	if countDigits(s) < phoneDigits {
		return s, ""
	}
	rest = phoneLike.ReplaceAllStringFunc(s, func(m string) string {
		run := strings.Join(digitGroups(m), "")
		switch {
		case len(run) < phoneDigits || isoDate.MatchString(m):
			return m
		case k.hasPhone(run):
			return " "
		case grouped.MatchString(m) || allDigits(m):
			return m // a number like others
		}
		if unknown == "" {
			unknown = m
		}
		return m
	})
	return rest, unknown
}

// hasPhone compares telephone numbers without regard to the country's code and
// the zero that stands for it.
func (k *knownFigures) hasPhone(run string) bool {
	short := strings.TrimLeft(run, "0")
	for _, p := range k.phones {
		known := strings.TrimLeft(p, "0")
		longer, shorter := known, short
		if len(longer) < len(shorter) {
			longer, shorter = shorter, longer
		}
		if len(shorter) >= phoneDigits && len(longer)-len(shorter) <= 3 && strings.HasSuffix(longer, shorter) {
			return true
		}
	}
	return false
}
