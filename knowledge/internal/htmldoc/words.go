package htmldoc

import (
	"strings"
	"unicode"
)

// mark is what the words of an element's class and id say about it.
type mark uint32

const (
	markAside     mark = 1 << iota // beside the content: navigation, sharing, advertising, comments
	markContent                    // likely to hold content
	markBody                       // names the body of an article
	markCollapse                   // can be opened by the reader
	markControl                    // part of a control of navigation, search or a player
	markQuestion                   // a question or the clickable head of a panel
	markAnswer                     // an answer or the panel that belongs to a head
	markFAQ                        // a list of questions and answers
	markCallout                    // a note, tip or warning
	markFeedback                   // asks whether the page was helpful
	markConsent                    // cookies and consent
	markInvisible                  // shown to nobody, or to screen readers only
	markCaption
	markMenu   // a menu: of links, or of dishes
	markNoCase // used only as whole words, not as parts of camelCase
)

// markBeside is everything that is not content.
const markBeside = markAside | markFeedback | markConsent | markInvisible

// vocabulary lists the words of class and id names. A word of two parts joined
// by "-" stands for the two words in sequence. The lists hold the common words
// of content management systems, not those of single sites.
var vocabulary = makeVocabulary([]struct {
	mark  mark
	words string
}{
	{markAside, `nav navbar navigation subnav breadcrumb breadcrumbs sidebar side-bar rail footer foot masthead site-header
		comment comments commentlist disqus share shares sharing sharebar sharethis addthis addtoany social socials related recommend recommended recommendation recommendations
		promo promos promotion promoted advert adverts advertisement advertisements advertising sponsor sponsored sponsors newsletter subscribe
		popup modal overlay widget-area sidebar-widget footer-widget widget-recent widget-categories widget-archive widget-search widget-social widget-tag widget-nav skip-link skiplink skip pagination pager tag-list taglist byline author-bio author-box author meta postmeta metadata
		toolbar most-read most-popular popular trending outbrain taboola login signin signup sign-up sign-in banner banners vote votes rating ratings
		print credit credits timestamp dateline copyright legal disclaimer teaser teasers more-stories read-more read-next next-article toc table-of contents-list
		more-from see-also also-like up-next prev-next jump-links back-top follow-us followus tags paywall dfp leaderboard donate donation cta gallery galleries slideshow carousel lightbox rollover popover hovercard tooltip tooltips latest-news latest-stories top-stories`},
	{markAside | markNoCase, `ad ads adv tag`},
	{markMenu, `menu menus submenu`},
	{markFeedback, `feedback helpful was-this rate-article article-votes article-rating survey`},
	{markConsent, `cookie cookies consent gdpr cookiebar cookiebanner cookiebot onetrust`},
	{markInvisible, `hidden hide screen-reader sr-only visually-hidden visuallyhidden screenreader`},
	{markCaption, `caption captions wp-caption figcaption`},
	{markContent, `article story post entry content body text main page blog markdown help doc docs documentation kb answer`},
	{markBody, `article-body article-content article-text articlebody articlecontent story-body story-content story-text storybody storytext storycontent
		post-body post-content post-text postbody postcontent entry-body entry-content entry-text markdown-body parser-output rich-text richtext`},
	{markCollapse, `accordion accordions collapse collapsed collapsible collapsable expand expandable expander expanded faq faqs answer answers tabpanel tab-panel tabpane tab-pane
		tabcontent tab-content disclosure toggle-content spoiler`},
	{markControl, `nav navbar navigation menu search share cookie consent modal dialog dropdown lang language login hamburger popup comment comments subscribe carousel slide slider player video lightbox filter sort`},
	{markQuestion, `question accordion-title accordion-header accordion-heading accordion-toggle accordion-trigger accordion-button accordion-head accordion-label faq-title faq-header faq-heading faq-q
		collapse-header collapse-title collapsible-header expander-title toggle-title spoiler-title`},
	{markAnswer, `answer accordion-content accordion-body accordion-panel accordion-collapse accordion-text faq-content faq-body faq-text faq-a collapse-content collapse-body collapsible-body
		expander-content toggle-content spoiler-content`},
	{markFAQ, `faq faqs faqpage questions`},
	{markCallout, `note notice tip tips warning caution important callout admonition infobox info-box alert hint`},
})

func makeVocabulary(lists []struct {
	mark  mark
	words string
}) map[string]mark {
	m := map[string]mark{}
	for _, l := range lists {
		for _, w := range strings.Fields(l.words) {
			m[w] |= l.mark
		}
	}
	return m
}

// maxNameLength bounds the part of a class or id value that is read.
const maxNameLength = 2048

// marksOf returns what the words of a class or id value say.
func marksOf(value string) mark {
	var m mark
	prev, start := "", -1
	camel := false // the word at hand was cut off inside camelCase
	word := func(end int, nextCamel bool) {
		if start < 0 {
			return
		}
		w := strings.ToLower(value[start:end])
		if got := vocabulary[w]; got != 0 && (got&markNoCase == 0 || !camel && !nextCamel) {
			m |= got
		}
		if prev != "" {
			m |= vocabulary[prev+"-"+w]
		}
		prev, start = w, -1
	}
	value = value[:min(len(value), maxNameLength)]
	for i := 0; i < len(value); i++ {
		c := value[i]
		switch {
		case c >= 'a' && c <= 'z' || c >= 0x80:
			if start < 0 {
				start, camel = i, false
			}
		case c >= 'A' && c <= 'Z':
			if start >= 0 && value[i-1] >= 'a' {
				word(i, true)
				start, camel = i, true
			} else if start < 0 {
				start, camel = i, false
			}
		default:
			word(i, false)
			if c == ' ' {
				prev = ""
			}
		}
	}
	word(len(value), false)
	return m &^ markNoCase
}

// shownSomewhere reports whether a class value that says "hidden" means only
// some widths of the screen or other media, as "hidden-xs" and "hidden md:block".
func shownSomewhere(class string) bool {
	class = class[:min(len(class), maxNameLength)]
	for _, c := range strings.Fields(class) {
		c = strings.ToLower(c)
		if variant, what, ok := strings.Cut(c, ":"); ok && variant != "focus" && variant != "print" {
			switch what {
			case "block", "flex", "grid", "inline", "inline-block", "inline-flex", "table", "contents", "not-sr-only":
				return true
			}
		}
		switch c {
		case "hidden-xs", "hidden-sm", "hidden-phone", "hidden-mobile", "hide-mobile", "hide-on-mobile", "hidden-tablet", "hidden-sm-down", "hidden-xs-down", "hidden-print", "hide-for-small", "hide-for-small-only", "mobile-hidden", "mobile-hide":
			return true
		}
	}
	return false
}

// hasWord reports whether the space-separated list holds the word, without
// regard to case.
func hasWord(list, word string) bool {
	for len(list) >= len(word) {
		list = strings.TrimLeft(list, " \t\r\n\f,")
		end := strings.IndexAny(list, " \t\r\n\f,")
		if end < 0 {
			end = len(list)
		}
		if strings.EqualFold(list[:end], word) {
			return true
		}
		list = list[end:]
	}
	return false
}

// letters keeps only letters and digits, in lower case: the form in which two
// texts are compared.
func letters(s string) string {
	return strings.Map(func(r rune) rune {
		if unicode.IsLetter(r) || unicode.IsDigit(r) {
			return unicode.ToLower(r)
		}
		return -1
	}, s)
}

// feedbackPhrases begin the boxes that ask whether a page was helpful.
var feedbackPhrases = strings.Split(`wasthishelpful
wasthisarticlehelpful
wasthispagehelpful
wasthisanswerhelpful
wasthisinformationhelpful
didthishelp
didthisansweryourquestion
didthissolve
didyoufindthis
isthisarticlehelpful
howhelpfulwas
vardennehjælp
vardetnyttigt
vardettehjælp
vardettenyttig
vardennesidenyttig
vardetteenhjælp
vardenneartikel
vardettesvar
vardendeartikelen
varartikelnnyttig
varartikelnanvändbar
vardenhärartikeln
vardethärtillhjälp
hjälptedethär
vardetteartikkelen
vardenneartikkelen
wardieserartikelhilfreich
warendieseinformationen
warendieseinformationenhilfreich
wardashilfreich
wardieseantworthilfreich
konntenwirihnenhelfen
hatihnendieserartikel
cetarticlevousatilétéutile
cettepagevousatelleétéutile
cetarticleétaitilutile
cetteréponseatelle
teresultóútil
leresultóútil
tehaservidodeayuda
fueútil
fueutil
esteartículoleresultó
esteartigofoiútil
estainformaçãofoiútil
questoarticoloèstatoutile
tièstatoutile
èstatoutile
wasditartikelnuttig
wasditnuttig
heeftditgeholpen
czytenartykułbyłpomocny
byłtenartykułpomocny
oliikotämäartikkeli
tämäartikkelioli
bumakaleyardımcı
byltentočlánekužitečný`, "\n")

// asksFeedback reports whether a short text asks how helpful the page was.
func asksFeedback(text string) bool {
	if !strings.ContainsAny(text, "?？") {
		return false
	}
	key := letters(text)
	for _, p := range feedbackPhrases {
		if strings.HasPrefix(key, p) {
			return true
		}
	}
	return false
}
