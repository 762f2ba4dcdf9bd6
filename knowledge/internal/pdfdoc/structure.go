package pdfdoc

import (
	"math"
	"regexp"
	"sort"
	"strings"
	"unicode"
	"unicode/utf8"

	"github.com/kundeagent/kundeagent/knowledge"
	"github.com/kundeagent/kundeagent/knowledge/internal/build"
)

// emit turns the lines of all pages into blocks.
func emit(b *build.Builder, pages [][]line, outline map[string]int) {
	dropRepeated(pages)
	s := &shaper{b: b, body: bodySize(pages), bold: mostlyBold(pages), outline: outline}
	s.levels = headingSizes(pages, s.body)
	for _, ls := range pages {
		for i := 0; i < len(ls); i++ {
			if g, ok := gridAt(ls[i:]); ok {
				s.grid(g)
				i += len(g.lines) - 1
			} else if ls[i].text != "" {
				s.line(&ls[i])
			}
		}
		s.pageEnd()
	}
	s.flush()
}

const (
	minRepeats    = 3 // pages a line must stand on to be a running one
	outermost     = 3 // rows at each edge of a page that can be running ones
	maxPageDigits = 2 // numbers in a running line that may differ between pages
)

var digitsRe = regexp.MustCompile(`\d+`)

// runningKey is what a header or footer has in common on all its pages: its
// text, numbers aside.
func runningKey(text string) string {
	if len(digitsRe.FindAllString(text, maxPageDigits+1)) > maxPageDigits {
		return text
	}
	return digitsRe.ReplaceAllString(text, "#")
}

// dropRepeated clears lines that stand at the edge of at least three pages and
// of at least a third of all pages: running heads, footers and page numbers.
func dropRepeated(pages [][]line) {
	if len(pages) < minRepeats {
		return
	}
	edges := make([][]int, len(pages))
	counts := map[string]int{}
	for p, ls := range pages {
		edges[p] = append(edgeRows(ls, true), edgeRows(ls, false)...)
		onPage := map[string]bool{}
		for _, i := range edges[p] {
			if k := runningKey(ls[i].text); !onPage[k] {
				onPage[k] = true
				counts[k]++
			}
		}
	}
	need := max(minRepeats, len(pages)/3)
	for p, ls := range pages {
		for _, i := range edges[p] {
			if counts[runningKey(ls[i].text)] >= need {
				ls[i].text = ""
			}
		}
	}
}

// edgeRows returns the lines in the outermost rows of a page's upper or lower
// margin.
func edgeRows(ls []line, top bool) []int {
	var in []int
	for i, l := range ls {
		if top && l.marginTop || !top && l.marginBottom {
			in = append(in, i)
		}
	}
	sort.SliceStable(in, func(a, b int) bool { return (ls[in[a]].v < ls[in[b]].v) == top && ls[in[a]].v != ls[in[b]].v })
	rows := 0
	for k, i := range in {
		if k == 0 || math.Abs(ls[i].v-ls[in[k-1]].v) > 0.5*ls[i].size {
			rows++
		}
		if rows > outermost {
			return in[:k]
		}
	}
	return in
}

func roundSize(s float64) float64 { return math.Round(s*2) / 2 }

// bodySize is the size that most of the text is set in.
func bodySize(pages [][]line) float64 {
	weight := map[float64]int{}
	best, most := 0.0, 0
	for _, ls := range pages {
		for _, l := range ls {
			k := roundSize(l.size)
			weight[k] += utf8.RuneCountInString(l.text)
			if weight[k] > most || weight[k] == most && k < best {
				best, most = k, weight[k]
			}
		}
	}
	return best
}

// headingSizes maps the sizes clearly above the body to levels, largest first.
func headingSizes(pages [][]line, body float64) map[float64]int {
	chars, total := map[float64]int{}, 0
	for _, ls := range pages {
		for _, l := range ls {
			n := utf8.RuneCountInString(l.text)
			total += n
			if k := roundSize(l.size); k >= body*1.12 && hasLetters(l.text) {
				chars[k] += n
			}
		}
	}
	var sizes []float64
	for k, n := range chars {
		if n*4 < total {
			sizes = append(sizes, k)
		}
	}
	sort.Sort(sort.Reverse(sort.Float64Slice(sizes)))
	out := map[float64]int{}
	for i, k := range sizes {
		out[k] = min(i+1, 6)
	}
	return out
}

func hasLetters(s string) bool { return strings.IndexFunc(s, unicode.IsLetter) >= 0 }

// shaper collects lines into blocks.
type shaper struct {
	b       *build.Builder
	body    float64
	levels  map[float64]int
	bold    bool // the text itself is bold
	outline map[string]int

	open  knowledge.Block // being collected; empty when Text is empty
	last  line
	first float64 // where the block's first line begins
	gap   float64 // usual distance of lines within the block, 0 before the second
}

var listMark = regexp.MustCompile(`^([•◦▪▫■□●○‣⁃∙·–—*►➢✓]|-|\(?\d{1,3}[.)]|\(?[a-zA-Z][.)])[ \t]+(\S.*)$`)

// maxParagraph is where a paragraph is cut, in bytes: no author writes longer
// ones, and a page that never stops would be joined at growing cost.
const maxParagraph = 16 << 10

func (s *shaper) line(l *line) {
	text := l.text
	level := s.headingLevel(l)
	if level > 0 {
		if s.open.Kind == knowledge.Heading && s.open.Level == level && len(s.open.Text) < maxParagraph && s.adjacent(l) && s.last.bold == l.bold {
			s.extend(l, text)
			return
		}
		s.start(l, knowledge.Block{Kind: knowledge.Heading, Level: level, Text: text})
		return
	}
	if m := listMark.FindStringSubmatch(text); m != nil && l.dir == 0 && (!isLetterMark(m[1]) || s.open.Kind == knowledge.ListItem) {
		s.start(l, knowledge.Block{Kind: knowledge.ListItem, Level: 1, Label: m[1], Text: m[2]})
		return
	}
	if s.open.Text != "" && s.open.Kind != knowledge.Heading && len(s.open.Text) < maxParagraph && s.adjacent(l) {
		s.extend(l, text)
		return
	}
	s.start(l, knowledge.Block{Kind: knowledge.Paragraph, Text: text})
}

// isLetterMark reports marks such as "a.", which begin a list only within one:
// they are initials too often.
func isLetterMark(m string) bool { return hasLetters(m) }

func (s *shaper) headingLevel(l *line) int {
	n := utf8.RuneCountInString(l.text)
	if n > 200 || !hasLetters(l.text) || strings.Contains(l.text, "\t") && n > 80 {
		return 0
	}
	if level, ok := s.outline[outlineKey(l.text)]; ok && (roundSize(l.size) > s.body || l.bold) {
		return level
	}
	if level := s.levels[roundSize(l.size)]; level > 0 {
		return level
	}
	if l.bold && !s.bold && n <= maxBoldHeading && l.dir == 0 && !strings.ContainsRune(".,;:", lastRune(l.text)) && listMark.FindString(l.text) == "" {
		return min(len(s.levels)+1, 6)
	}
	return 0
}

// maxBoldHeading is the most characters of a heading that differs from the text
// only by its weight.
const maxBoldHeading = 80

func lastRune(s string) rune {
	r, _ := utf8.DecodeLastRuneInString(s)
	return r
}

// mostlyBold reports whether at least a third of the text is set in bold, which
// then says nothing about headings.
func mostlyBold(pages [][]line) bool {
	bold, all := 0, 0
	for _, ls := range pages {
		for _, l := range ls {
			all += len(l.text)
			if l.bold {
				bold += len(l.text)
			}
		}
	}
	return bold*3 >= all
}

// adjacent reports whether l is the next line of the block being collected.
func (s *shaper) adjacent(l *line) bool {
	p := &s.last
	if p.dir != l.dir {
		return false
	}
	size := max(p.size, l.size)
	if min(p.size, l.size) < 0.8*size {
		return false
	}
	d := l.v - p.v
	if math.Abs(d) < 0.4*size && (l.u0 > p.u1+size || p.u0 > l.u1+size) {
		return false // beside it, in another column
	}
	if d < -0.3*size { // the next column: goes on when the sentence does
		return s.open.Kind != knowledge.Heading && utf8.RuneCountInString(p.text) >= fullLine && goesOn(s.open.Text, l.text)
	}
	if d > 2.2*size || s.gap > 0 && d > 1.35*s.gap+0.05*size {
		return false
	}
	if s.open.Kind == knowledge.Paragraph && s.gap > 0 && l.u0 > s.first+0.8*size && l.u0 < s.first+4*size && p.u0 <= s.first+0.5*size && sentenceEnd(s.open.Text) {
		return false // indented first line of a new paragraph
	}
	return true
}

// fullLine is the least number of characters of a line of running text that
// breaks off at the end of a column.
const fullLine = 20

func sentenceEnd(s string) bool {
	r, _ := utf8.DecodeLastRuneInString(strings.TrimRight(s, `"'”’)»`))
	return strings.ContainsRune(".!?:。！？؟۔", r)
}

// goesOn reports a sentence that is open at the end of a column or page and
// goes on with a small letter.
func goesOn(before, after string) bool {
	if before == "" || sentenceEnd(before) {
		return false
	}
	r, _ := utf8.DecodeRuneInString(after)
	return unicode.IsLower(r)
}

func (s *shaper) start(l *line, blk knowledge.Block) {
	s.flush()
	s.open, s.last, s.first, s.gap = blk, *l, l.u0, 0
}

func (s *shaper) extend(l *line, text string) {
	if d := l.v - s.last.v; d > 0.3*l.size && s.gap == 0 {
		s.gap = d
		if s.open.Kind == knowledge.Paragraph {
			s.first = l.u0
		}
	}
	s.open.Text = joinLines(s.open.Text, text)
	s.last = *l
}

// joinLines joins two lines of a paragraph. A hyphen at the end of a line goes
// when a small letter stands on both sides of it.
func joinLines(a, b string) string {
	if strings.HasSuffix(a, "\u00AD") {
		return strings.TrimSuffix(a, "\u00AD") + b
	}
	if body, ok := strings.CutSuffix(a, "-"); ok || strings.HasSuffix(a, "‐") {
		body = strings.TrimSuffix(body, "‐")
		before, _ := utf8.DecodeLastRuneInString(body)
		after, _ := utf8.DecodeRuneInString(b)
		if unicode.IsLower(before) && unicode.IsLower(after) {
			return body + b
		}
		if unicode.IsLetter(before) && unicode.IsLetter(after) {
			return a + b
		}
	}
	ra, _ := utf8.DecodeLastRuneInString(a)
	rb, _ := utf8.DecodeRuneInString(b)
	if ideographic(ra) && ideographic(rb) {
		return a + b
	}
	return a + " " + b
}

func ideographic(r rune) bool {
	return unicode.In(r, unicode.Han, unicode.Hiragana, unicode.Katakana) || r >= 0x3000 && r <= 0x303F || r >= 0xFF00 && r <= 0xFFEF
}

// pageEnd keeps a paragraph open over the page break; adjacent decides whether
// the next page continues it.
func (s *shaper) pageEnd() {
	if s.open.Text != "" {
		s.last.v = math.Inf(1)
	}
}

func (s *shaper) flush() {
	if s.open.Text != "" {
		s.b.Add(s.open)
	}
	s.open = knowledge.Block{}
}

// outlineKey compares outline titles and lines regardless of space and case.
func outlineKey(s string) string {
	return strings.ToLower(strings.Join(strings.FieldsFunc(s, func(r rune) bool { return !unicode.IsLetter(r) && !unicode.IsDigit(r) }), " "))
}
