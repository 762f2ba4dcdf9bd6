package charset

import (
	"math"
	"sync"
	"unicode"
	"unicode/utf8"

	"golang.org/x/text/encoding"
	"golang.org/x/text/encoding/charmap"
)

// singleByte is one candidate of the statistics: an encoding of one byte a
// character and the families of languages written in it.
type singleByte struct {
	label  string
	table  *charmap.Charmap
	groups string
	// prior is how much less likely the encoding is before a byte was seen, as
	// a natural logarithm. It decides between encodings that agree on the text.
	prior float64
}

// singleBytes holds what is known, the likelier first where bytes agree.
// Groups: w western, n northern (Baltic, Sami), c central European, r Romanian,
// t Turkish, m Maltese and Esperanto, k Celtic, v Vietnamese, y Cyrillic,
// g Greek, h Hebrew, a Arabic, s Thai.
var singleBytes = []singleByte{
	{"windows-1252", charmap.Windows1252, "w", 0},
	{"windows-1250", charmap.Windows1250, "cr", -.5},
	{"iso-8859-2", charmap.ISO8859_2, "cr", -.6},
	{"windows-1251", charmap.Windows1251, "y", -.5},
	{"windows-1253", charmap.Windows1253, "g", -.5},
	{"iso-8859-7", charmap.ISO8859_7, "g", -.6},
	{"windows-1254", charmap.Windows1254, "t", -.5},
	{"windows-1255", charmap.Windows1255, "h", -.5},
	{"iso-8859-8", charmap.ISO8859_8, "h", -.6},
	{"windows-1256", charmap.Windows1256, "a", -.5},
	{"iso-8859-6", charmap.ISO8859_6, "a", -.6},
	{"windows-1257", charmap.Windows1257, "n", -.7},
	{"windows-1258", charmap.Windows1258, "v", -.5},
	{"windows-874", charmap.Windows874, "s", -.5},
	{"koi8-r", charmap.KOI8R, "y", -.6},
	{"koi8-u", charmap.KOI8U, "y", -.7},
	{"iso-8859-5", charmap.ISO8859_5, "y", -.8},
	{"ibm866", charmap.CodePage866, "y", -.9},
	{"x-mac-cyrillic", charmap.MacintoshCyrillic, "y", -1.2},
	{"ibm855", charmap.CodePage855, "y", -1.5},
	{"iso-8859-15", charmap.ISO8859_15, "w", -1.5},
	{"iso-8859-16", charmap.ISO8859_16, "rc", -2.5},
	{"iso-8859-13", charmap.ISO8859_13, "n", -1.5},
	{"iso-8859-4", charmap.ISO8859_4, "n", -2},
	{"iso-8859-10", charmap.ISO8859_10, "n", -3},
	{"iso-8859-3", charmap.ISO8859_3, "mt", -3},
	{"iso-8859-14", charmap.ISO8859_14, "k", -3},
	{"macintosh", charmap.Macintosh, "w", -3},
	{"ibm850", charmap.CodePage850, "w", -3.5},
	{"ibm858", charmap.CodePage858, "w", -4},
	{"ibm437", charmap.CodePage437, "w", -4},
	{"ibm852", charmap.CodePage852, "cr", -2.5},
	{"ibm865", charmap.CodePage865, "w", -5},
	{"ibm860", charmap.CodePage860, "w", -5},
	{"ibm863", charmap.CodePage863, "w", -5},
	{"ibm862", charmap.CodePage862, "h", -3},
	{"ibm037", charmap.CodePage037, "w", -6},
	{"ibm1140", charmap.CodePage1140, "w", -6.5},
	{"ibm1047", charmap.CodePage1047, "w", -6.5},
}

// What a byte is, where it is no letter of the language at hand.
const (
	classEdge    = iota // blanks, digits, ASCII marks: what stands between words
	classMark           // quotation marks, dashes and signs that texts use
	classOdd            // symbols that hardly occur: box drawing, currency sign
	classForeign        // a letter, but of another alphabet
	classLatin          // a to z in a text of another script
	classVoid           // undefined bytes and controls
	classes             // the first letter of the alphabet has this number
)

// byteTable maps each byte to a class or a letter of a language.
type byteTable [256]uint8

const (
	upperSame = 1 + iota // an upper-case letter
	lowerSame
)

// candidate is one encoding read as one language.
type candidate struct {
	encoding *singleByte
	model    *languageModel
	symbol   byteTable
}

type singleByteModels struct {
	candidates []candidate
	// casing tells upper from lower case per encoding, and zero for the rest.
	casing map[string]*byteTable
}

// models builds the tables once; they never change afterwards.
var models = sync.OnceValue(func() *singleByteModels {
	m := &singleByteModels{casing: map[string]*byteTable{}}
	var languages []*languageModel
	for _, s := range languageSamples {
		languages = append(languages, newLanguageModel(s))
	}
	for i := range singleBytes {
		enc := &singleBytes[i]
		var casing byteTable
		for b := range casing {
			switch r := enc.table.DecodeByte(byte(b)); {
			case unicode.IsUpper(r):
				casing[b] = upperSame
			case unicode.IsLower(r):
				casing[b] = lowerSame
			}
		}
		m.casing[enc.label] = &casing
		for _, l := range languages {
			if contains(enc.groups, l.group) && l.writable(enc.table) {
				m.candidates = append(m.candidates, candidate{enc, l, l.symbols(enc.table)})
			}
		}
	}
	return m
})

func contains(groups string, group byte) bool {
	for i := range len(groups) {
		if groups[i] == group {
			return true
		}
	}
	return false
}

// pair is one pair of neighbouring bytes and how often it occurs.
type pair struct {
	a, b byte
	n    float64
}

// pairsOf counts neighbouring bytes in the part of data that says most: around
// the bytes outside ASCII. ascii holds pairs that mean the same in every
// encoding that extends ASCII.
func pairsOf(data []byte) (high, ascii []pair, marked int) {
	counts := make([]uint32, 1<<16)
	taken := 0
	last := byte(' ')
	for start := 0; start < len(data) && taken < sampleSize; {
		end := min(start+256, len(data))
		window := data[start:end]
		start = end
		if taken > sampleSize/8 && isASCII(window) {
			last = ' '
			continue
		}
		for _, b := range window {
			counts[int(last)<<8|int(b)]++
			if b >= utf8.RuneSelf {
				marked++
			}
			last = b
		}
		taken += len(window)
	}
	for i, n := range counts {
		if n == 0 {
			continue
		}
		p := pair{byte(i >> 8), byte(i), float64(n)}
		if p.a >= utf8.RuneSelf || p.b >= utf8.RuneSelf {
			high = append(high, p)
		} else {
			ascii = append(ascii, p)
		}
	}
	return high, ascii, marked
}

func isASCII(b []byte) bool {
	for _, c := range b {
		if c >= utf8.RuneSelf {
			return false
		}
	}
	return true
}

// guessSingle returns the encoding whose reading of data is the likeliest, and
// how likely on average each byte outside ASCII is then (a natural logarithm,
// around -3 for the right language, below -6 for noise).
func guessSingle(data []byte) (best *singleByte, fit float64) {
	m := models()
	high, ascii, marked := pairsOf(data)
	if marked == 0 {
		return nil, 0
	}
	notASCII := looksEBCDIC(data)
	asciiScore := map[*languageModel]float64{}
	bestScore := math.Inf(-1)
	for i := range m.candidates {
		c := &m.candidates[i]
		if notASCII != (c.encoding.table.DecodeByte(0x40) != '@') {
			continue
		}
		casing := m.casing[c.encoding.label]
		score := c.score(high, casing)
		highScore := score
		if notASCII {
			score += c.score(ascii, casing)
		} else {
			shared, ok := asciiScore[c.model]
			if !ok {
				shared = c.score(ascii, casing)
				asciiScore[c.model] = shared
			}
			score += shared
		}
		score += c.encoding.prior
		if score > bestScore {
			bestScore, best, fit = score, c.encoding, highScore/float64(marked)
		}
	}
	return best, fit
}

func (c *candidate) score(pairs []pair, casing *byteTable) float64 {
	sum := 0.0
	for _, p := range pairs {
		a, b := c.symbol[p.a], c.symbol[p.b]
		s := c.model.likelihood(a, b)
		if casing[p.b] == upperSame {
			switch casing[p.a] {
			case lowerSame:
				s -= 6
			case 0:
				s -= 2
			}
		}
		sum += p.n * s
	}
	return sum
}

// looksEBCDIC tells the mainframe encodings, in which blanks are 0x40 and
// letters are not ASCII: hardly any ASCII letter or blank, many 0x40.
func looksEBCDIC(data []byte) bool {
	head := data[:min(len(data), 4096)]
	blanks, letters, high := 0, 0, 0
	for _, b := range head {
		switch {
		case b == 0x40:
			blanks++
		case b == ' ' || b >= 'a' && b <= 'z':
			letters++
		case b >= 0x81:
			high++
		}
	}
	return blanks*20 > len(head) && letters*20 < len(head) && high*2 > len(head)
}

// fitSingle is the lowest average at which a reading passes as a language.
const fitSingle = -9.0

func guess(data []byte) (encoding.Encoding, string) {
	multi, multiLabel, share := guessMulti(data)
	if multi != nil && share >= multiCertain {
		return multi, multiLabel
	}
	best, fit := guessSingle(data)
	if multi != nil && share >= multiLikely && (best == nil || fit < -6) {
		return multi, multiLabel
	}
	if best == nil || fit < fitSingle {
		return nil, ""
	}
	return best.table, best.label
}
