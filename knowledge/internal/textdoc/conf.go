package textdoc

import (
	"context"
	"strings"

	"github.com/kundeagent/kundeagent/knowledge"
)

// ParseConf reads configuration files: sections in brackets, in braces (as
// nginx has them) or in tags (as Apache has them) are headings, settings are
// lines "key = value", and comments are paragraphs. Indented and
// backslash-continued lines belong to the setting before them.
//
// Errors wrap [knowledge.ErrTooLarge], [knowledge.ErrNoText] or
// [knowledge.ErrMalformed]; name is for their text.
func ParseConf(ctx context.Context, name string, data []byte, lim Limits) (*knowledge.Document, error) {
	return run(ctx, name, data, lim.withDefaults(32<<20, 32<<20), readConf)
}

// confReader holds the comment and the setting being collected.
type confReader struct {
	*sink
	comment strings.Builder
	setting strings.Builder
	// continued is set after a line that ends in a backslash.
	continued bool
	depth     int // of braces and tags
	indent    int // of the setting's first line
}

func readConf(s *sink, text string) error {
	r := &confReader{sink: s}
	for more := true; more && s.err == nil; {
		var line string
		line, text, more = strings.Cut(text, "\n")
		r.line(strings.TrimRight(line, " \t"))
	}
	r.flush()
	return nil
}

func (r *confReader) flush() {
	r.flushSetting()
	if r.comment.Len() > 0 {
		r.add(knowledge.Block{Text: r.comment.String()})
		r.comment.Reset()
	}
}

func (r *confReader) flushSetting() {
	if r.setting.Len() > 0 {
		r.add(knowledge.Block{Text: r.setting.String()})
		r.setting.Reset()
	}
	r.continued = false
}

func (r *confReader) line(line string) {
	t := strings.TrimSpace(line)
	if r.continued {
		r.continued = strings.HasSuffix(t, `\`)
		joinLine(&r.setting, strings.TrimSuffix(t, `\`))
		return
	}
	if t == "" {
		r.flush()
		return
	}
	if text, ok := confComment(t); ok {
		r.flushSetting()
		if text == "" {
			r.flush()
			return
		}
		joinLine(&r.comment, text)
		return
	}
	if name, ok := r.section(t); ok {
		r.flush()
		if name != "" {
			r.add(knowledge.Block{Kind: knowledge.Heading, Level: min(6, max(1, r.depth)), Text: name})
		}
		return
	}
	// A setting's explanation stands before it.
	if r.comment.Len() > 0 {
		r.flush()
	}
	if r.setting.Len() > 0 && r.depth == 0 && indentOf(line) > r.indent {
		joinLine(&r.setting, t)
		return
	}
	r.flushSetting()
	r.indent = indentOf(line)
	r.continued = strings.HasSuffix(t, `\`)
	r.setting.WriteString(setting(strings.TrimSuffix(t, `\`)))
}

// confComment returns the text of a comment line; rulers have none.
func confComment(t string) (text string, ok bool) {
	for _, mark := range []string{"#", ";", "//", "--", "!", "rem ", "REM "} {
		if !strings.HasPrefix(t, mark) {
			continue
		}
		rest := strings.TrimLeft(t[len(mark):], mark+"! \t")
		if mark == "!" && strings.HasPrefix(t, "!include") {
			return "", false
		}
		return strings.TrimSpace(strings.TrimRight(strings.Trim(rest, "*=-_~"), "#")), true
	}
	return "", false
}

// section recognises the start and the end of a section; the end has no name.
func (r *confReader) section(t string) (name string, ok bool) {
	switch {
	case t[0] == '[' && strings.Contains(t, "]") && !strings.HasSuffix(t, ","):
		name = strings.TrimSpace(strings.Trim(t[:strings.LastIndexByte(t, ']')], "[] "))
		r.depth = 0
		return name, name != ""
	case strings.HasPrefix(t, "</") && strings.HasSuffix(t, ">"):
		r.depth = max(0, r.depth-1)
		return "", true
	case t[0] == '<' && strings.HasSuffix(t, ">") && len(t) > 2:
		r.depth++
		return strings.TrimSpace(t[1 : len(t)-1]), true
	case t == "}" || t == "};" || t == "},":
		r.depth = max(0, r.depth-1)
		return "", true
	case t == "{":
		r.depth++
		return "", true
	case strings.HasSuffix(t, "{"):
		r.depth++
		return strings.TrimRight(strings.TrimSuffix(t, "{"), " \t=:"), true
	}
	return "", false
}

// setting writes one setting as "key = value"; lines that are neither that nor
// "key: value" stay as they are.
func setting(t string) string {
	t = strings.TrimSuffix(t, ";")
	i := strings.IndexAny(t, "=:")
	if i <= 0 || i > 100 {
		return t
	}
	key := strings.TrimSpace(t[:i])
	value := strings.TrimSpace(t[i+1:])
	if key == "" || t[i] == ':' && (i+1 >= len(t) || t[i+1] != ' ') || strings.ContainsAny(key, " \t\"'(") {
		return t
	}
	if value == "" {
		return key + " ="
	}
	return key + " = " + unquoted(value)
}

// unquoted takes the quotes off a value that is quoted as a whole.
func unquoted(v string) string {
	if len(v) >= 2 && (v[0] == '"' || v[0] == '\'') && v[len(v)-1] == v[0] && strings.Count(v, v[:1]) == 2 {
		return v[1 : len(v)-1]
	}
	return v
}
