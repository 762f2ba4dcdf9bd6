package htmldoc

import (
	"encoding/json"
	"strings"

	"golang.org/x/net/html"
	"golang.org/x/net/html/atom"

	"github.com/kundeagent/kundeagent/knowledge"
	"github.com/kundeagent/kundeagent/knowledge/internal/build"
)

// structured is what a page's JSON-LD says.
type structured struct {
	published, modified, headline, language, body string
	blocks                                        []knowledge.Block
	news                                          bool
	visits                                        int
}

const (
	mostScripts       = 64
	longestScript     = 1 << 20 // bytes; a longer script is not read
	deepestStructured = 24
	mostStructured    = 50_000 // values visited
	mostQuestions     = 500
	mostCompared      = 1 << 20 // bytes of visible text compared with
)

func readStructured(t *tree) structured {
	var s structured
	for n, i := range t.head.scripts {
		if n >= mostScripts {
			break
		}
		if len(rawText(t.nodes[i].html)) > longestScript {
			continue
		}
		raw := strings.Map(flattenControl, rawText(t.nodes[i].html))
		var v any
		if json.Unmarshal([]byte(raw), &v) == nil {
			s.visit(v, 0)
		}
	}
	return s
}

// flattenControl repairs the commonest fault of JSON-LD: line breaks inside
// strings.
func flattenControl(r rune) rune {
	if r < ' ' {
		return ' '
	}
	return r
}

func (s *structured) visit(v any, depth int) {
	if s.visits++; depth > deepestStructured || s.visits > mostStructured {
		return
	}
	switch v := v.(type) {
	case []any:
		for _, e := range v {
			s.visit(e, depth+1)
		}
	case map[string]any:
		s.object(v, depth)
	}
}

func (s *structured) object(o map[string]any, depth int) {
	s.news = s.news || isType(o, "NewsArticle") || isType(o, "ReportageNewsArticle") || isType(o, "BlogPosting")
	switch {
	case isType(o, "Question"):
		s.question(o)
		return
	case isType(o, "HowTo"):
		s.howTo(o)
	case isType(o, "Article"), isType(o, "NewsArticle"), isType(o, "BlogPosting"), isType(o, "TechArticle"), isType(o, "WebPage"), isType(o, "FAQPage"), isType(o, "QAPage"), isType(o, "AboutPage"), isType(o, "Report"):
		setOnce(&s.published, o["datePublished"])
		setOnce(&s.modified, o["dateModified"])
		setOnce(&s.headline, o["headline"])
		setOnce(&s.language, o["inLanguage"])
		setOnce(&s.body, o["articleBody"])
	}
	for _, key := range [...]string{"@graph", "mainEntity", "mainEntityOfPage", "hasPart", "itemListElement", "item"} {
		if v, ok := o[key]; ok {
			s.visit(v, depth+1)
		}
	}
}

func setOnce(to *string, v any) {
	if text, ok := v.(string); ok && *to == "" {
		*to = text
	}
}

func isType(o map[string]any, want string) bool {
	is := func(v any) bool {
		name, _ := v.(string)
		return name[strings.LastIndexAny(name, "/:")+1:] == want
	}
	if list, ok := o["@type"].([]any); ok {
		for _, v := range list {
			if is(v) {
				return true
			}
		}
		return false
	}
	return is(o["@type"])
}

func (s *structured) question(o map[string]any) {
	if len(s.blocks) >= mostQuestions {
		return
	}
	question := fragmentText(stringOf(o["name"]))
	if question == "" {
		question = fragmentText(stringOf(o["text"]))
	}
	answer := answerText(o["acceptedAnswer"])
	if answer == "" {
		answer = answerText(o["suggestedAnswer"])
	}
	if question != "" && answer != "" {
		s.blocks = append(s.blocks, knowledge.Block{Kind: knowledge.QA, Label: question, Text: answer})
	}
}

// answerText reads an Answer, or the first of several.
func answerText(v any) string {
	switch v := v.(type) {
	case string:
		return fragmentText(v)
	case map[string]any:
		return fragmentText(stringOf(v["text"]))
	case []any:
		if len(v) > 0 {
			if o, ok := v[0].(map[string]any); ok {
				return fragmentText(stringOf(o["text"]))
			}
		}
	}
	return ""
}

func (s *structured) howTo(o map[string]any) {
	var steps []string
	s.steps(o["step"], 0, &steps)
	if len(steps) == 0 {
		return
	}
	if name := fragmentText(stringOf(o["name"])); name != "" {
		s.blocks = append(s.blocks, knowledge.Block{Kind: knowledge.Heading, Level: 2, Text: name})
	}
	for i, step := range steps {
		s.blocks = append(s.blocks, knowledge.Block{Kind: knowledge.ListItem, Level: 1, Label: ordinal(i+1, "") + ".", Text: step})
	}
}

func (s *structured) steps(v any, depth int, out *[]string) {
	if s.visits++; depth > deepestStructured || s.visits > mostStructured || len(*out) >= mostQuestions {
		return
	}
	switch v := v.(type) {
	case string:
		if text := fragmentText(v); text != "" {
			*out = append(*out, text)
		}
	case []any:
		for _, e := range v {
			s.steps(e, depth+1, out)
		}
	case map[string]any:
		if nested, ok := v["itemListElement"]; ok {
			s.steps(nested, depth+1, out)
			return
		}
		name, text := fragmentText(stringOf(v["name"])), fragmentText(stringOf(v["text"]))
		switch {
		case name == "" || strings.Contains(letters(text), letters(name)):
		case text == "":
			text = name
		default:
			text = name + ": " + text
		}
		if text != "" {
			*out = append(*out, text)
		}
	}
}

func stringOf(v any) string {
	s, _ := v.(string)
	return s
}

// fragmentText returns the text of a piece of HTML.
func fragmentText(s string) string {
	var sb strings.Builder
	for {
		lt := strings.IndexByte(s, '<')
		if lt < 0 {
			break
		}
		sb.WriteString(s[:lt])
		s = s[lt:]
		name := tagName(strings.TrimPrefix(s[1:], "/"))
		if name == "" && !strings.HasPrefix(s, "<!") {
			sb.WriteByte('<') // less than, no tag
			s = s[1:]
			continue
		}
		gt := strings.IndexByte(s, '>')
		if gt < 0 {
			break
		}
		if !isInline(atom.Lookup([]byte(strings.ToLower(name)))) {
			sb.WriteByte(' ')
		}
		s = s[gt+1:]
	}
	sb.WriteString(s)
	return build.Fold(html.UnescapeString(sb.String()))
}

// addStructured adds questions and steps that only the JSON-LD holds. What the
// reader can see on the page is not said again.
func (m *metadata) addStructured(out *build.Builder) {
	if m.structured.body != "" {
		m.addBody(out)
	}
	if len(m.structured.blocks) == 0 {
		return
	}
	visible := out.Doc.PlainText()
	seen := letters(visible[:min(len(visible), mostCompared)])
	said := map[string]bool{}
	for _, b := range m.structured.blocks {
		text := letters(b.Text)
		key := letters(b.Label) + "\x00" + text
		const tell = 80 // bytes that tell one answer from another
		if said[key] || strings.Contains(seen, cut(text, tell)) && strings.Contains(seen, letters(b.Label)) {
			continue
		}
		said[key] = true
		if !out.Add(b) {
			return
		}
	}
}

// addBody uses the article body of the JSON-LD where the page itself shows
// hardly any text, as where a script would write it.
func (m *metadata) addBody(out *build.Builder) {
	const littleText = 250
	if len(out.Doc.PlainText()) >= littleText || len(m.structured.body) < 2*littleText {
		return
	}
	out.Doc.Blocks = nil
	for _, p := range strings.Split(m.structured.body, "\n") {
		if !out.Add(knowledge.Block{Text: fragmentText(p)}) {
			return
		}
	}
}
