package charset

import (
	"math"
	"strings"
	"unicode"

	"golang.org/x/text/encoding/charmap"
	"golang.org/x/text/unicode/norm"
)

// languageSample is what the model of a language is made from.
type languageSample struct {
	name  string
	group byte
	// letters are letters outside a to z that the sample need not contain.
	letters string
	text    string
}

// languageModel holds the logarithm of how likely a letter follows another.
type languageModel struct {
	name  string
	group byte
	latin bool
	index map[rune]uint8
	// logs[a*size+b] is the natural logarithm of the probability of b after a.
	logs []float64
	size int
	// core are the letters of the sample: those the language cannot do without.
	core map[rune]struct{}
}

// marks are characters outside ASCII that texts in any language use.
const marks = "«»„“”‘’‚‹›–—…§°€£·•¿¡\u00a0©®™²³½¼µ×№±´"

func newLanguageModel(s languageSample) *languageModel {
	m := &languageModel{name: s.name, group: s.group, index: map[rune]uint8{}}
	text := strings.ToLower(s.text)
	if s.group == 'v' {
		text = splitTones(text)
	}
	next := uint8(classes)
	latinLetters, letters := 0, 0
	for _, r := range text {
		if isWordRune(r) {
			letters++
			if r < 0x80 || unicode.Is(unicode.Latin, r) {
				latinLetters++
			}
		}
	}
	m.latin = latinLetters*2 > letters
	add := func(alphabet string) {
		for _, r := range alphabet {
			if _, seen := m.index[r]; !seen && isWordRune(r) && (m.latin || r >= 0x80) {
				m.index[r] = next
				next++
			}
		}
	}
	if m.latin {
		add("abcdefghijklmnopqrstuvwxyz")
	}
	add(s.letters)
	add(text)
	m.core = map[rune]struct{}{}
	for _, r := range text {
		if _, ok := m.index[r]; ok {
			m.core[r] = struct{}{}
		}
	}
	m.size = int(next)
	m.count(text, s.letters)
	return m
}

func isWordRune(r rune) bool { return unicode.IsLetter(r) || unicode.IsMark(r) }

// splitTones writes Vietnamese as windows-1258 does: the letter with its own
// diacritic first, the tone as a combining mark after it.
func splitTones(text string) string {
	var sb strings.Builder
	for _, r := range text {
		parts := []rune(norm.NFD.String(string(r)))
		if len(parts) == 3 {
			for _, order := range [][2]int{{1, 2}, {2, 1}} {
				whole := []rune(norm.NFC.String(string([]rune{parts[0], parts[order[0]]})))
				if len(whole) == 1 && strings.ContainsRune("âăêôơư", whole[0]) {
					parts = []rune{whole[0], parts[order[1]]}
					break
				}
			}
		} else if strings.ContainsRune("âăêôơưđ", r) {
			parts = []rune{r}
		}
		sb.WriteString(string(parts))
	}
	return sb.String()
}

// count fills the table from the sample. What the sample lacks is estimated
// from how often the letter occurs at all.
func (m *languageModel) count(text, letters string) {
	n := m.size
	single := make([]float64, n)
	double := make([]float64, n*n)
	after := make([]float64, n)
	last := uint8(classEdge)
	for _, r := range text {
		cur := uint8(classEdge)
		if i, ok := m.index[r]; ok {
			cur = i
		} else if r < 0x80 && unicode.IsLetter(r) {
			cur = classLatin
		}
		if last == classEdge && cur == classEdge {
			continue
		}
		single[cur]++
		double[int(last)*n+int(cur)]++
		after[last]++
		last = cur
	}
	total := 0.0
	for i := classes; i < n; i++ {
		single[i] += 0.4
	}
	for _, c := range single {
		total += c
	}
	const weight = 12
	m.logs = make([]float64, n*n)
	for a := range n {
		for b := range n {
			p := single[b] / total
			m.logs[a*n+b] = math.Log((double[a*n+b] + weight*p) / (after[a] + weight))
		}
	}
	for a := range n {
		for b := range n {
			m.fixed(a, b, n)
		}
	}
}

// fixed sets what no sample can tell: the rare classes.
func (m *languageModel) fixed(a, b, n int) {
	at := a*n + b
	switch {
	case a == classVoid || b == classVoid:
		m.logs[at] = -14
	case a == classOdd || b == classOdd:
		m.logs[at] = -11
	case a == classForeign || b == classForeign:
		m.logs[at] = -10
	case a == classMark && b == classMark:
		m.logs[at] = -4
	case b == classMark && a == classEdge:
		m.logs[at] = -5
	case b == classMark:
		m.logs[at] = -6
	case a == classMark && b == classEdge:
		m.logs[at] = -1
	case a == classMark:
		m.logs[at] = max(m.logs[classEdge*n+b], -9)
	case a == classLatin && b == classLatin:
		m.logs[at] = -2.9
	case a == classLatin && b == classEdge:
		m.logs[at] = -1.8
	case a == classEdge && b == classLatin:
		m.logs[at] = -4.5
	case a == classLatin || b == classLatin:
		m.logs[at] = -10
	case a == classEdge && b == classEdge:
		m.logs[at] = -1
	}
	if m.logs[at] < -11 && a < classes && b < classes && a != classVoid && b != classVoid {
		m.logs[at] = -11
	}
}

func (m *languageModel) likelihood(a, b uint8) float64 {
	return m.logs[int(a)*m.size+int(b)]
}

// writable tells whether the encoding has all letters the language needs.
func (m *languageModel) writable(table *charmap.Charmap) bool {
	lacking := 0
	for r := range m.core {
		if _, ok := table.EncodeRune(r); !ok {
			lacking++
		}
	}
	return lacking*8 <= len(m.core)
}

// symbols maps the bytes of an encoding to the letters of the language.
func (m *languageModel) symbols(table *charmap.Charmap) byteTable {
	var t byteTable
	for b := range t {
		r := table.DecodeByte(byte(b))
		lower := unicode.ToLower(r)
		if i, ok := m.index[lower]; ok {
			t[b] = i
			continue
		}
		switch {
		case r == '\t' || r == '\n' || r == '\r' || r == '\f' || r == 0x1b || r == 0x85 && table.DecodeByte(0x40) != '@':
			t[b] = classEdge
		case r == '\ufffd' || unicode.IsControl(r):
			t[b] = classVoid
		case r < 0x80 && unicode.IsLetter(r):
			t[b] = classLatin
		case r < 0x80:
			t[b] = classEdge
		case strings.ContainsRune(marks, r):
			t[b] = classMark
		case isWordRune(r):
			t[b] = classForeign
		default:
			t[b] = classOdd
		}
	}
	return t
}
