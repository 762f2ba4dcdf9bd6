package agent

import (
	"regexp"
	"strings"
	"unicode/utf8"

	"github.com/kundeagent/kundeagent/internal/text"
)

// How languages write numbers, times and units, as far as the guard of figures
// needs it to see that the same was said in another way. What is missing here
// costs an answer its wording, never its truth: the draft is replaced by a
// quotation.

// halves are the words for before and after noon, folded.
var halves = []struct {
	word   string
	half   byte
	before bool // it stands before the time
}{
	{"a.m", 'a', false}, {"am", 'a', false}, {"p.m", 'p', false}, {"pm", 'p', false},
	{text.Fold("صباح"), 'a', false}, {text.Fold("ص"), 'a', false}, {text.Fold("مساء"), 'p', false}, {text.Fold("ظهر"), 'p', false}, {text.Fold("م "), 'p', false},
	{text.Fold("午前"), 'a', true}, {text.Fold("午後"), 'p', true}, {text.Fold("上午"), 'a', true}, {text.Fold("下午"), 'p', true}, {text.Fold("晚上"), 'p', true},
	{text.Fold("오전"), 'a', true}, {text.Fold("오후"), 'p', true},
}

// unitKind is what a unit measures.
type unitKind uint8

const (
	noUnit unitKind = iota
	timeUnit
	monthUnit
	lengthUnit
	weightUnit
	volumeUnit
	dataUnit
)

type unitName struct {
	kind   unitKind
	factor float64 // of the smallest unit of its kind
	begins string  // how the folded word begins; a "$" at the end means it is whole
}

// unitNames is built once; longer beginnings come first.
var unitNames = parseUnits()

func parseUnits() []unitName {
	var out []unitName
	add := func(kind unitKind, factor float64, names string) {
		for _, n := range strings.Fields(names) {
			whole := strings.HasSuffix(n, "$")
			n = text.Fold(strings.TrimSuffix(n, "$"))
			if whole {
				n += "$"
			}
			out = append(out, unitName{kind, factor, n})
		}
	}
	add(timeUnit, 1, "min$ minut dakika минут хвилин دقيق דק 分钟 分鐘 分間 분 นาที phút मिनट λεπτ perc")
	add(timeUnit, 60, "h$ hour hr$ hrs$ time$ timer$ timers$ stund timm heure hora$ horas$ ora$ ore$ uur$ uren tunti tunn godzin hodin saat час годин ساع שע 時間 小时 小時 시간 ชั่วโมง giờ घंट ώρ óra órá")
	add(timeUnit, 24*60, "day days$ dag$ dage$ dages$ dagen$ dager$ dagers$ dagar$ dagars$ tag$ tage$ tagen$ tages$ jour día días dia$ dias$ giorn päiv dzień dni$ dniach dnů dní zile zi$ nap$ napo napp gün день дня дней днів дні$ يوم أيام יום ימ 日 天 일 วัน ngày दिन ημέρ ημερ")
	add(timeUnit, 7*24*60, "week uge$ uger$ ugers$ woche semaine semana settiman veck uke$ uker$ viikk week$ weken tygod tydzień týden týdn săptămân hafta недел тиж أسبوع أسابيع שבוע 週 周 星期 주일$ 주$ สัปดาห์ tuần हफ़्त सप्ताह εβδομάδ hét$ hetek")
	add(monthUnit, 1, "month måned månad monat mois$ mes$ meses$ mese$ mesi$ maand kuukau miesiąc miesięc měsíc lună$ luni$ hónap ay$ ayl месяц місяц شهر أشهر חודש か月 ヶ月 カ月 ヵ月 个月 個月 개월 เดือน tháng मही μήν")
	add(monthUnit, 12, "year år$ års$ jahr an$ ans$ année año año$ anno$ anni$ ano$ anos$ jaar$ jaren vuosi vuod vuot rok$ roku$ lat$ lata$ let$ yıl год лет$ рік рок$ років سنة سنوات عام שנ 年 년 ปี năm साल वर्ष έτ χρόν év$ éves")
	add(lengthUnit, 1, "mm$")
	add(lengthUnit, 10, "cm$ centimet")
	add(lengthUnit, 1000, "m$ met mét")
	add(lengthUnit, 1e6, "km$ kilomet")
	add(weightUnit, 1, "g$ gram")
	add(weightUnit, 1000, "kg$ kilo kilogram")
	add(volumeUnit, 1, "ml$ millilit")
	add(volumeUnit, 10, "cl$ centilit")
	add(volumeUnit, 1000, "l$ liter litre litro")
	add(dataUnit, 1, "kb$ kilobyte")
	add(dataUnit, 1000, "mb$ megabyte")
	add(dataUnit, 1e6, "gb$ gigabyte")
	add(dataUnit, 1e9, "tb$ terabyte")
	return out
}

// unitWithin is how many words after a number its unit is looked for: "two
// working days".
const unitWithin = 2

// unitOf returns the unit that follows a number.
func unitOf(after string) (unitKind, float64) {
	if strings.HasPrefix(after, ",") || strings.HasPrefix(after, ";") {
		return noUnit, 0
	}
	if i := strings.IndexAny(after, ".;:\n"); i >= 0 {
		after = after[:i]
	}
	for i, w := range text.Words(after) {
		if i >= unitWithin {
			break
		}
		best := unitName{}
		for _, u := range unitNames {
			name, whole := strings.CutSuffix(u.begins, "$")
			if (w == name || !whole && strings.HasPrefix(w, name)) && len(name) > len(best.begins) {
				best = unitName{u.kind, u.factor, name}
			}
		}
		if best.kind != noUnit {
			return best.kind, best.factor
		}
	}
	return noUnit, 0
}

var scales = parseScales()

type scaleName struct {
	begins string
	factor float64
}

func parseScales() []scaleName {
	var out []scaleName
	for factor, names := range map[float64]string{
		1e3: "thousand tusind tusen tausend mille$ mil$ mila$ duizend tuhat tuhan tysi tisíc bin$ тысяч тис ألف آلاف אלף 千 천 พัน nghìn ngàn हज़ार",
		1e4: "万 萬 만", 1e5: "lakh लाख", 1e6: "million mio mill$ milli millón miljon miljoon miljoen mln millones milhões milioni milion milyon млн миллион мільйон مليون מיליון 백만 ล้าน triệu",
		1e7: "crore करोड़", 1e8: "億 亿 억", 1e9: "billion milliard mrd mia$ miljard milyar млрд миллиард مليار tỷ",
	} {
		for _, n := range strings.Fields(names) {
			out = append(out, scaleName{strings.ReplaceAll(text.Fold(strings.TrimSuffix(n, "$")), " ", "") + dollar(n), factor})
		}
	}
	return out
}

func dollar(s string) string {
	if strings.HasSuffix(s, "$") {
		return "$"
	}
	return ""
}

// scaleOf returns what the word after a number multiplies it by, or 1.
func scaleOf(after string) float64 {
	words := text.Words(after[:min(len(after), 24)])
	if len(words) == 0 || strings.HasPrefix(strings.TrimLeft(after, " "), ",") {
		return 1
	}
	best, factor := 0, 1.0
	for _, s := range scales {
		name, whole := strings.CutSuffix(s.begins, "$")
		if (words[0] == name || !whole && strings.HasPrefix(words[0], name)) && len(name) > best {
			best, factor = len(name), s.factor
		}
	}
	return factor
}

// numberWords holds the words for 1 to 12 (or on to 20) of each language.
var numberWords = parseNumberWords()

const oneToTwelve = `
one two three four five six seven eight nine ten eleven twelve thirteen fourteen fifteen sixteen seventeen eighteen nineteen twenty
en to tre fire fem seks syv otte ni ti elleve tolv tretten fjorten femten seksten sytten atten nitten tyve
et to tre fire fem seks sju åtte ni ti elleve tolv tretten fjorten femten seksten sytten atten nitten tjue
en två tre fyra fem sex sju åtta nio tio elva tolv tretton fjorton femton sexton sjutton arton nitton tjugo
ein zwei drei vier fünf sechs sieben acht neun zehn elf zwölf dreizehn vierzehn fünfzehn sechzehn siebzehn achtzehn neunzehn zwanzig
einen zwei drei vier fünf sechs sieben acht neun zehn elf zwölf
een twee drie vier vijf zes zeven acht negen tien elf twaalf dertien veertien vijftien zestien zeventien achttien negentien twintig
un deux trois quatre cinq six sept huit neuf dix onze douze treize quatorze quinze seize dix-sept dix-huit dix-neuf vingt
uno dos tres cuatro cinco seis siete ocho nueve diez once doce trece catorce quince dieciséis diecisiete dieciocho diecinueve veinte
uno due tre quattro cinque sei sette otto nove dieci undici dodici tredici quattordici quindici sedici diciassette diciotto diciannove venti
um dois três quatro cinco seis sete oito nove dez onze doze treze catorze quinze dezasseis dezassete dezoito dezanove vinte
jeden dwa trzy cztery pięć sześć siedem osiem dziewięć dziesięć jedenaście dwanaście trzynaście czternaście piętnaście szesnaście siedemnaście osiemnaście dziewiętnaście dwadzieścia
jeden dva tři čtyři pět šest sedm osm devět deset jedenáct dvanáct
unu doi trei patru cinci șase șapte opt nouă zece unsprezece doisprezece
egy kettő három négy öt hat hét nyolc kilenc tíz tizenegy tizenkettő
yksi kaksi kolme neljä viisi kuusi seitsemän kahdeksan yhdeksän kymmenen yksitoista kaksitoista
bir iki üç dört beş altı yedi sekiz dokuz on
один два три четыре пять шесть семь восемь девять десять одиннадцать двенадцать
один два три чотири п'ять шість сім вісім дев'ять десять одинадцять дванадцять
ένα δύο τρία τέσσερα πέντε έξι επτά οκτώ εννέα δέκα έντεκα δώδεκα
واحد اثنان ثلاثة أربعة خمسة ستة سبعة ثمانية تسعة عشرة
واحدة اثنين ثلاث أربع خمس ست سبع ثمان تسع عشر
אחד שניים שלושה ארבעה חמישה שישה שבעה שמונה תשעה עשרה
एक दो तीन चार पाँच छह सात आठ नौ दस ग्यारह बारह
một hai ba bốn năm sáu bảy tám chín mười
하나 둘 셋 넷 다섯 여섯 일곱 여덟 아홉 열`

// tens holds the words for 20, 30 and so on.
const tens = `
twenty thirty forty fifty sixty seventy eighty ninety
tyve tredive fyrre halvtreds tres halvfjerds firs halvfems
tjue tretti førti femti seksti sytti åtti nitti
tjugo trettio fyrtio femtio sextio sjuttio åttio nittio
zwanzig dreißig vierzig fünfzig sechzig siebzig achtzig neunzig
twintig dertig veertig vijftig zestig zeventig tachtig negentig
vingt trente quarante cinquante soixante
veinte treinta cuarenta cincuenta sesenta setenta ochenta noventa
venti trenta quaranta cinquanta sessanta settanta ottanta novanta
vinte trinta quarenta cinquenta sessenta setenta oitenta noventa
dwadzieścia trzydzieści czterdzieści pięćdziesiąt sześćdziesiąt siedemdziesiąt osiemdziesiąt dziewięćdziesiąt
двадцать тридцать сорок пятьдесят шестьдесят семьдесят восемьдесят девяносто`

func parseNumberWords() map[string]int {
	out := map[string]int{
		"hundred": 100, "hundert": 100, "hundrede": 100, "hundra": 100, "cent": 100, "cien": 100, "cento": 100, "honderd": 100,
		"a": 1, "an": 1, "ett": 1, "eine": 1, "einem": 1, "einer": 1, "une": 1, "una": 1, "um": 1, "noon": 12, "midday": 12,
	}
	for line := range strings.Lines(oneToTwelve) {
		for i, w := range strings.Fields(line) {
			out[text.Fold(w)] = i + 1
		}
	}
	for line := range strings.Lines(tens) {
		for i, w := range strings.Fields(line) {
			out[text.Fold(w)] = 10*i + 20
		}
	}
	return out
}

// numberWord returns the value of a folded word, also of one such as
// "vierundzwanzig" or "fireogtyve".
func numberWord(w string) (int, bool) {
	if n, ok := numberWords[w]; ok {
		return n, true
	}
	for _, and := range []string{"und", "og", "en"} {
		ones, ten, ok := strings.Cut(w, and)
		if n, m := numberWords[ones], numberWords[ten]; ok && n > 0 && n < 10 && m >= 20 {
			return n + m, true
		}
	}
	return 0, false
}

// monthNames holds the beginnings of the months' names in several languages.
var monthNames = [12]string{
	"jan gen ene янв январ січ sty led يناير ינואר", "feb fev fév février лют фев lut úno فبراير פברואר", "mar mär mrz março мар берез bře مارس מרץ maa",
	"apr avr abr апр квіт kwi dub أبريل אפריל huh", "may maj mai mag mei mayo май трав kvě مايو מאי tou", "jun juin giu черв июн cze čer يونيو יוני kes",
	"jul juil lug лип июл lip يوليو יולי hei", "aug août ago авг серп sie srp أغسطس אוגוסט elo", "sep set вер сен wrz zář سبتمبر ספטמבר syy", "oct okt out ott жовт окт paź říj أكتوبر אוקטובר lok",
	"nov листоп ноя lis نوفمبر נובמבר", "dec dez dic déc гру дек gru pro ديسمبر דצמבר jou",
}

var monthPrefixes = func() map[string]int {
	out := map[string]int{}
	for i, names := range monthNames {
		for _, n := range strings.Fields(names) {
			if folded := text.Fold(n); out[folded] == 0 {
				out[folded] = i + 1
			}
		}
	}
	return out
}()

// monthWord returns the month whose name a folded word begins like, or 0. It
// only makes a month that is written as a number known.
func monthWord(w string) int {
	month := 0
	for n, i := 0, 0; i < len(w) && n < longestMonth; n++ {
		_, size := utf8.DecodeRuneInString(w[i:])
		i += size
		if m := monthPrefixes[w[:i]]; m > 0 {
			month = m
		}
	}
	return month
}

// longestMonth is how many letters the beginnings of month names have at most.
const longestMonth = 6

// ideographicNumber is a number below a hundred in Chinese characters.
var ideographicNumber = regexp.MustCompile(`[一二两兩三四五六七八九十]{1,3}`)

func ideographic(s string) int {
	digit := map[rune]int{'一': 1, '二': 2, '两': 2, '兩': 2, '三': 3, '四': 4, '五': 5, '六': 6, '七': 7, '八': 8, '九': 9}
	n, last := 0, 0
	for _, r := range s {
		if r == '十' {
			n, last = 10*max(last, 1), 0
			continue
		}
		last = digit[r]
	}
	return n + last
}

func isUnspacedWord(w string) bool {
	for _, r := range w {
		return isUnspaced(r)
	}
	return false
}
