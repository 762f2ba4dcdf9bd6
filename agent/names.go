package agent

import (
	"errors"
	"fmt"
	"slices"
	"strings"

	"golang.org/x/text/language"

	"github.com/kundeagent/kundeagent/internal/phrases"
)

// Values that are written by their names.

// ErrUnknownName: a text names no value of its kind.
var ErrUnknownName = errors.New("agent: unknown name")

func nameIn(names []string, i int, kind string) string {
	if i >= len(names) {
		return fmt.Sprintf("%s(%d)", kind, i)
	}
	return names[i]
}

func marshalName(names []string, i int, kind string) ([]byte, error) {
	if i >= len(names) {
		return nil, fmt.Errorf("%w: %s %d", ErrUnknownName, kind, i)
	}
	return []byte(names[i]), nil
}

// parseName reads a name in any case.
func parseName(names []string, name, kind string) (int, error) {
	i := slices.IndexFunc(names, func(n string) bool { return strings.EqualFold(n, strings.TrimSpace(name)) })
	if i < 0 {
		return 0, fmt.Errorf("%w: %s %q is none of %s", ErrUnknownName, kind, name, strings.Join(names, ", "))
	}
	return i, nil
}

// oneOf reports whether a list is empty or has a fitting entry.
func oneOf(list []string, fits func(string) bool) bool {
	return len(list) == 0 || slices.ContainsFunc(list, fits)
}

// isLanguage reports whether a tag is one of BCP 47 and of a language there is.
func isLanguage(tag string) bool {
	_, err := language.Parse(tag)
	return err == nil
}

// covers reports whether a language tag is that of another, or its language
// without a region.
func covers(tag, language string) bool {
	return strings.EqualFold(tag, language) || !strings.ContainsAny(tag, "-_") && phrases.Base(tag) == phrases.Base(language)
}
