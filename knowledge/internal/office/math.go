package office

import (
	"strings"
	"unicode"
	"unicode/utf8"

	"github.com/kundeagent/kundeagent/knowledge/internal/build"
)

// linearMath writes an Office Math element on one line as one would type it:
// "x^2", "a_(n+1)", "(a+b)/c", "√(x)", "∑_(n=1)^∞ a_n".
//
// A formula that is longer or deeper than any a person wrote is not laid out;
// its characters follow each other as stored.
func linearMath(n *node) string {
	if length, depth := mathSize(n); length > maxFormula || depth > maxFormulaDepth {
		var sb strings.Builder
		n.find("t", func(t *node) { sb.WriteString(t.text) })
		return build.Fold(sb.String())
	}
	return linear(n)
}

const (
	maxFormula      = 64 << 10 // bytes of text
	maxFormulaDepth = 90       // elements, some three for each construct
)

func mathSize(n *node) (length, depth int) {
	length = len(n.text)
	for _, k := range n.kids {
		l, d := mathSize(k)
		length += l
		depth = max(depth, d)
	}
	return length, depth + 1
}

func linear(n *node) string {
	if n == nil {
		return ""
	}
	var m mathLine
	m.element(n)
	return build.Fold(m.sb.String())
}

// mathLine is a formula being written.
type mathLine struct {
	sb    strings.Builder
	apart bool // what was written last must not touch a letter or digit
}

func (m *mathLine) write(s string) {
	if s == "" {
		return
	}
	if r, _ := utf8.DecodeRuneInString(s); m.apart && (unicode.IsLetter(r) || unicode.IsDigit(r)) {
		m.sb.WriteByte(' ')
	}
	m.apart = false
	m.sb.WriteString(s)
}

func (m *mathLine) kids(n *node) {
	if n == nil {
		return
	}
	for _, k := range n.kids {
		m.element(k)
	}
}

func (m *mathLine) element(n *node) {
	switch n.name {
	case "t":
		m.write(n.text)
	case "f":
		between := "/"
		if n.at("fPr").val("type") == "noBar" {
			between = " choose " // a binomial coefficient
		}
		m.write(factor(linear(n.kid("num"))) + between + factor(linear(n.kid("den"))))
		m.apart = true
	case "sSup", "sSub", "sSubSup", "limLow", "limUpp":
		m.kids(n.kid("e"))
		m.scripts(n)
	case "sPre":
		m.scripts(n)
		m.kids(n.kid("e"))
	case "rad":
		if degree := linear(n.kid("deg")); degree != "" {
			m.write("root(" + degree + ")")
		} else {
			m.write("√")
		}
		m.write("(" + linear(n.kid("e")) + ")")
	case "nary":
		m.nary(n)
	case "d":
		m.delimited(n)
	case "func":
		last, _ := utf8.DecodeLastRuneInString(m.sb.String())
		m.apart = m.apart || unicode.IsLetter(last) || unicode.IsDigit(last)
		m.kids(n.kid("fName"))
		m.apart = true
		m.kids(n.kid("e"))
	case "m":
		m.joined(n, "mr", "; ")
	case "mr":
		m.joined(n, "e", ", ")
	case "eqArr":
		m.joined(n, "e", "; ")
	case "acc":
		m.kids(n.kid("e"))
		m.write(n.at("accPr").val("chr"))
	default:
		if !strings.HasSuffix(n.name, "Pr") {
			m.kids(n)
		}
	}
}

func (m *mathLine) scripts(n *node) {
	for _, s := range []struct{ sign, name string }{{"_", "sub"}, {"^", "sup"}} {
		m.script(s.sign, n.kid(s.name))
	}
	switch n.name {
	case "limLow":
		m.script("_", n.kid("lim"))
	case "limUpp":
		m.script("^", n.kid("lim"))
	}
}

func (m *mathLine) script(sign string, n *node) {
	if text := linear(n); text != "" {
		m.write(sign + operand(text))
		m.apart = true
	}
}

// operand puts parentheses around a script of more than one term.
func operand(text string) string {
	simple := func(r rune) bool {
		return unicode.IsLetter(r) || unicode.IsDigit(r) || strings.ContainsRune("∞'′!", r)
	}
	for _, r := range text {
		if !simple(r) && text != "+" && text != "-" && text != "−" && text != "*" {
			return "(" + text + ")"
		}
	}
	return text
}

// factor puts parentheses around a part of a fraction that would otherwise be
// read as several terms.
func factor(text string) string {
	if strings.ContainsAny(text, " +-−*/=<>,×·") {
		return "(" + text + ")"
	}
	return text
}

func (m *mathLine) nary(n *node) {
	sign := "∫"
	if c := n.at("naryPr", "chr"); c != nil {
		sign = c.attr("val")
	}
	m.write(sign)
	m.scripts(n)
	m.sb.WriteByte(' ')
	m.apart = false
	m.kids(n.kid("e"))
}

func (m *mathLine) delimited(n *node) {
	open, separator, end := "(", "|", ")"
	for _, d := range []struct {
		name string
		sign *string
	}{{"begChr", &open}, {"sepChr", &separator}, {"endChr", &end}} {
		if c := n.at("dPr", d.name); c != nil {
			*d.sign = c.attr("val")
		}
	}
	m.write(open)
	m.joined(n, "e", separator)
	m.write(end)
}

func (m *mathLine) joined(n *node, name, separator string) {
	first := true
	for _, k := range n.kids {
		if k.name != name {
			continue
		}
		if !first {
			m.write(separator)
		}
		first = false
		m.apart = false
		if name == "mr" {
			m.element(k)
		} else {
			m.kids(k)
		}
	}
}
