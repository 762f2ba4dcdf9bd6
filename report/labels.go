package report

import (
	"strings"
	"unicode/utf8"
)

// label stands for a name that many conversations share: a channel, a language, a
// reason, a source. 0 is the empty name.
type label uint32

// labels are the names of a tally.
type labels struct {
	names []string
	ids   map[string]label
}

// maxName is how long a name may be, in bytes; the rest is cut off.
const maxName = 256

func (l *labels) name(id label) string {
	if id == 0 {
		return ""
	}
	return l.names[id-1]
}

func (l *labels) of(name string) label {
	if name == "" {
		return 0
	}
	if id, ok := l.ids[name]; ok {
		return id
	}
	if cut := shortened(name); cut != name {
		return l.of(cut)
	}
	if l.ids == nil {
		l.ids = map[string]label{}
	}
	name = strings.Clone(name)
	l.names = append(l.names, name)
	id := label(len(l.names))
	l.ids[name] = id
	return id
}

// shortened cuts a name to maxName without splitting a character.
func shortened(name string) string {
	if len(name) <= maxName {
		return name
	}
	end := maxName
	for !utf8.RuneStart(name[end]) && end > maxName-utf8.UTFMax {
		end--
	}
	return name[:end]
}

// smaller returns the one of two names that is first in the alphabet; the empty
// name is last.
func (l *labels) smaller(id label, name string) label {
	old := l.name(id)
	if name == "" || id != 0 && old <= name {
		return id
	}
	return l.of(name)
}

// first keeps the name of what happened first, of two at once the one that is
// first in the alphabet.
func (l *labels) first(first *moment, id *label, at moment, name string) {
	switch {
	case *first == 0 || at < *first:
		*first, *id = at, l.of(name)
	case at == *first:
		*id = l.smaller(*id, name)
	}
}
