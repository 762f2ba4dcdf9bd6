package phrases

import (
	"strconv"
	"strings"
	"time"
)

// timeForm is how a language writes a day and a time of day. Days are
// abbreviated: short forms stand after any preposition without being inflected.
type timeForm struct {
	days   string // Sunday to Saturday, with a bar between
	dated  string // with {day}, {d}, {m}, {clock}
	clock  string // with {h}, {hh}, {h12}, {mm}
	am, pm string // with {h12}; empty elsewhere
}

// timeForms are after the Unicode CLDR (common/main, gregorian calendar,
// abbreviated weekdays in their stand-alone form and the skeletons Md and Hm or
// hm), with day and month always as numbers where order and marks tell them
// apart. English writes the month's name, since its speakers do not agree on the
// order.
var timeForms = map[string]timeForm{
	"en": {"Sun|Mon|Tue|Wed|Thu|Fri|Sat", "{day} {d} {month}, {clock}", "{h12}:{mm} {ampm}", "am", "pm"},
	"da": {"søn.|man.|tirs.|ons.|tors.|fre.|lør.", "{day} {d}/{m} kl. {clock}", "{hh}.{mm}", "", ""},
	"nb": {"søn.|man.|tir.|ons.|tor.|fre.|lør.", "{day} {d}.{m}. kl. {clock}", "{hh}.{mm}", "", ""},
	"sv": {"sön|mån|tis|ons|tors|fre|lör", "{day} {d}/{m} kl. {clock}", "{hh}.{mm}", "", ""},
	"fi": {"su|ma|ti|ke|to|pe|la", "{day} {d}.{m}. klo {clock}", "{h}.{mm}", "", ""},
	"de": {"So.|Mo.|Di.|Mi.|Do.|Fr.|Sa.", "{day} {d}.{m}., {clock}", "{hh}:{mm} Uhr", "", ""},
	"nl": {"zo|ma|di|wo|do|vr|za", "{day} {d}-{m}, {clock}", "{hh}.{mm} uur", "", ""},
	"fr": {"dim.|lun.|mar.|mer.|jeu.|ven.|sam.", "{day} {d}/{m}, {clock}", "{h} h {mm}", "", ""},
	"es": {"dom|lun|mar|mié|jue|vie|sáb", "{day} {d}/{m}, {clock}", "{h}:{mm}", "", ""},
	"pt": {"dom.|seg.|ter.|qua.|qui.|sex.|sáb.", "{day} {d}/{m}, {clock}", "{hh}:{mm}", "", ""},
	"it": {"dom|lun|mar|mer|gio|ven|sab", "{day} {d}/{m}, {clock}", "{hh}:{mm}", "", ""},
	"pl": {"niedz.|pon.|wt.|śr.|czw.|pt.|sob.", "{day} {d}.{m}, {clock}", "{hh}:{mm}", "", ""},
	"cs": {"ne|po|út|st|čt|pá|so", "{day} {d}. {m}., {clock}", "{h}:{mm}", "", ""},
	"ro": {"dum.|lun.|mar.|mie.|joi|vin.|sâm.", "{day} {d}.{m}, {clock}", "{hh}:{mm}", "", ""},
	"hu": {"V|H|K|Sze|Cs|P|Szo", "{m}. {d}. ({day}), {clock}", "{h}:{mm}", "", ""},
	"tr": {"Paz|Pzt|Sal|Çar|Per|Cum|Cmt", "{day} {d}.{m}, {clock}", "{hh}:{mm}", "", ""},
	"ru": {"вс|пн|вт|ср|чт|пт|сб", "{day} {d}.{m}, {clock}", "{hh}:{mm}", "", ""},
	"uk": {"нд|пн|вт|ср|чт|пт|сб", "{day} {d}.{m}, {clock}", "{hh}:{mm}", "", ""},
	"el": {"Κυρ|Δευ|Τρί|Τετ|Πέμ|Παρ|Σάβ", "{day} {d}/{m}, {clock}", "{h12}:{mm} {ampm}", "π.μ.", "μ.μ."},
	"ar": {"الأحد|الاثنين|الثلاثاء|الأربعاء|الخميس|الجمعة|السبت", "{day} {d}/{m}، {clock}", "{h12}:{mm} {ampm}", "ص", "م"},
	"he": {"יום א׳|יום ב׳|יום ג׳|יום ד׳|יום ה׳|יום ו׳|שבת", "{day} {d}.{m}, {clock}", "{h}:{mm}", "", ""},
	"hi": {"रवि|सोम|मंगल|बुध|गुरु|शुक्र|शनि", "{day} {d}/{m}, {clock}", "{h12}:{mm} {ampm}", "am", "pm"},
	"ja": {"日|月|火|水|木|金|土", "{m}月{d}日({day}) {clock}", "{h}:{mm}", "", ""},
	"zh": {"周日|周一|周二|周三|周四|周五|周六", "{m}月{d}日{day} {clock}", "{hh}:{mm}", "", ""},
	"ko": {"일|월|화|수|목|금|토", "{m}월 {d}일 ({day}) {clock}", "{ampm} {h12}:{mm}", "오전", "오후"},
	"th": {"อา.|จ.|อ.|พ.|พฤ.|ศ.|ส.", "{day} {d}/{m} {clock}", "{hh}:{mm} น.", "", ""},
	"vi": {"CN|T2|T3|T4|T5|T6|T7", "{clock} {day} {d}/{m}", "{hh}:{mm}", "", ""},
}

// Time writes when something happens, for somebody who reads it at now: the time
// of day alone on the same day of at's time zone, otherwise with the day. A
// language without forms is written as in English. zone adds the abbreviation of
// the time zone, or its distance from UTC.
func Time(language string, at, now time.Time, zone bool) string {
	form, ok := timeForms[Base(language)]
	if !ok {
		form = timeForms["en"]
	}
	pattern := form.dated
	y, m, d := now.In(at.Location()).Date()
	if ay, am, ad := at.Date(); ay == y && am == m && ad == d {
		pattern = "{clock}"
	}
	pattern = strings.ReplaceAll(pattern, "{clock}", form.clock)
	if zone {
		pattern += " (" + zoneOf(at) + ")"
	}
	half := form.am
	if at.Hour() >= 12 {
		half = form.pm
	}
	return strings.NewReplacer(
		"{day}", strings.Split(form.days, "|")[at.Weekday()],
		"{d}", at.Format("2"), "{m}", at.Format("1"), "{month}", at.Format("Jan"),
		"{h}", strconv.Itoa(at.Hour()), "{hh}", at.Format("15"), "{h12}", at.Format("3"), "{mm}", at.Format("04"), "{ampm}", half,
	).Replace(pattern)
}

// zoneOf names a time zone: some have no abbreviation but their distance.
func zoneOf(at time.Time) string {
	name, offset := at.Zone()
	switch {
	case name != "" && name[0] != '+' && name[0] != '-':
		return name
	case offset == 0:
		return "UTC"
	default:
		return "UTC" + at.Format("-07:00")
	}
}
