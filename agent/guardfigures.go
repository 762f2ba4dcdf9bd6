package agent

import (
	"regexp"
	"strconv"
	"strings"
	"unicode"
	"unicode/utf8"

	"github.com/kundeagent/kundeagent/internal/text"
)

// guardFigures promises that every number written in digits, in any script, was
// given: by a passage, an action, the customer, or the host's own facts. The
// same number counts however it is written: with other separators, as a word
// where it was given, as 17:00 for 5 pm, as 14 days for two weeks, as 1,5 mio.
// for 1,500,000, as 98 where the draft shows 2 × 49 = 98. Telephone numbers
// must occur whole. Not looked at: the numbers of steps, and numbers that the
// draft writes as words.
func guardFigures(d Draft) Verdict {
	s := plainFigures(replaceMarks(withoutAddresses(d.Text), func(string) string { return " " }))
	s = dropSteps(s)
	figures := figuresOf(s)
	if len(figures) == 0 {
		return Verdict{}
	}
	given := givenTexts(d)
	if allStandIn(s, figures, given) {
		return Verdict{}
	}
	known := figuresIn(strings.Join(given, "\n"))
	if known.values["24"] {
		s = roundTheClock.ReplaceAllString(s, " ")
	}
	known.addCalculations(s)
	s, unknown := known.dropPhones(s)
	if unknown != "" {
		return Verdict{Action: Block, Reason: "the number " + unknown + " was not given"}
	}
	items := strconv.Itoa(len(listItem.FindAllString(s, -1)))
	for _, f := range figuresOf(s) {
		if !known.has(f) && f.raw != items {
			return Verdict{Action: Block, Reason: "the figure " + f.raw + " was not given"}
		}
	}
	return Verdict{}
}

// figure is a number with what stands around it.
type figure struct {
	raw    string
	before string // a few bytes
	after  string
}

var (
	hoursMinutes  = regexp.MustCompile(`\b(\d{1,2}) ?(?:[hH]|Uhr|時|시|点) ?([0-5]\d)\b`)
	roundTheClock = regexp.MustCompile(`\b24/7\b`)
	listItem      = regexp.MustCompile(`(?m)^\s*(?:[-*•]|\d{1,2}[.)])\s`)
	stepNumber    = regexp.MustCompile(`(?m)^([\s>*#_-]*(?:\p{L}+ ?)?)(\d{1,2})([.):*_]|\s?[-–])`)
)

// plainFigures writes all digits and the signs around them in one way.
func plainFigures(s string) string {
	s = strings.Map(func(r rune) rune {
		switch {
		case r < utf8.RuneSelf:
			return r
		case unicode.IsDigit(r):
			return '0' + digitValue(r)
		case r == '٫':
			return '.'
		case r == '٬':
			return ','
		case r == '：':
			return ':'
		case unicode.Is(unicode.Zs, r):
			return ' '
		case unicode.Is(unicode.Pd, r), r == '−':
			return '-'
		case hasNoWidth(r):
			return -1
		}
		return r
	}, s)
	if !mayHaveHours(s) {
		return s
	}
	s = hoursMinutes.ReplaceAllString(s, "$1:$2")
	return hoursMinutes.ReplaceAllString(s, "$1:$2")
}

// mayHaveHours reports a digit with what may be the sign of an hour behind it.
func mayHaveHours(s string) bool {
	for i := 1; i < len(s); i++ {
		switch c := s[i]; {
		case c != 'h' && c != 'H' && c != 'U' && c < utf8.RuneSelf:
		case isDigit(s[i-1]), s[i-1] == ' ' && i > 1 && isDigit(s[i-2]):
			return true
		}
	}
	return false
}

// digitValue is the value of a decimal digit: they stand in blocks of ten that
// begin with zero.
func digitValue(r rune) rune {
	for _, t := range unicode.Nd.R16 {
		if r >= rune(t.Lo) && r <= rune(t.Hi) {
			return (r - rune(t.Lo)) % 10
		}
	}
	for _, t := range unicode.Nd.R32 {
		if r >= rune(t.Lo) && r <= rune(t.Hi) {
			return (r - rune(t.Lo)) % 10
		}
	}
	return 0
}

var telephone = regexp.MustCompile(`^(?i:tel|sms|callto):`)

// withoutAddresses leaves out what the guard of links has passed. The digits of
// a telephone number are for this one.
func withoutAddresses(s string) string {
	r := read(s)
	addresses := addressesIn(r.text)
	if len(addresses) == 0 {
		return s
	}
	var out []byte
	done := 0
	for _, loc := range addresses {
		if telephone.MatchString(r.text[loc[0]:loc[1]]) {
			continue
		}
		from, to := r.span(loc)
		out = append(append(out, s[done:from]...), ' ')
		done = to
	}
	return string(append(out, s[done:]...))
}

// dropSteps leaves out numbers that count lines: 1, 2, 3 at their beginnings.
func dropSteps(s string) string {
	if !mayHaveSteps(s) {
		return s
	}
	next := 1
	return stepNumber.ReplaceAllStringFunc(s, func(m string) string {
		parts := stepNumber.FindStringSubmatch(m)
		if n, _ := strconv.Atoi(parts[2]); n != next && n != 1 { // two digits at most
			return m
		} else {
			next = n + 1
		}
		return parts[1] + parts[3]
	})
}

// mayHaveSteps reports a digit with a sign behind it that a step has.
func mayHaveSteps(s string) bool {
	for i := 1; i < len(s); i++ {
		if !isDigit(s[i-1]) || isAlnum(s[i]) {
			continue
		}
		after := s[i:]
		if strings.IndexByte(".):*_", after[0]) >= 0 {
			return true
		}
		if isSpaceByte(after[0]) {
			after = after[1:]
		}
		if strings.HasPrefix(after, "-") || strings.HasPrefix(after, "–") {
			return true
		}
	}
	return false
}

// values returns what number may be meant: separators group or begin a
// fraction, by the customs of the country.
func (f figure) values() []string {
	groups := digitGroups(f.raw)
	last := groups[len(groups)-1]
	if len(groups) == 1 {
		return []string{canonical(last, "")}
	}
	var out []string
	grouped := len(groups[0]) <= 3
	for _, g := range groups[1:] {
		grouped = grouped && (len(g) == 3 || len(g) == 2 && len(last) == 3)
	}
	if grouped && !strings.Contains(f.raw, ":") {
		out = append(out, canonical(strings.Join(groups, ""), ""))
	}
	separator := f.raw[len(f.raw)-len(last)-1]
	inner := f.raw[:len(f.raw)-len(last)-1]
	if separator != ':' && separator != ' ' && !strings.ContainsRune(inner, rune(separator)) {
		whole := groups[:len(groups)-1]
		ok := true
		for _, g := range whole[1:] {
			ok = ok && len(g) >= 2 && len(g) <= 3
		}
		if ok {
			out = append(out, canonical(strings.Join(whole, ""), last))
		}
	}
	if out == nil {
		out = append(out, "="+strings.Join(groups, ".")) // a version, a date, a time
	}
	return out
}

func canonical(whole, fraction string) string {
	whole, fraction = strings.TrimLeft(whole, "0"), strings.TrimRight(fraction, "0")
	if whole == "" {
		whole = "0"
	}
	if fraction != "" {
		whole += "." + fraction
	}
	return whole
}

// numbers are the values as numbers, for calculation.
func (f figure) numbers() []float64 {
	var out []float64
	for _, v := range f.values() {
		if n, err := strconv.ParseFloat(v, 64); err == nil {
			out = append(out, n)
		}
	}
	return out
}

// minutes returns the times of day that the figure may mean, in minutes after
// midnight.
func (f figure) minutes() []int {
	groups := digitGroups(f.raw)
	if len(groups) > 2 || len(groups[0]) > 2 || len(groups) == 2 && (len(groups[1]) != 2 || strings.ContainsAny(f.raw, ", '’")) {
		return nil
	}
	h, _ := strconv.Atoi(groups[0]) // two digits at most
	m := 0
	if len(groups) == 2 {
		m, _ = strconv.Atoi(groups[1])
	}
	if h > 24 || m > 59 {
		return nil
	}
	switch half(f) {
	case 'p':
		return []int{(h%12+12)*60 + m}
	case 'a':
		return []int{h%12*60 + m}
	}
	return []int{h*60 + m}
}

// half is 'a' before noon, 'p' after, and 0 if the words around a time do not
// say.
func half(f figure) byte {
	after, before := text.Fold(f.after), text.Fold(f.before)
	for _, h := range halves {
		if h.before && strings.HasSuffix(strings.TrimRight(before, " "), h.word) || !h.before && strings.HasPrefix(strings.TrimLeft(after, " "), h.word) {
			return h.half
		}
	}
	// "9 to 5 pm": the nearer time has the word. "10-11 am" leaves the first open.
	return 0
}

// knownFigures is what was given.
type knownFigures struct {
	values     map[string]bool
	clock      map[int]bool
	months     map[string]bool
	quantities map[quantity]bool
	phones     []string
}

// quantity is an amount in the smallest unit of its kind.
type quantity struct {
	kind   unitKind
	amount float64
}

func figuresIn(s string) *knownFigures {
	k := &knownFigures{values: map[string]bool{}, clock: map[int]bool{}, months: map[string]bool{}, quantities: map[quantity]bool{}}
	s = plainFigures(s)
	for _, f := range figuresOf(s) {
		for _, v := range f.values() {
			k.values[v] = true
		}
		for _, n := range f.numbers() {
			k.addScaled(n, f.after)
			k.addQuantity(n, f.after)
		}
		for _, m := range f.minutes() {
			k.clock[m] = true
			if m%60 == 0 && half(f) != 0 {
				k.values[strconv.Itoa(m/60)] = true
			}
		}
		if strings.HasPrefix(f.values()[0], "=") {
			for _, part := range digitGroups(f.raw) {
				k.values[canonical(part, "")] = true
			}
		}
	}
	for line := range strings.Lines(s) {
		if countDigits(line) < phoneDigits {
			continue
		}
		for _, p := range phoneLike.FindAllString(line, -1) {
			k.phones = append(k.phones, strings.Join(digitGroups(p), ""))
		}
	}
	k.addWords(s)
	return k
}

// addWords adds the numbers and months that are written as words.
func (k *knownFigures) addWords(s string) {
	folded := text.Fold(s)
	at := 0
	for _, w := range text.Words(s) {
		if i := strings.Index(folded[at:], w); i >= 0 {
			at += i + len(w)
		}
		if n, ok := numberWord(w); ok {
			k.values[strconv.Itoa(n)] = true
			k.addScaled(float64(n), folded[at:min(len(folded), at+48)])
			k.addQuantity(float64(n), folded[at:min(len(folded), at+48)])
		}
		if n := monthWord(w); n > 0 {
			k.months[strconv.Itoa(n)] = true
		}
	}
	if isASCII(s) {
		return
	}
	for _, loc := range ideographicNumber.FindAllStringIndex(s, -1) {
		if n := ideographic(s[loc[0]:loc[1]]); n > 0 {
			k.values[strconv.Itoa(n)] = true
			k.addQuantity(float64(n), strings.ToValidUTF8(s[loc[1]:min(len(s), loc[1]+24)], ""))
		}
	}
}

func (k *knownFigures) addScaled(n float64, after string) {
	if scale := scaleOf(after); scale > 1 {
		k.values[formatNumber(n*scale)] = true
	}
}

func (k *knownFigures) addQuantity(n float64, after string) {
	if kind, factor := unitOf(after); kind != noUnit {
		k.quantities[quantity{kind, round(n * factor)}] = true
	}
}

func formatNumber(n float64) string { return strconv.FormatFloat(round(n), 'f', -1, 64) }

// round takes off what calculation in binary adds.
func round(n float64) float64 {
	r, _ := strconv.ParseFloat(strconv.FormatFloat(n, 'f', 6, 64), 64) // it was written by FormatFloat
	return r
}

// has reports whether a figure of a draft was given.
func (k *knownFigures) has(f figure) bool {
	for _, v := range f.values() {
		if k.values[v] || strings.HasPrefix(v, "=") && k.hasDate(f) {
			return true
		}
	}
	for _, m := range f.minutes() {
		if k.clock[m] && (half(f) != 0 || len(digitGroups(f.raw)) == 2) {
			return true
		}
	}
	for _, n := range f.numbers() {
		if scale := scaleOf(f.after); scale > 1 && k.values[formatNumber(n*scale)] {
			return true
		}
		if kind, factor := unitOf(f.after); kind != noUnit && k.quantities[quantity{kind, round(n * factor)}] {
			return true
		}
	}
	// In "2026-03-01" and "3/2026" the month has no name.
	return k.months[canonical(f.raw, "")] && len(f.raw) <= 2 && (strings.HasSuffix(f.before, "-") || strings.HasSuffix(f.before, "/") ||
		strings.HasPrefix(f.after, "-") || strings.HasPrefix(f.after, "/") || strings.HasPrefix(f.after, "月") || strings.HasPrefix(f.after, "월"))
}

// hasDate reports whether each part of a date such as 12.05.2027 was given.
func (k *knownFigures) hasDate(f figure) bool {
	groups := digitGroups(f.raw)
	if len(groups) != 3 || len(groups[0]) != 4 && len(groups[2]) != 4 {
		return false
	}
	for i, g := range groups {
		if v := canonical(g, ""); !k.values[v] && (i != 1 || !k.months[v]) {
			return false
		}
	}
	return true
}

const (
	money   = `(?:[$€£¥₹₽₩]|[\p{L}.]{1,8})?`
	operand = money + ` ?(\d+(?:[.,]\d+)*) ?` + money
)

var calculation = regexp.MustCompile(operand + ` ?([x×*·+/÷-]) ?` + operand + ` ?= ?` + operand)

// addCalculations adds the results of calculations that a draft shows, if they
// are right and made of what was given.
func (k *knownFigures) addCalculations(s string) {
	if !strings.Contains(s, "=") {
		return
	}
	for _, m := range calculation.FindAllStringSubmatch(s, -1) {
		left, right, result := figure{raw: m[1]}, figure{raw: m[3]}, figure{raw: m[4]}
		if !k.has(left) || !k.has(right) {
			continue
		}
		for _, l := range left.numbers() {
			for _, r := range right.numbers() {
				for _, want := range result.numbers() {
					if diff := calculate(l, m[2], r) - want; diff < .005 && diff > -.005 {
						k.values[formatNumber(want)] = true
					}
				}
			}
		}
	}
}

func calculate(l float64, op string, r float64) float64 {
	switch op {
	case "+":
		return l + r
	case "-":
		return l - r
	case "/", "÷":
		return l / r
	default:
		return l * r
	}
}
