package language

import (
	"golang.org/x/text/language"
)

const (
	maxHeaderBytes = 1024 // of an Accept-Language header; browsers stay far below
	maxPreferences = 16   // read from one
)

// ParseAcceptLanguage reads the value of an Accept-Language header: the
// languages it asks for as BCP 47 tags, the most wanted first. Refused
// languages (q=0) and the wildcard are left out. A header that is malformed,
// or longer than 1 KiB, gives nil, like one that is empty: what a browser
// sends is a hint and never a reason to fail.
func ParseAcceptLanguage(header string) []string {
	if len(header) > maxHeaderBytes {
		return nil
	}
	tags, _, err := language.ParseAcceptLanguage(header)
	if err != nil {
		return nil
	}
	var wanted []string
	for _, tag := range tags {
		if isAnyLanguage(tag) {
			continue
		}
		if wanted = append(wanted, tag.String()); len(wanted) == maxPreferences {
			break
		}
	}
	return wanted
}

// isAnyLanguage reports whether the tag names no language: the root, and
// "mul", by which a wildcard is read.
func isAnyLanguage(tag language.Tag) bool {
	name, _, _ := tag.Raw()
	switch name.String() {
	case "und", "mul", "zxx", "mis":
		return true
	}
	return false
}

// Match finds the supported language that serves who wants the language of the
// tag want, and returns it as it is spelled in supported. It is the same
// language, in whatever script or region; or one so near that every reader of
// the wanted one reads it with ease: Danish for Faroese, German for Swiss
// German and Luxembourgish. A language that many also happen to know, as
// English is for Icelanders, is no match. Tags that are malformed never match.
func Match(want string, supported []string) (string, bool) {
	wanted, err := language.Parse(want)
	if err != nil || isAnyLanguage(wanted) {
		return "", false
	}
	tags := make([]language.Tag, 0, len(supported))
	spelled := make([]string, 0, len(supported))
	for _, name := range supported {
		tag, err := language.Parse(name)
		if err != nil || isAnyLanguage(tag) || !serves(base(wanted.String()), base(tag.String())) {
			continue
		}
		if name == want {
			return name, true
		}
		tags, spelled = append(tags, tag), append(spelled, name)
	}
	if len(tags) == 0 {
		return "", false
	}
	// The tag returned would carry extensions of the wanted one; only the index
	// is sound, and with no confidence it is merely that of the first.
	_, index, confidence := language.NewMatcher(tags).Match(wanted)
	if confidence == language.No {
		return "", false
	}
	return spelled[index], true
}

// serves reports whether a base language serves who wants another.
func serves(want, have string) bool {
	if want == have {
		return true
	}
	switch want {
	case "fo":
		return have == "da"
	case "lb", "gsw":
		return have == "de"
	}
	return false
}
