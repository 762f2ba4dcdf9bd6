package text

import (
	"strings"
	"sync"
	"unicode"
	"unicode/utf8"
)

// abbreviated reports whether the full stop after sentence belongs to its last
// word and ends no sentence. next is the word that follows, which does not begin
// with a small letter; closed means that a quote or bracket stands between.
func abbreviated(sentence, next string, closed bool) bool {
	word := lastWord(sentence)
	if word == "" {
		return false
	}
	before := strings.TrimRightFunc(sentence[:len(sentence)-len(word)], unicode.IsSpace)
	word = strings.TrimLeft(word, "(\"'«„“‘[–-")
	first, size := utf8.DecodeRuneInString(word)
	lower := strings.ToLower(word)
	nextDigit := '0' <= next[0] && next[0] <= '9'
	switch {
	case isDigits(word):
		return !closed && ordinal(before, word, next)
	case closed:
		return false
	case len(word) == size:
		// An initial, "J. R. Smith"; a single small letter only before a figure,
		// "s. 12". The word "I" and single letters of unspaced scripts stand alone.
		return unicode.IsUpper(first) && word != "I" || nextDigit && unicode.IsLower(first)
	case neverEnd()[lower]:
		return true
	case beforeFigure()[lower]:
		return nextDigit || len(next) <= 4 && isRoman(next)
	case strings.Contains(word, "."):
		return dotted(word)
	}
	return false
}

// dotted reports a word of single letters with stops between, as "U.S".
func dotted(word string) bool {
	for part := range strings.SplitSeq(word, ".") {
		if utf8.RuneCountInString(part) != 1 {
			return false
		}
	}
	// "8 p.m. Then", "m.m. Der": those end sentences as often as not; capitals do not.
	r, _ := utf8.DecodeRuneInString(word)
	return unicode.IsUpper(r)
}

// ordinal reports a number whose stop means "-th": a list number at the start, a
// day before a month, a number after an article.
func ordinal(before, number, next string) bool {
	if before == "" {
		return len(number) <= 3
	}
	if len(number) > 2 {
		return false
	}
	if ordinalNouns()[strings.ToLower(next)] {
		return true
	}
	return beforeOrdinal()[strings.ToLower(lastWord(before))]
}

// lastWord is what follows the last white space or slash, at most 24 bytes of it.
func lastWord(s string) string {
	end := len(s)
	start := end
	for start > 0 {
		r, n := utf8.DecodeLastRuneInString(s[:start])
		if unicode.IsSpace(r) {
			break
		}
		if end-start > 24 {
			return ""
		}
		start -= n
	}
	return s[start:end]
}

func isDigits(s string) bool {
	for i := 0; i < len(s); i++ {
		if s[i] < '0' || s[i] > '9' {
			return false
		}
	}
	return s != ""
}

func isRoman(s string) bool { return strings.Trim(s, "IVXLC") == "" }

// wordSet is a set of the words of a list.
func wordSet(list string) func() map[string]bool {
	return sync.OnceValue(func() map[string]bool {
		out := map[string]bool{}
		for word := range strings.FieldsSeq(list) {
			out[word] = true
		}
		return out
	})
}

// neverEnd are abbreviations that something always follows, without their last
// stop, in Danish, Norwegian, Swedish, German, English, Dutch, French, Spanish,
// Italian, Portuguese, Polish, Czech, Russian, Ukrainian, Finnish, Hungarian,
// Turkish, Romanian and Greek. Words that are also ordinary words are left out.
var neverEnd = wordSet("pr mr mrs ms dr prof st mt messrs rev hon gov sen rep gen col capt lt sgt supt " +
	"e.g i.e vs viz approx dept est incl excl resp ed eds " +
	"f.eks bl.a d.v.s dvs evt hhv jf jfr pga mht ift ifm iht vedr mv.h ang ca cirka fhv hr fr frk kgl obs inkl ekskl maks gns gnsn " +
	"t.eks s.k sk o.a.m p.g.a m.h.t i.h.t i.f.m t.ex bl.a exkl resp fr.o.m t.o.m p.g.a d.v.s kungl f.d jmf jämför " +
	"z.b d.h u.a o.ä i.d.r bzw bspw ggf evtl vgl inkl exkl zzgl abzgl sog geb gest dipl ing mag phil hrsg einschl gem lt v.a o.g m.e i.a " +
	"bijv d.w.z o.a t.a.v m.b.t i.v.m m.i.v t.b.v mevr dhr drs mr ir " +
	"p.ex p.e c.-à-d c.à.d mme mlle mm env cf éd " +
	"p.ej ej sr sra srta dra ud uds d.ª dña ilmo excmo prof ing lic aprox " +
	"es p.es sig sigg dott dott.ssa sig.ra prof.ssa ing avv geom rag arch spett egr gent c.d " +
	"exmo exma eng engª dr.ª v.ex " +
	"np m.in tzn tj tzw inż mgr dr hab ul al pl śp gł ok wg zob por prof " +
	"např tzv tj mj popř resp ing mgr bc judr mudr rndr phdr č.p " +
	"т.е т.к т.н напр им ул пр пер наб просп г-н г-жа проф акад тов др.ст см ср " +
	"т.зв вул бул ім тов проф акад " +
	"esim mm ts ns ks vrt jne.m " +
	"pl ill ún kb ifj özv dr prof " +
	"örn bkz prof doç yrd dr av mah cad sok " +
	"dl dna d-na d-l ex str.jud " +
	"π.χ δηλ βλ κ.κ ")

// beforeFigure are abbreviations only where a figure follows: elsewhere most of
// them are words, or the last word of a sentence.
var beforeFigure = wordSet("no nos nr núm num n.º nº kl pkt pkt.nr s ss p pp pg pag pág pags str sp sv stk " +
	"tel tlf tlph tfn ph ext fax mob fig figs tab tabl art arts kap cap ch chap sec sect par para § abs ziff lit vol bd jg jahrg " +
	"ed aufl udg opl oppl kr eur usd chf sek nok dkk min max mio mia mrd ver ca c " +
	"jan feb mar mär märz apr maj mai may jun jul aug sep sept okt oct nov dec dez des " +
	"стр с рис табл гл ст п пп д кв кор оф тел г ч руб № nro n puh kpl odst bod čl č roč zák § sz old madde md sayfa nr.art σελ αρ τηλ hao bl nrs blz")

// ordinalNouns are what is counted with an ordinal and a capital, or begins with
// a capital in its language: months, and the commonest German nouns.
var ordinalNouns = wordSet("januar februar märz april mai juni juli august september oktober november dezember jänner " +
	"januari februari mars maj juni augusti oktober december " +
	"january february march may june july october " +
	"jahrhundert jahrhunderts jahrhunderte jahrtausend weltkrieg weltkriegs platz klasse etage stock stufe tag woche monat quartal semester " +
	"auflage kapitel abschnitt absatz buch band runde spieltag liga geburtstag jahrestag generation bezirk kreis " +
	"oca ocak şubat mart nisan mayıs haziran temmuz ağustos eylül ekim kasım aralık yüzyıl dünya madde " +
	"stycznia lutego marca kwietnia maja czerwca lipca sierpnia września października listopada grudnia " +
	"ledna února března dubna května června července srpna září října listopadu prosince")

// beforeOrdinal are words after which a number of one or two digits with a stop
// is an ordinal: articles and prepositions of the languages that write it so.
var beforeOrdinal = wordSet("am der die das den dem des im zum vom zur beim bis ab seit ende anfang mitte " +
	"d. den det til fra pr. senest inden " +
	"az a w dne do od ve")
