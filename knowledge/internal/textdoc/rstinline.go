package textdoc

import (
	"strings"
	"unicode"
	"unicode/utf8"
)

// inlineRST turns inline markup into text in one pass. missing remembers end
// marks that do not occur in the rest, so that no search is made twice.
type inlineRST struct {
	names   *rstNames
	sink    *sink
	s       string
	at      int
	out     strings.Builder
	missing map[string]bool
	nested  bool // inside a substitution: no further ones
}

// inline returns the plain text of running text and collects its links.
func (r *rstReader) inline(s string) string {
	if !strings.ContainsAny(s, "*`|_\\:") {
		return s
	}
	in := inlineRST{names: &r.rstNames, sink: r.sink, s: s, missing: map[string]bool{}}
	in.run()
	return in.out.String()
}

func (in *inlineRST) run() {
	for in.at < len(in.s) {
		if in.special() {
			continue
		}
		start := in.at
		in.at++
		for in.at < len(in.s) && strings.IndexByte("*`|_\\:[", in.s[in.at]) < 0 {
			in.at++
		}
		in.out.WriteString(in.s[start:in.at])
	}
}

// special handles the mark at the position; false leaves it as text.
func (in *inlineRST) special() bool {
	rest := in.s[in.at:]
	switch rest[0] {
	case '\\':
		return in.escape(rest)
	case '*':
		if strings.HasPrefix(rest, "**") {
			return in.span("**", false)
		}
		return in.span("*", false)
	case '`':
		if strings.HasPrefix(rest, "``") {
			return in.span("``", true)
		}
		return in.interpreted("")
	case '|':
		return in.substitute()
	case ':':
		return in.address() || in.role()
	case '[':
		return in.note()
	case '_':
		if strings.HasPrefix(rest, "_`") && in.opens(2) {
			in.at++
			return in.interpreted("")
		}
		return in.reference()
	}
	return false
}

func (in *inlineRST) escape(rest string) bool {
	if len(rest) == 1 {
		return false
	}
	_, size := utf8.DecodeRuneInString(rest[1:])
	if c := rest[1]; c != ' ' && c != '\n' {
		in.out.WriteString(rest[1 : 1+size])
	}
	in.at += 1 + size
	return true
}

// opens tells whether markup may begin here: after a blank or opening mark, and
// before something that is no blank.
func (in *inlineRST) opens(width int) bool {
	next, _ := utf8.DecodeRuneInString(in.s[min(len(in.s), in.at+width):])
	if in.at+width >= len(in.s) || unicode.IsSpace(next) {
		return false
	}
	if in.at == 0 {
		return true
	}
	before, _ := utf8.DecodeLastRuneInString(in.s[:in.at])
	if unicode.IsSpace(before) || strings.ContainsRune("-:/'\"<([{", before) || unicode.In(before, unicode.Ps, unicode.Pi, unicode.Pf, unicode.Pd, unicode.Po) && before >= 0x80 {
		// A mark quoted on its own, as in "*", is none.
		closing := map[rune]rune{'\'': '\'', '"': '"', '<': '>', '(': ')', '[': ']', '{': '}'}[before]
		return closing == 0 || next != closing
	}
	return before == ' ' || strings.HasSuffix(in.s[:in.at], "\\ ")
}

// end finds where markup ends: the mark after something that is no blank, and
// before a blank or punctuation. It returns -1 when there is none.
func (in *inlineRST) end(mark string, from int, literal bool) int {
	if in.missing[mark] {
		return -1
	}
	for i := from; ; {
		j := strings.Index(in.s[i:], mark)
		if j < 0 {
			in.missing[mark] = true
			return -1
		}
		j += i
		after := j + len(mark)
		for literal && after < len(in.s) && in.s[after] == mark[0] {
			j++
			after++
		}
		escaped := !literal && j > 0 && in.s[j-1] == '\\' && (j < 2 || in.s[j-2] != '\\')
		if j > from && !escaped && !isBlank(in.s[j-1]) && in.closesAt(after) {
			return j
		}
		i = max(after-len(mark)+1, j+1)
	}
}

func isBlank(c byte) bool { return c == ' ' || c == '\n' }

func (in *inlineRST) closesAt(i int) bool {
	if i >= len(in.s) {
		return true
	}
	r, _ := utf8.DecodeRuneInString(in.s[i:])
	return unicode.IsSpace(r) || r < 0x80 && unicode.IsPunct(r) || r == '>' || r == '<' || r == '|' || r == '`' || r >= 0x80 && unicode.IsPunct(r)
}

// span handles emphasis and literals, whose text stays as it is.
func (in *inlineRST) span(mark string, literal bool) bool {
	if !in.opens(len(mark)) {
		return false
	}
	end := in.end(mark, in.at+len(mark), literal)
	if end < 0 {
		if len(mark) == 2 {
			in.out.WriteString(mark)
			in.at += 2
			return true
		}
		return false
	}
	inner := in.s[in.at+len(mark) : end]
	if !literal {
		inner = unescapeRST(inner)
	}
	in.out.WriteString(inner)
	in.at = end + len(mark)
	return true
}

// unescapeRST takes backslashes out of text.
func unescapeRST(s string) string {
	if strings.IndexByte(s, '\\') < 0 {
		return s
	}
	var sb strings.Builder
	for i := 0; i < len(s); i++ {
		if s[i] == '\\' && i+1 < len(s) {
			i++
			if isBlank(s[i]) {
				continue
			}
		}
		sb.WriteByte(s[i])
	}
	return sb.String()
}

// interpreted handles text between backticks: a link, a reference, or a role.
func (in *inlineRST) interpreted(role string) bool {
	if role == "" && !in.opens(1) && (in.at == 0 || in.s[in.at-1] != '_') {
		return false
	}
	end := in.end("`", in.at+1, false)
	if end < 0 {
		return false
	}
	text := in.s[in.at+1 : end]
	in.at = end + 1
	after := in.s[in.at:]
	switch {
	case strings.HasPrefix(after, "__"):
		in.at += 2
		in.linked(text, true)
	case strings.HasPrefix(after, "_") && role == "":
		in.at++
		in.linked(text, false)
	default:
		if role == "" && strings.HasPrefix(after, ":") {
			if i := strings.IndexByte(after[1:min(len(after), 60)], ':'); i > 0 && isRoleName(after[1:1+i]) {
				role = after[1 : 1+i]
				in.at += i + 2
			}
		}
		if role == "" {
			role = in.names.defaultRole
		}
		if base := in.names.roles[strings.ToLower(role)]; base != "" {
			role = base
		}
		in.out.WriteString(roleText(role, text))
	}
	return true
}

// linked writes the text of a link and collects its address.
func (in *inlineRST) linked(text string, anonymous bool) {
	shown, address := cutAddress(text)
	switch {
	case address != "":
		if strings.HasSuffix(address, "_") && !strings.Contains(address, "/") {
			address = in.names.targets[nameKey(strings.Trim(address, "_`"))]
		}
	case anonymous:
		if i := in.names.anonymousRefs; i < len(in.names.anonymous) {
			address = in.names.anonymous[i]
		}
		in.names.anonymousRefs++
	default:
		address = in.names.targets[nameKey(unescapeRST(shown))]
	}
	shown = unescapeRST(shown)
	in.out.WriteString(shown)
	in.follow(address, shown)
}

// follow collects an address; one that names another target is resolved once.
func (in *inlineRST) follow(address, shown string) {
	if name, indirect := strings.CutSuffix(address, "_"); indirect && !strings.Contains(address, "/") {
		address = in.names.targets[nameKey(strings.Trim(name, "`"))]
	}
	if strings.Contains(address, "@") && !strings.Contains(address, ":") {
		address = "mailto:" + address
	}
	in.sink.link(unescapeRST(address), shown)
}

// cutAddress splits "text <address>"; without text the address is shown.
func cutAddress(text string) (shown, address string) {
	if !strings.HasSuffix(text, ">") {
		return text, ""
	}
	i := strings.LastIndexByte(text, '<')
	if i < 0 || i > 0 && !isBlank(text[i-1]) {
		return text, ""
	}
	address = strings.Join(strings.Fields(text[i+1:len(text)-1]), "")
	shown = strings.TrimSpace(text[:i])
	if shown == "" {
		shown = address
	}
	return shown, address
}

func isRoleName(s string) bool {
	if s == "" || !isWordByte(s[0]) {
		return false
	}
	for i := range len(s) {
		if !isWordByte(s[i]) && strings.IndexByte("-_.+:", s[i]) < 0 {
			return false
		}
	}
	return true
}

// role handles ":name:`text`".
func (in *inlineRST) role() bool {
	rest := in.s[in.at:]
	i := strings.Index(rest[:min(len(rest), 80)], ":`")
	if i < 2 || !isRoleName(rest[1:i]) || !in.opens(1) {
		return false
	}
	start := in.at
	in.at += i + 1
	if in.at+1 < len(in.s) && in.s[in.at+1] != '`' && in.interpreted(rest[1:i]) {
		return true
	}
	in.at = start
	return false
}

// roleText returns what readers see of interpreted text.
func roleText(role, text string) string {
	if j := strings.LastIndexByte(role, ':'); j >= 0 {
		role = role[j+1:]
	}
	switch strings.ToLower(role) {
	case "raw":
		return ""
	case "pep", "rfc":
		shown, _ := cutAddress(text)
		return strings.ToUpper(role) + " " + unescapeRST(shown)
	case "math":
		return mathText(text)
	case "literal", "code":
		return text
	case "ref", "doc", "download", "term", "any", "numref", "class", "func", "meth", "mod", "attr", "obj", "exc", "data", "const":
		shown, _ := cutAddress(text)
		if short, ok := strings.CutPrefix(shown, "~"); ok {
			shown = short[strings.LastIndexByte(short, '.')+1:]
		}
		return unescapeRST(strings.TrimPrefix(shown, "!"))
	}
	shown := text
	if role == "" {
		shown, _ = cutAddress(text)
	}
	return unescapeRST(shown)
}

// substitute handles "|name|", perhaps with "_" behind it.
func (in *inlineRST) substitute() bool {
	if !in.opens(1) {
		return false
	}
	end := in.end("|", in.at+1, false)
	if end < 0 {
		end = in.substitutionReference()
		if end < 0 {
			return false
		}
	}
	name := in.s[in.at+1 : end]
	value, known := in.names.substitutions[nameKey(name)]
	in.at = end + 1
	suffix := len(in.s[in.at:]) - len(strings.TrimLeft(in.s[in.at:], "_"))
	in.at += min(suffix, 2)
	if suffix > 0 {
		in.follow(in.names.targets[nameKey(name)], value)
	}
	in.names.expanded += len(value)
	switch {
	case !known:
		in.out.WriteString(name)
	case in.nested || in.names.expanded > in.sink.lim.MaxText:
		in.out.WriteString(name)
	default:
		inner := inlineRST{names: in.names, sink: in.sink, s: value, missing: map[string]bool{}, nested: true}
		inner.run()
		in.out.WriteString(inner.out.String())
	}
	return true
}

// substitutionReference finds "|_" where no plain end was found.
func (in *inlineRST) substitutionReference() int {
	const window = 200
	rest := in.s[in.at+1 : min(len(in.s), in.at+window)]
	if i := strings.Index(rest, "|_"); i > 0 {
		return in.at + 1 + i
	}
	return -1
}

// note handles "[1]_", a reference to a footnote or citation.
func (in *inlineRST) note() bool {
	rest := in.s[in.at:]
	i := strings.Index(rest[:min(len(rest), 80)], "]_")
	if i < 2 || strings.ContainsAny(rest[1:i], " \n[]") || !in.closesAt(in.at+i+2) {
		return false
	}
	in.out.WriteString("[" + in.names.refNumber(rest[1:i]) + "]")
	in.at += i + 2
	return true
}

// reference handles the underscore behind a name: "name_" and "name__".
func (in *inlineRST) reference() bool {
	width := 1
	if strings.HasPrefix(in.s[in.at:], "__") {
		width = 2
	}
	if in.at == 0 || !isWordByte(in.s[in.at-1]) || !in.closesAt(in.at+width) {
		return false
	}
	if c := in.s[min(len(in.s)-1, in.at+width)]; in.at+width < len(in.s) && (c == '_' || c == '(' || c == '/' || c == '*') {
		return false
	}
	start := in.at
	for start > 0 && in.at-start < 200 {
		c := in.s[start-1]
		if !isWordByte(c) && (strings.IndexByte("-.+_:", c) < 0 || start < 2 || !isWordByte(in.s[start-2])) {
			break
		}
		start--
	}
	name := in.s[start:in.at]
	address := in.names.targets[nameKey(name)]
	if width == 2 {
		if i := in.names.anonymousRefs; i < len(in.names.anonymous) {
			address = in.names.anonymous[i]
		}
		in.names.anonymousRefs++
	}
	in.follow(address, name)
	in.at += width
	return true
}

// address copies a web address whole, so that marks within are left alone.
func (in *inlineRST) address() bool {
	rest := in.s[in.at:]
	if !strings.HasPrefix(rest, "://") {
		return false
	}
	scheme := in.at
	for scheme > 0 && in.at-scheme < 12 && isWordByte(in.s[scheme-1]) {
		scheme--
	}
	end := 3
	for end < len(rest) && !isBlank(rest[end]) && strings.IndexByte("<>\"`|", rest[end]) < 0 {
		end++
	}
	for end > 3 && strings.IndexByte(".,;:!?)]}'*_", rest[end-1]) >= 0 {
		if rest[end-1] == ')' && strings.Contains(rest[:end], "(") {
			break
		}
		end--
	}
	text := unescapeRST(rest[:end])
	in.out.WriteString(text)
	in.sink.link(in.s[scheme:in.at]+text, in.s[scheme:in.at]+text)
	in.at += end
	return true
}
