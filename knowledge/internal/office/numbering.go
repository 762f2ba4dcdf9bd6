package office

import (
	"strconv"
	"strings"
	"unicode"
	"unicode/utf8"
)

// Word has nine list levels.
const listLevels = 9

// maxMarker is the longest list marker in runes; a longer one is not a marker.
const maxMarker = 48

// listLevel is one level of a list as numbering.xml defines it.
type listLevel struct {
	format  string // "decimal", "bullet", ...
	text    string // "%1.%2)"
	start   int
	restart int    // 1-based level whose advance restarts this one, 0 never, -1 any above
	style   string // paragraph style bound to the level
	legal   bool   // all numbers of the marker are decimal
}

type abstractList struct {
	levels    [listLevels]listLevel
	styleLink string // this definition belongs to a numbering style
	numStyle  string // the definition is that of a numbering style
}

// list is an instance of an abstract list. Instances share their counters
// unless one overrides where a level starts.
type list struct {
	abstract  string
	overrides map[int]listLevel
	starts    map[int]int
}

type numbering struct {
	abstracts map[string]*abstractList
	lists     map[string]*list
	counters  map[string]*[listLevels]int // by abstract list; 0 is not begun
	begun     map[string]bool             // instances whose overrides were applied
}

func (c *container) readNumbering(part string) (*numbering, error) {
	n := &numbering{
		abstracts: map[string]*abstractList{}, lists: map[string]*list{},
		counters: map[string]*[listLevels]int{}, begun: map[string]bool{},
	}
	if part == "" {
		return n, nil
	}
	_, err := c.stream(part, []string{"numbering"}, func(e *node) error {
		switch e.name {
		case "abstractNum":
			n.abstracts[e.attr("abstractNumId")] = readAbstractList(e)
		case "num":
			n.lists[e.attr("numId")] = readList(e)
		}
		return nil
	})
	if err != nil {
		return n, err
	}
	n.resolveStyleLinks()
	return n, nil
}

func readAbstractList(e *node) *abstractList {
	a := &abstractList{styleLink: e.val("styleLink"), numStyle: e.val("numStyleLink")}
	for i := range a.levels {
		a.levels[i] = listLevel{format: "decimal", start: 1, restart: -1}
	}
	for _, k := range e.kids {
		if i, err := strconv.Atoi(k.attr("ilvl")); k.name == "lvl" && err == nil && i >= 0 && i < listLevels {
			a.levels[i] = readListLevel(k)
		}
	}
	return a
}

func readListLevel(e *node) listLevel {
	l := listLevel{format: "decimal", text: e.val("lvlText"), start: 1, restart: -1, style: e.val("pStyle")}
	format := e.kid("numFmt")
	if format == nil {
		e.find("numFmt", func(k *node) { format = k }) // inside AlternateContent
	}
	if format != nil {
		l.format = format.attr("val")
	}
	if v, err := strconv.Atoi(e.val("start")); err == nil {
		l.start = v
	}
	if v, err := strconv.Atoi(e.val("lvlRestart")); err == nil {
		l.restart = v
	}
	if legal := e.kid("isLgl"); legal != nil {
		l.legal = legal.isOn()
	}
	if utf8.RuneCountInString(l.text) > maxMarker {
		l.text = ""
	}
	return l
}

func readList(e *node) *list {
	l := &list{abstract: e.val("abstractNumId"), overrides: map[int]listLevel{}, starts: map[int]int{}}
	for _, k := range e.kids {
		i, err := strconv.Atoi(k.attr("ilvl"))
		if k.name != "lvlOverride" || err != nil || i < 0 || i >= listLevels {
			continue
		}
		if lvl := k.kid("lvl"); lvl != nil {
			l.overrides[i] = readListLevel(lvl)
		}
		if v, err := strconv.Atoi(k.val("startOverride")); err == nil {
			l.starts[i] = v
		}
	}
	return l
}

// resolveStyleLinks gives lists that refer to a numbering style that style's
// levels.
func (n *numbering) resolveStyleLinks() {
	byStyle := map[string]*abstractList{}
	for _, a := range n.abstracts {
		if a.styleLink != "" {
			byStyle[a.styleLink] = a
		}
	}
	for _, a := range n.abstracts {
		if source := byStyle[a.numStyle]; a.numStyle != "" && source != nil {
			a.levels = source.levels
		}
	}
}

// level returns the definition of a level of a list instance.
func (n *numbering) level(l *list, i int) listLevel {
	if lvl, ok := l.overrides[i]; ok {
		return lvl
	}
	return n.abstracts[l.abstract].levels[i]
}

// known returns the instance if it and its definition exist.
func (n *numbering) known(numID string) *list {
	l := n.lists[numID]
	if l == nil || n.abstracts[l.abstract] == nil {
		return nil
	}
	return l
}

// styleLevel returns the level that a paragraph style is bound to in a list.
func (n *numbering) styleLevel(numID, styleID string) (int, bool) {
	l := n.known(numID)
	if l == nil || styleID == "" {
		return 0, false
	}
	for i := range listLevels {
		if n.level(l, i).style == styleID {
			return i, true
		}
	}
	return 0, false
}

// next advances a list at a level and returns the marker as a reader sees it.
// ok is false for a list that is not defined.
func (n *numbering) next(numID string, level int) (marker string, ok bool) {
	l := n.known(numID)
	if l == nil {
		return "", false
	}
	level = max(0, min(level, listLevels-1))
	counts := n.counters[l.abstract]
	if counts == nil {
		counts = new([listLevels]int)
		for i := range counts {
			counts[i] = unbegun
		}
		n.counters[l.abstract] = counts
	}
	if !n.begun[numID] {
		n.begun[numID] = true
		for i := range listLevels {
			if _, own := l.starts[i]; own {
				counts[i] = unbegun
			}
		}
	}
	n.advance(l, counts, level)
	return n.marker(l, counts, level), true
}

// unbegun marks a level that has had no item; 0 is a number lists may start at.
const unbegun = -1 << 31

func (n *numbering) start(l *list, i int) int {
	if v, own := l.starts[i]; own {
		return v
	}
	return n.level(l, i).start
}

func (n *numbering) advance(l *list, counts *[listLevels]int, level int) {
	for i := range level {
		if counts[i] == unbegun {
			counts[i] = n.start(l, i)
		}
	}
	if counts[level] == unbegun {
		counts[level] = n.start(l, level)
	} else {
		counts[level]++
	}
	for i := level + 1; i < listLevels; i++ {
		if r := n.level(l, i).restart; r == -1 || r > level {
			counts[i] = unbegun
		}
	}
}

func (n *numbering) marker(l *list, counts *[listLevels]int, level int) string {
	at := n.level(l, level)
	if at.format == "bullet" {
		return bullet(at.text)
	}
	if at.format == "none" && !strings.Contains(at.text, "%") {
		return strings.TrimSpace(at.text)
	}
	var sb strings.Builder
	for i := 0; i < len(at.text); i++ {
		if at.text[i] == '%' && i+1 < len(at.text) && at.text[i+1] >= '1' && at.text[i+1] <= '9' {
			j := int(at.text[i+1] - '1')
			format := n.level(l, j).format
			if at.legal {
				format = "decimal"
			}
			sb.WriteString(formatNumber(counts[j], format))
			i++
			continue
		}
		sb.WriteByte(at.text[i])
	}
	return strings.TrimSpace(sb.String())
}

// bullet shows the sign a list declares where plain text has it. Signs of
// symbol fonts, whose codes are private or letters, become "•".
func bullet(text string) string {
	text = strings.TrimSpace(text)
	r, size := utf8.DecodeRuneInString(text)
	if size == 0 || size != len(text) || unicode.IsLetter(r) || unicode.IsDigit(r) || unicode.Is(unicode.Co, r) || unicode.IsControl(r) {
		return "•"
	}
	return text
}

// formatNumber writes a counter in one of the formats of Word's lists; formats
// it does not know are decimal.
func formatNumber(n int, format string) string {
	switch format {
	case "none":
		return ""
	case "bullet":
		return "•"
	case "decimalZero":
		if n >= 0 && n < 10 {
			return "0" + strconv.Itoa(n)
		}
	case "lowerLetter", "alphaLc":
		return strings.ToLower(letters(n))
	case "upperLetter", "alphaUc":
		return letters(n)
	case "lowerRoman", "romanLc":
		return strings.ToLower(roman(n))
	case "upperRoman", "romanUc":
		return roman(n)
	case "ordinal":
		return strconv.Itoa(n) + ordinalEnding(n)
	case "decimalEnclosedCircle":
		if n >= 1 && n <= 20 {
			return string(rune('①' + n - 1))
		}
	}
	return strconv.Itoa(n)
}

// letters counts A … Z, AA, BB, … as Word does; beyond ten letters it is
// decimal.
func letters(n int) string {
	if n < 1 || n > 260 {
		return strconv.Itoa(n)
	}
	return strings.Repeat(string(rune('A'+(n-1)%26)), (n-1)/26+1)
}

func roman(n int) string {
	if n < 1 || n > 3999 {
		return strconv.Itoa(n)
	}
	var sb strings.Builder
	for _, d := range []struct {
		value int
		sign  string
	}{
		{1000, "M"}, {900, "CM"}, {500, "D"}, {400, "CD"}, {100, "C"}, {90, "XC"},
		{50, "L"}, {40, "XL"}, {10, "X"}, {9, "IX"}, {5, "V"}, {4, "IV"}, {1, "I"},
	} {
		for ; n >= d.value; n -= d.value {
			sb.WriteString(d.sign)
		}
	}
	return sb.String()
}

func ordinalEnding(n int) string {
	if n%100 >= 11 && n%100 <= 13 {
		return "th"
	}
	switch n % 10 {
	case 1:
		return "st"
	case 2:
		return "nd"
	case 3:
		return "rd"
	}
	return "th"
}
