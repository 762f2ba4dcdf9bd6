package textdoc

import (
	"strings"

	"github.com/kundeagent/kundeagent/knowledge"
	"github.com/kundeagent/kundeagent/knowledge/internal/build"
)

// maxFrontMatter is how many bytes and lines front matter may take.
const (
	maxFrontMatter      = 64 << 10
	maxFrontMatterLines = 1000
)

// frontMatter is the metadata before a document: what of it is of use here.
type frontMatter struct {
	values map[string]string
}

// cutFrontMatter splits metadata between lines of "---" (YAML) or "+++" (TOML)
// at the very start from the document. Without it, rest is text.
func cutFrontMatter(text string) (fm frontMatter, rest string) {
	fence, separator := "", ""
	switch {
	case strings.HasPrefix(text, "---\n"), strings.HasPrefix(text, "--- \n"):
		fence, separator = "---", ":"
	case strings.HasPrefix(text, "+++\n"):
		fence, separator = "+++", "="
	default:
		return frontMatter{}, text
	}
	_, after, _ := strings.Cut(text, "\n")
	size, lines := 0, []string(nil)
	for size < maxFrontMatter && len(lines) < maxFrontMatterLines {
		line, _, more := strings.Cut(after[size:], "\n")
		if trimmed := strings.TrimRight(line, " \t"); trimmed == fence || fence == "---" && trimmed == "..." {
			values, ok := readPairs(lines, separator)
			if !ok {
				return frontMatter{}, text
			}
			return frontMatter{values}, after[min(len(after), size+len(line)+1):]
		}
		if !more {
			break
		}
		lines = append(lines, line)
		size += len(line) + 1
	}
	return frontMatter{}, text
}

// readPairs reads "key: value" lines. ok is false when the lines are something
// else, as prose between two rules.
func readPairs(lines []string, separator string) (values map[string]string, ok bool) {
	values = map[string]string{}
	key, section := "", false
	for _, line := range lines {
		trimmed := strings.TrimSpace(line)
		if trimmed == "" || strings.HasPrefix(trimmed, "#") {
			continue
		}
		if separator == "=" && strings.HasPrefix(trimmed, "[") {
			section = true
			continue
		}
		k, v, found := strings.Cut(line, separator)
		indented := line[0] == ' ' || line[0] == '\t' || line[0] == '-'
		switch {
		case indented && separator == ":":
			// A nested value, a list, or the lines of a block or long string.
			if key != "" && !strings.HasPrefix(trimmed, "- ") {
				values[key] = strings.TrimSpace(values[key] + " " + trimmed)
			}
		case section:
		case !found && key == "" && !strings.HasPrefix(trimmed, "{"):
			return nil, false
		case found && plainKey(strings.Trim(strings.TrimSpace(k), `"'`)):
			key = strings.ToLower(strings.Trim(strings.TrimSpace(k), `"'`))
			values[key] = strings.TrimSpace(v)
		case found && separator == ":" && key == "":
			return nil, false
		}
	}
	return values, true
}

func plainKey(k string) bool {
	return k != "" && len(k) <= 64 && !strings.ContainsAny(k, " \t*`[]()<>")
}

// get returns the first value among keys, without quotes and comment.
func (f frontMatter) get(keys ...string) string {
	for _, k := range keys {
		v := scalar(f.values[k])
		if v != "" {
			return v
		}
	}
	return ""
}

func scalar(v string) string {
	v = strings.TrimSpace(v)
	for _, block := range []string{">-", "|-", ">+", "|+", ">", "|"} {
		if rest, found := strings.CutPrefix(v, block+" "); found || v == block {
			v = rest
			break
		}
	}
	if len(v) >= 2 && (v[0] == '"' || v[0] == '\'') {
		if end := strings.LastIndexByte(v, v[0]); end > 0 {
			quote := v[0]
			v = v[1:end]
			if quote == '"' {
				v = strings.NewReplacer(`\"`, `"`, `\\`, `\`, `\n`, " ", `\t`, " ").Replace(v)
			} else {
				v = strings.ReplaceAll(v, "''", "'")
			}
		}
		return build.Fold(v)
	}
	if i := strings.Index(v, " #"); i >= 0 {
		v = v[:i]
	}
	if v == "null" || v == "~" || strings.HasPrefix(v, "[") || strings.HasPrefix(v, "{") {
		return ""
	}
	return build.Fold(v)
}

// apply sets what the document declares about itself.
func (f frontMatter) apply(d *knowledge.Document) {
	d.Title = f.get("title")
	d.Language = languageTag(f.get("lang", "language", "locale"))
	d.Published = parseDate(f.get("date", "published", "pubdate", "created"))
	d.Modified = parseDate(f.get("lastmod", "last_modified", "last-modified", "modified", "updated", "last_updated"))
	if u := f.get("canonical", "canonical_url", "canonicalurl", "url", "permalink"); strings.HasPrefix(u, "https://") || strings.HasPrefix(u, "http://") {
		d.URL = u
	}
}

// languageTag returns s as a BCP 47 tag, empty when it cannot be one.
func languageTag(s string) string {
	s, _, _ = strings.Cut(strings.ReplaceAll(strings.TrimSpace(s), "_", "-"), ".")
	if len(s) < 2 || len(s) > 35 {
		return ""
	}
	for i, r := range s {
		letter := r >= 'a' && r <= 'z' || r >= 'A' && r <= 'Z'
		if !letter && (i < 2 || r != '-' && (r < '0' || r > '9')) {
			return ""
		}
	}
	if first, _, _ := strings.Cut(s, "-"); len(first) > 3 {
		return ""
	}
	return s
}
