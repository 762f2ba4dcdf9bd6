package textdoc

import (
	"strconv"
	"strings"

	"github.com/kundeagent/kundeagent/knowledge/internal/build"
)

// rstNames holds what a document defines in one place and uses in another.
type rstNames struct {
	substitutions map[string]string
	targets       map[string]string // addresses by folded name
	anonymous     []string          // addresses of targets without a name, in order
	notes         map[string]string // numbers of labelled footnotes
	autos         []string          // numbers of footnotes without a label, in order
	autoNotes     int               // footnotes numbered so far, where they stand
	autoRefs      int               // references numbered so far
	anonymousRefs int
	expanded      int               // bytes written by substitutions
	roles         map[string]string // what own roles are based on
	defaultRole   string
}

// nameKey folds a reference name as they are compared.
func nameKey(name string) string { return strings.ToLower(build.Fold(name)) }

// collectNames reads all substitutions, targets and footnote labels.
func collectNames(lines []string) rstNames {
	n := rstNames{substitutions: map[string]string{}, targets: map[string]string{}, notes: map[string]string{}, roles: map[string]string{}}
	taken := map[string]bool{}
	var automatic []string
	for i, l := range lines {
		t := strings.TrimLeft(l, " ")
		if strings.HasPrefix(t, "__ ") {
			n.anonymous = append(n.anonymous, continued(lines, i, t[3:]))
			continue
		}
		if !strings.HasPrefix(t, ".. ") {
			continue
		}
		t = strings.TrimSpace(t[3:])
		switch {
		case strings.HasPrefix(t, "__:"):
			n.anonymous = append(n.anonymous, continued(lines, i, t[3:]))
		case strings.HasPrefix(t, "_"):
			if name, address, ok := targetMarker(t[1:]); ok {
				n.targets[nameKey(name)] = continued(lines, i, address)
			}
		case strings.HasPrefix(t, "["):
			if label, _, ok := strings.Cut(t[1:], "]"); ok {
				if strings.HasPrefix(label, "#") || label == "*" {
					automatic = append(automatic, label)
				} else {
					taken[label] = true
				}
			}
		case strings.HasPrefix(t, "|"):
			n.substitution(lines, i, t[1:])
		}
	}
	next := 1
	for _, label := range automatic {
		for taken[strconv.Itoa(next)] {
			next++
		}
		if len(label) > 1 {
			n.notes[label[1:]] = strconv.Itoa(next)
		} else {
			n.autos = append(n.autos, strconv.Itoa(next))
		}
		next++
	}
	return n
}

// continued joins the indented lines below line i to its text, as long
// addresses are written; blanks within go.
func continued(lines []string, i int, text string) string {
	text = strings.TrimSpace(text)
	indent := len(lines[i]) - len(strings.TrimLeft(lines[i], " "))
	for j := i + 1; j < len(lines) && j < i+10; j++ {
		t := strings.TrimLeft(lines[j], " ")
		if t == "" || len(lines[j])-len(t) <= indent || strings.HasPrefix(t, ".. ") || strings.HasPrefix(t, "__ ") {
			break
		}
		text += t
	}
	return text
}

// targetMarker splits "name: address", where the name may be quoted.
func targetMarker(t string) (name, address string, ok bool) {
	if strings.HasPrefix(t, "`") {
		name, address, ok = strings.Cut(t[1:], "`:")
	} else {
		for i := 0; i < len(t); i++ {
			if t[i] == '\\' {
				i++
			} else if t[i] == ':' && (i+1 == len(t) || t[i+1] == ' ') {
				return strings.ReplaceAll(t[:i], `\`, ""), strings.TrimSpace(t[i+1:]), true
			}
		}
	}
	return name, strings.TrimSpace(address), ok
}

// maxSubstitution is the largest text of one substitution in bytes.
const maxSubstitution = 4096

// substitution reads "|name| replace:: text" or the description of an image.
func (n *rstNames) substitution(lines []string, i int, t string) {
	name, rest, ok := strings.Cut(t, "|")
	if !ok || name == "" {
		return
	}
	directive, argument, ok := directiveMarker(strings.TrimSpace(rest))
	if !ok {
		return
	}
	indent := len(lines[i]) - len(strings.TrimLeft(lines[i], " "))
	more := indented(lines[i+1:min(len(lines), i+40)], indent+1)
	arg, options, _ := directiveBody(argument, dedent(lines[i+1:i+1+more]))
	value := ""
	switch directive {
	case "replace":
		value = arg
	case "unicode":
		value = unicodeText(arg)
	case "image":
		value = options["alt"]
	}
	if len(value) <= maxSubstitution {
		n.substitutions[nameKey(name)] = build.Fold(value)
	}
}

// unicodeText reads the codes of a unicode directive: "0xA9", "U+00A9", or text.
func unicodeText(arg string) string {
	var sb strings.Builder
	for _, f := range strings.Fields(arg) {
		if f == ".." {
			break
		}
		code := f
		for _, prefix := range []string{"0x", "x", "\\x", "U+", "u", "\\u", "&#x"} {
			if rest, ok := strings.CutPrefix(f, prefix); ok {
				code = "0x" + strings.TrimSuffix(rest, ";")
			}
		}
		if v, err := strconv.ParseUint(code, 0, 21); err == nil {
			sb.WriteRune(rune(v))
		} else {
			sb.WriteString(f)
		}
	}
	return sb.String()
}

// noteNumber returns what a footnote's label is shown as where it stands.
func (n *rstNames) noteNumber(label string) string {
	switch {
	case label == "#" || label == "*":
		n.autoNotes++
		return n.autoNumber(n.autoNotes)
	case label[0] == '#':
		if number := n.notes[label[1:]]; number != "" {
			return number
		}
		return label[1:]
	}
	return label
}

// refNumber returns what a reference to a footnote is shown as.
func (n *rstNames) refNumber(label string) string {
	if label == "#" || label == "*" {
		n.autoRefs++
		return n.autoNumber(n.autoRefs)
	}
	return n.noteNumber(label)
}

// autoNumber returns the number of the nth footnote without a label.
func (n *rstNames) autoNumber(nth int) string {
	if nth <= len(n.autos) {
		return n.autos[nth-1]
	}
	return strconv.Itoa(nth)
}
