package language

// script is a writing system, as far as languages are told apart by it.
type script uint8

const (
	noScript script = iota
	latin
	greek
	cyrillic
	armenian
	hebrew
	arabic
	devanagari
	bengali
	gurmukhi
	gujarati
	oriya
	tamil
	telugu
	kannada
	malayalam
	thai
	lao
	georgian
	ethiopic
	hangul
	kana
	han
	scripts // how many there are
)

// scriptRanges are the letters of each script, ascending. Letters in none of
// them are counted as no script.
var scriptRanges = [...]struct {
	first, last rune
	script      script
}{
	{0x0041, 0x02AF, latin},
	{0x0370, 0x03FF, greek},
	{0x0400, 0x052F, cyrillic},
	{0x0530, 0x058F, armenian},
	{0x0590, 0x05FF, hebrew},
	{0x0600, 0x06FF, arabic},
	{0x0750, 0x077F, arabic},
	{0x08A0, 0x08FF, arabic},
	{0x0900, 0x097F, devanagari},
	{0x0980, 0x09FF, bengali},
	{0x0A00, 0x0A7F, gurmukhi},
	{0x0A80, 0x0AFF, gujarati},
	{0x0B00, 0x0B7F, oriya},
	{0x0B80, 0x0BFF, tamil},
	{0x0C00, 0x0C7F, telugu},
	{0x0C80, 0x0CFF, kannada},
	{0x0D00, 0x0D7F, malayalam},
	{0x0E00, 0x0E7F, thai},
	{0x0E80, 0x0EFF, lao},
	{0x10A0, 0x10FF, georgian},
	{0x1100, 0x11FF, hangul},
	{0x1200, 0x139F, ethiopic},
	{0x1C90, 0x1CBF, georgian},
	{0x1E00, 0x1EFF, latin},
	{0x1F00, 0x1FFF, greek},
	{0x2D80, 0x2DDF, ethiopic},
	{0x3005, 0x3007, han},
	{0x3040, 0x30FF, kana},
	{0x3130, 0x318F, hangul},
	{0x31F0, 0x31FF, kana},
	{0x3400, 0x4DBF, han},
	{0x4E00, 0x9FFF, han},
	{0xAC00, 0xD7AF, hangul},
	{0xF900, 0xFAFF, han},
	{0xFB1D, 0xFB4F, hebrew},
	{0xFB50, 0xFDFF, arabic},
	{0xFE70, 0xFEFE, arabic},
	{0xFF21, 0xFF5A, latin},
	{0xFF66, 0xFF9D, kana},
	{0xFFA0, 0xFFDC, hangul},
	{0x20000, 0x3FFFF, han},
}

// scriptOf is the script of the letter r.
func scriptOf(r rune) script {
	if r < 0x02B0 {
		return latin
	}
	low, high := 0, len(scriptRanges)
	for low < high {
		middle := (low + high) / 2
		switch {
		case r < scriptRanges[middle].first:
			high = middle
		case r > scriptRanges[middle].last:
			low = middle + 1
		default:
			return scriptRanges[middle].script
		}
	}
	return noScript
}

// scriptsOf names the scripts a language of the tables is written in when it
// is not written in Latin letters alone.
var scriptsOf = map[string][]script{
	"am": {ethiopic}, "ar": {arabic}, "be": {cyrillic}, "bg": {cyrillic}, "bn": {bengali}, "el": {greek},
	"fa": {arabic}, "gu": {gujarati}, "he": {hebrew}, "hi": {devanagari}, "hy": {armenian}, "ja": {kana, han},
	"ka": {georgian}, "kn": {kannada}, "ko": {hangul}, "ku": {arabic}, "lo": {lao}, "ml": {malayalam},
	"mr": {devanagari}, "or": {oriya}, "pa": {gurmukhi}, "ru": {cyrillic}, "sr": {cyrillic}, "ta": {tamil},
	"te": {telugu}, "th": {thai}, "uk": {cyrillic}, "ur": {arabic}, "zh": {han},
}

// weight is how much one letter of the script says about the language of the
// text. A Han, kana or Hangul character is worth about three letters of an
// alphabet; and Latin letters, in which names and addresses are written
// everywhere, half of those of any other.
func (s script) weight() int32 {
	switch s {
	case noScript:
		return 0
	case latin:
		return 1
	case han, kana, hangul:
		return 6
	}
	return 2
}
