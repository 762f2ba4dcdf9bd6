// Package redact replaces personal data that has a recognisable form: e-mail
// addresses, telephone numbers, payment cards, bank accounts and IP addresses.
//
// Names, postal addresses and whatever else only a reader understands stay.
// They need recognition by meaning, which is the business of a service that a
// host plugs in where this package is used.
package redact

import (
	"net/netip"
	"regexp"
	"slices"
	"strings"
	"unicode"
	"unicode/utf8"
)

// Kind is a kind of personal data.
type Kind string

// The kinds. A found one is replaced by its name in brackets, such as "[email]".
const (
	Email Kind = "email"
	Phone Kind = "phone" // with a country's code, a trunk zero, usual groups, or a word such as "tel" before it
	Card  Kind = "card"  // with the prefix and length of a network and a right check digit (ISO/IEC 7812)
	IBAN  Kind = "iban"  // with the length of its country and right check digits (ISO 13616)
	IP    Kind = "ip"    // version 4 and 6
)

// Config configures a [Redactor].
type Config struct {
	// Keep is what to leave as it is; default nothing.
	Keep []Kind
}

// Redactor replaces personal data. It is safe for concurrent use.
type Redactor struct{ rules []rule }

// rule finds candidates of a kind, and says of each what part of it is one.
type rule struct {
	kind  Kind
	needs func(string) bool // what a text must have, to save the search
	find  *regexp.Regexp
	// size returns how much of the candidate s[from:to] is personal data, from
	// its beginning; 0 is none.
	size func(s string, from, to int) int
}

// New returns a Redactor.
func New(cfg Config) *Redactor {
	r := &Redactor{}
	for _, rule := range rules {
		if !slices.Contains(cfg.Keep, rule.kind) {
			r.rules = append(r.rules, rule)
		}
	}
	return r
}

// Redact returns s with what it recognises replaced.
func (r *Redactor) Redact(s string) string {
	for _, rule := range r.rules {
		if rule.needs(s) {
			s = rule.redact(s)
		}
	}
	return s
}

// Found is one piece of personal data.
type Found struct {
	Kind Kind
	Text string
}

// Find returns what [Redactor.Redact] would replace, kind by kind, in the order
// in which they are looked for.
func (r *Redactor) Find(s string) []Found {
	var out []Found
	for _, rule := range r.rules {
		if rule.needs(s) {
			s = rule.replace(s, func(data string) { out = append(out, Found{rule.kind, data}) })
		}
	}
	return out
}

var rules = []rule{
	{Email, func(s string) bool { return strings.Contains(s, "@") }, email, all},
	{IBAN, hasDigit, iban, sizeOfIBAN},
	{IP, hasDigit, ip, sizeOfIP},
	{Card, hasDigit, card, sizeOfCard},
	{Phone, hasDigit, phone, sizeOfPhone},
}

func hasDigit(s string) bool { return strings.ContainsAny(s, "0123456789") }

func (r rule) redact(s string) string { return r.replace(s, func(string) {}) }

// replace replaces what the rule recognises and tells of each.
func (r rule) replace(s string, found func(data string)) string {
	var out []byte
	done := 0
	for at := 0; at < len(s); {
		loc := r.find.FindStringIndex(s[at:])
		if loc == nil {
			break
		}
		from, to := at+loc[0], at+loc[1]
		n := 0
		if standsAlone(s, from, to) {
			n = r.size(s, from, to)
		}
		if n == 0 {
			at = to
			continue
		}
		found(s[from : from+n])
		out = append(append(append(out, s[done:from]...), '['), r.kind...)
		out = append(out, ']')
		done, at = from+n, from+n
	}
	return string(append(out, s[done:]...))
}

// standsAlone reports whether no letter or digit of the Latin script touches a
// candidate: "A1234" and "0x1f" are no numbers.
func standsAlone(s string, from, to int) bool {
	before, _ := utf8.DecodeLastRuneInString(s[:from])
	after, _ := utf8.DecodeRuneInString(s[to:])
	return !isWord(before) && !isWord(after)
}

func isWord(r rune) bool {
	return r == '_' || unicode.IsDigit(r) || unicode.Is(unicode.Latin, r)
}

func all(_ string, from, to int) int { return to - from }

var (
	email = regexp.MustCompile(`[\p{Latin}\p{Cyrillic}\p{Greek}\p{Nd}._%+'-]+@[\p{L}\p{Nd}-]+(?:\.[\p{L}\p{Nd}-]+)+`)
	iban  = regexp.MustCompile(`(?i)[A-Z]{2}[0-9]{2}(?:[ -]?[A-Z0-9]){11,30}`)
	ip    = regexp.MustCompile(`[0-9]{1,3}(?:\.[0-9]{1,3}){3}|[0-9a-fA-F:]*:[0-9a-fA-F:]*:[0-9a-fA-F:.]*`)
	card  = regexp.MustCompile(`[0-9]{4}(?:[ -][0-9]{4}){3}(?:[ -][0-9]{1,3})?|[0-9]{4}[ -][0-9]{6}[ -][0-9]{4,5}|[0-9]{14,19}`)
	phone = regexp.MustCompile(`\+?\(?[0-9](?:[ ./()\x{a0}\x{2011}-]{0,2}[0-9]){5,16}`)
)

// digitsOf returns the ASCII digits of s.
func digitsOf(s string) string {
	return strings.Map(func(r rune) rune {
		if r < '0' || r > '9' {
			return -1
		}
		return r
	}, s)
}

// ibanLengths is the length of each country's IBAN, after the registry of SWIFT.
var ibanLengths = map[string]int{
	"AD": 24, "AE": 23, "AL": 28, "AT": 20, "AZ": 28, "BA": 20, "BE": 16, "BG": 22, "BH": 22, "BR": 29, "CH": 21, "CR": 22, "CY": 28, "CZ": 24, "DE": 22, "DK": 18, "DO": 28, "EE": 20,
	"EG": 29, "ES": 24, "FI": 18, "FO": 18, "FR": 27, "GB": 22, "GE": 22, "GI": 23, "GL": 18, "GR": 27, "GT": 28, "HR": 21, "HU": 28, "IE": 22, "IL": 23, "IS": 26, "IT": 27, "JO": 30,
	"KW": 30, "KZ": 20, "LB": 28, "LI": 21, "LT": 20, "LU": 20, "LV": 21, "MC": 27, "MD": 24, "ME": 22, "MK": 19, "MT": 31, "MU": 30, "NL": 18, "NO": 15, "PK": 24, "PL": 28, "PS": 29,
	"PT": 25, "QA": 29, "RO": 24, "RS": 22, "SA": 24, "SE": 24, "SI": 19, "SK": 24, "SM": 27, "TN": 24, "TR": 26, "UA": 29, "VG": 24, "XK": 20,
}

func sizeOfIBAN(s string, from, to int) int {
	want := ibanLengths[strings.ToUpper(s[from:from+2])]
	remainder, n := 0, 0
	var head [4]byte
	for i := from; i < to && want > 0; i++ {
		c := s[i] &^ 0x20 // upper case of a letter
		if s[i] >= '0' && s[i] <= '9' {
			c = s[i]
		} else if c < 'A' || c > 'Z' {
			continue
		}
		if n < 4 {
			head[n] = c
		} else {
			remainder = mod97(remainder, c)
		}
		if n++; n < want {
			continue
		}
		for _, c := range head {
			remainder = mod97(remainder, c)
		}
		if remainder == 1 && !(i+1 < len(s) && isWord(rune(s[i+1]))) {
			return i + 1 - from
		}
		return 0
	}
	return 0
}

// mod97 adds a digit, or a letter as a number of two (ISO 7064).
func mod97(remainder int, c byte) int {
	if c <= '9' {
		return (remainder*10 + int(c-'0')) % 97
	}
	return (remainder*100 + int(c-'A') + 10) % 97
}

func sizeOfIP(s string, from, to int) int {
	found := strings.TrimRight(s[from:to], ".")
	found = strings.TrimSuffix(found, ":")
	if strings.HasSuffix(found, ":") {
		found += ":"
	}
	address, err := netip.ParseAddr(found)
	switch {
	case err != nil || address.Is4() && isVersion(s[:from]):
		return 0
	case address.Is6() && !hasDigit(found):
		return 0
	}
	return len(found)
}

var versionBefore = regexp.MustCompile(`(?i)(?:\bv|version|versión|versione|versão|firmware|release|build|верси[яи]|バージョン|版本)[ .:]*$`)

// isVersion reports whether a word for a version is the last before a number.
func isVersion(before string) bool {
	return versionBefore.MatchString(before[max(0, len(before)-24):])
}

// sizeOfCard checks the prefixes and lengths of the large networks and the check
// digit.
func sizeOfCard(s string, from, to int) int {
	digits := digitsOf(s[from:to])
	if !cardPrefix.MatchString(digits) || !luhn(digits) {
		return 0
	}
	return to - from
}

var cardPrefix = regexp.MustCompile(`^(?:4(?:\d{15}|\d{18})|5[1-5]\d{14}|2(?:22[1-9]|2[3-9]\d|[3-6]\d\d|7[01]\d|720)\d{12}|3[47]\d{13}|3(?:0[0-5]|[68]\d)\d{11}|35\d{14}|6(?:011|5\d\d|4[4-9]\d)\d{12}|62\d{14,17}|(?:50|5[6-8]|6[37])\d{14,17})$`)

func luhn(digits string) bool {
	sum := 0
	for i := range len(digits) {
		n := int(digits[len(digits)-1-i] - '0')
		if i%2 == 1 {
			if n *= 2; n > 9 {
				n -= 9
			}
		}
		sum += n
	}
	return sum%10 == 0
}

var (
	dateLike  = regexp.MustCompile(`^(?:\d{1,2}[./-]\d{1,2}[./-](?:19|20)?\d{2}|(?:19|20)\d{2}[./-]?\d{1,2}[./-]?\d{1,2})\b`)
	grouped   = regexp.MustCompile(`^\d{1,3}(?:[ .\x{a0}]\d{3})+$`)
	national  = regexp.MustCompile(`^(?:\(\d{2,5}\) ?\d{2,5}(?:[ -]?\d{2,5}){1,3}|\d{3}[ .-]\d{3}[ .-]\d{4}|\d{2} \d{2} \d{2} \d{2}|\d{3} \d{2} \d{2} \d{2}|\d{3} \d{2} \d{3}|\d{2} \d{3} \d{2} \d{2}|\d{3} \d{3} \d{3})$`)
	phoneWord = regexp.MustCompile(`(?i)(?:\btel|\btlf|telefon|telephone|téléphone|teléfono|telefono|telefone|telefoon|phone|mobile|mobil|cell|handy|puhelin|whatsapp|\bcall|\bring|\brufen|\bsms|\bfax|\bnummer|\bnumber is|телефон|тел|電話|电话|전화|هاتف|جوال|טלפון|फ़ोन|โทร|điện thoại|τηλ)[^0-9+\n]{0,12}$`)
)

// sizeOfPhone takes a number that is written like one, or stands after a word
// for one. Dates, amounts and order numbers are none.
func sizeOfPhone(s string, from, to int) int {
	found := s[from:to]
	digits := digitsOf(found)
	n := len(digits)
	switch international := strings.HasPrefix(found, "+") || strings.HasPrefix(digits, "00") && n >= 11 && digits[2] != '0'; {
	case n > 17:
		return 0
	case international && n >= 8:
		return to - from
	case dateLike.MatchString(found), strings.HasPrefix(found, "0.") || strings.HasPrefix(found, "0,"):
		return 0
	case digits[0] == '0' && digits[1] != '0' && n >= 9 && n <= 12:
		return to - from
	case phoneWord.MatchString(s[max(0, from-40):from]) && n >= 7:
		return to - from
	case grouped.MatchString(found) && (strings.HasSuffix(digits, "000") || !strings.Contains(found, " ")):
		return 0
	case national.MatchString(found):
		return to - from
	}
	return 0
}
