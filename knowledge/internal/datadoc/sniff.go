package datadoc

import (
	"strings"
	"unicode"
)

// sniffBytes is how much of a file is looked at to find its separator, and
// sniffRows how many rows to tell a header.
const (
	sniffBytes = 64 << 10
	sniffRows  = 200
)

// sniff finds the separator by reading the beginning of the text with each
// one and taking that which gives rows of two or more columns most evenly. It
// returns 0 where none does. A first line "sep=;" says it outright and is taken
// off the text.
func sniff(text string) (string, rune) {
	if rest, ok := strings.CutPrefix(text, "sep="); ok && rest != "" && strings.IndexByte(",;\t|", rest[0]) >= 0 {
		if line, tail, found := strings.Cut(rest[1:], "\n"); found && strings.TrimSpace(line) == "" {
			return tail, rune(rest[0])
		}
	}
	sample, cut := text, false
	if len(sample) > sniffBytes {
		sample, cut = sample[:sniffBytes], true
	}
	var best rune
	bestScore := 0.0
	for _, comma := range []rune{';', '\t', '|', ','} {
		if s := evenness(sample, comma, cut); s > bestScore {
			best, bestScore = comma, s
		}
	}
	return text, best
}

// evenness is the share of rows that have the most frequent number of columns,
// raised a little by cells that read as numbers, which a wrong separator tears
// apart. Below one half it is 0: the separator is then a mark in running text.
func evenness(sample string, comma rune, cut bool) float64 {
	if strings.Count(sample, string(comma)) == 0 {
		return 0
	}
	widths := map[int]int{}
	rows, numbers, cells := 0, 0, 0
	r := newReader(sample, comma)
	var last int
	for {
		row, err := r.Read()
		if err != nil {
			break
		}
		if len(row) == 1 && filled(row) == 0 {
			continue
		}
		rows++
		last = len(row)
		widths[last]++
		cells += len(row)
		for _, c := range row {
			if numeric(c) || strings.TrimSpace(c) == "" {
				numbers++
			}
		}
	}
	if cut && rows > 1 { // the last row is torn
		rows--
		widths[last]--
	}
	usual, count := 0, 0
	for w, n := range widths {
		if w >= 2 && (n > count || n == count && w > usual) {
			usual, count = w, n
		}
	}
	if rows == 0 || count*2 < rows {
		return 0
	}
	return float64(count)/float64(rows) + .3*float64(numbers)/float64(max(cells, 1))
}

// usualWidth is the most frequent number of columns.
func usualWidth(rows [][]string) int {
	widths := map[int]int{}
	usual := 0
	for _, r := range rows[:min(len(rows), sniffRows)] {
		widths[len(r)]++
	}
	for w, n := range widths {
		if n > widths[usual] || n == widths[usual] && w > usual {
			usual = w
		}
	}
	return usual
}

// isHeader reports whether the first row names the columns: its cells are
// filled, differ, are no numbers, and something sets them apart from the rows
// below: the kind of value, well-known names, or their brevity.
func isHeader(rows [][]string) bool {
	head := rows[0]
	body := rows[1:min(len(rows), sniffRows)]
	if !nameLike(head) {
		return false
	}
	known := 0
	for _, h := range head {
		if columnNames.has(firstWord(h)) || columnNames.has(h) || questionNames.has(h) || answerNames.has(h) {
			known++
		}
	}
	if len(body) == 0 {
		return known*2 >= len(head)
	}
	if known > 0 && known*3 >= len(head) {
		return true
	}
	headLength, bodyLength, columns := 0.0, 0.0, 0
	for i, h := range head {
		values, numbers, length := 0, 0, 0
		for _, r := range body {
			c := cell(r, i)
			if c == "" {
				continue
			}
			if c == strings.TrimSpace(h) {
				return false
			}
			values++
			length += runes(c)
			if numeric(c) {
				numbers++
			}
		}
		if values == 0 {
			continue
		}
		if numbers*2 > values && !numeric(h) || numbers*2 > values && !allYears(body, i) && yearLike(h) {
			return true
		}
		columns++
		headLength += float64(runes(h))
		bodyLength += float64(length) / float64(values)
	}
	return columns > 0 && (headLength <= .75*bodyLength || identifiers(head))
}

// nameLike reports whether every cell could name a column. The first may be
// empty, as above row labels, and years may head columns after it.
func nameLike(head []string) bool {
	seen := map[string]bool{}
	for i, h := range trimEnd(head) {
		h = strings.TrimSpace(h)
		if h == "" && i == 0 && len(head) > 1 {
			continue
		}
		if h == "" || runes(h) > 80 || seen[h] || numeric(h) && (i == 0 || !yearLike(h)) {
			return false
		}
		seen[h] = true
	}
	return len(seen) > 0
}

func trimEnd(row []string) []string {
	for len(row) > 0 && strings.TrimSpace(row[len(row)-1]) == "" {
		row = row[:len(row)-1]
	}
	return row
}

func allYears(body [][]string, column int) bool {
	for _, r := range body {
		if c := cell(r, column); c != "" && !yearLike(c) {
			return false
		}
	}
	return true
}

// identifiers reports names as programs write them: "first_name", "zipCode".
func identifiers(head []string) bool {
	underscore := false
	for _, h := range head {
		for _, r := range h {
			if r == '_' {
				underscore = true
			} else if !unicode.IsLetter(r) && !unicode.IsDigit(r) {
				return false
			}
		}
	}
	return underscore
}

func firstWord(s string) string {
	if i := strings.IndexFunc(s, func(r rune) bool { return !unicode.IsLetter(r) }); i > 0 {
		return s[:i]
	}
	return s
}
