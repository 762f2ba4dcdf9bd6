package htmldoc

import (
	"strings"
	"unicode"

	"golang.org/x/net/html"
	"golang.org/x/net/html/atom"

	"github.com/kundeagent/kundeagent/knowledge"
)

// dropCaptions drops the captions of photographs: those that name a
// photographer or agency, and on pages that declare themselves as news all of
// them. Elsewhere a caption may explain a figure, and stays.
func (t *tree) dropCaptions(root int, news bool) {
	const longest = 1000
	for i := root + 1; i < t.end(root); i++ {
		nd := &t.nodes[i]
		if nd.flags&dropped != 0 {
			i = t.end(i) - 1
			continue
		}
		if nd.html.Type != html.ElementNode || nd.text == 0 || nd.text > longest || !t.isCaption(i) {
			continue
		}
		if news || creditsPhoto(t.shortText(i, 2*longest)) {
			nd.flags |= dropped
		}
		i = t.end(i) - 1
	}
}

func (t *tree) isCaption(i int) bool {
	switch t.tag(i) {
	case atom.Figcaption:
		return !t.figureOfText(t.parent(i))
	case atom.Div, atom.P, atom.Span, atom.Small, atom.Em, atom.Section, atom.Li, atom.Dd, atom.Figure:
		return t.nodes[i].marks&markCaption != 0
	}
	return false
}

// figureOfText tells figures that hold a table, code or a quotation.
func (t *tree) figureOfText(i int) bool {
	const within = 50
	for j := i; j < min(t.end(i), i+within); j++ {
		switch t.tag(j) {
		case atom.Table, atom.Pre, atom.Code, atom.Blockquote:
			return true
		}
	}
	return false
}

var photoCredits = [...]string{"photo:", "photo by", "photo/", "photos:", "(photo", "image:", "(image", "credit:", "(credit", "credits:", "getty", "shutterstock", "istock", "unsplash",
	"reuters", "(ap)", "afp", "foto:", "bild:", "bildnachweis", "fotograf", "crédit", "courtesy of", "©"}

func creditsPhoto(text string) bool {
	text = strings.ToLower(text)
	for _, c := range photoCredits {
		if strings.Contains(text, c) {
			return true
		}
	}
	return false
}

// pointerPhrases begin the lines that point to other pages.
var pointerPhrases = strings.Split(`related
read more
read also
read next
also read
see more
see also
see related
more:
more on
more from
you may also like
you might also like
don't miss
watch:
watch now
click here
læs også
læs mere
se også
les også
läs också
läs mer
lesen sie auch
siehe auch
mehr zum thema
lire aussi
à lire aussi
voir aussi
lea también
lee también
ver también
leia também
leia mais
leggi anche
lees ook
czytaj też
czytaj także
zobacz też`, "\n")

func pointsElsewhere(text string) bool {
	text = strings.ToLower(strings.TrimLeft(text, " •-–—>»[("))
	for _, p := range pointerPhrases {
		if strings.HasPrefix(text, p) {
			return true
		}
	}
	return false
}

// dropPointers drops paragraphs that are a link to another page and nothing
// else: those that say so, those in capitals, and runs of three and more.
func (t *tree) dropPointers(root int) {
	const runLength = 3
	run, last := []int(nil), -1
	endRun := func() {
		if len(run) >= runLength {
			for _, i := range run {
				t.nodes[i].flags |= dropped
			}
		}
		run = run[:0]
	}
	for i := root + 1; i < t.end(root); i++ {
		nd := &t.nodes[i]
		if nd.flags&dropped != 0 {
			i = t.end(i) - 1
			continue
		}
		if t.isText(i) || nd.text == 0 || !t.isLeafParagraph(i) {
			continue
		}
		if nd.link*10 < nd.text*7 {
			endRun()
			i = t.end(i) - 1
			continue
		}
		text := t.shortText(i, 400)
		switch {
		case pointsElsewhere(text) || isShouted(text):
			nd.flags |= dropped
		case nd.link == nd.text:
			if t.parent(i) != last {
				endRun()
			}
			run, last = append(run, i), t.parent(i)
		default:
			endRun()
		}
		i = t.end(i) - 1
	}
	endRun()
}

func (t *tree) isLeafParagraph(i int) bool {
	switch t.tag(i) {
	case atom.P, atom.H2, atom.H3, atom.H4, atom.H5, atom.H6, atom.Blockquote:
		return true
	case atom.Div:
		return t.isParagraph(i)
	}
	return false
}

// isShouted tells a line of several words in capitals.
func isShouted(text string) bool {
	const fewestWords = 4
	upper := 0
	for _, r := range text {
		if unicode.IsLower(r) {
			return false
		}
		if unicode.IsUpper(r) {
			upper++
		}
	}
	return upper > 8 && len(strings.Fields(text)) >= fewestWords
}

// dropOrphan drops a heading, prev, whose list of links was dropped and which
// heads nothing else now.
func (t *tree) dropOrphan(prev, farm int) {
	const longest = 60
	next := t.nextSibling(farm)
	if prev <= 0 || t.is(prev, dropped) || t.nodes[prev].text > longest {
		return
	}
	if next >= 0 && !isHeadingTag(t.tag(next)) {
		return
	}
	if isHeadingTag(t.tag(prev)) && t.tag(prev) != atom.H1 || pointsElsewhere(t.shortText(prev, 100)) {
		t.nodes[prev].flags |= dropped
	}
}

// labels are the words that stand alone in boxes which have no text.
var labels = makeSet(`advertisement advert advertising ad ads sponsored caption close share comments print anzeige werbung annonce reklame mainos publicité publicidad pubblicità advertentie reklama iklan`)

// dateWords are what lines that only date a page are made of, besides numbers.
var dateWords = makeSet(`published updated posted modified last first on at am pm et est edt pst pdt gmt utc ist bst cet cest by of the
	jan feb mar apr may jun jul aug sep sept oct nov dec january february march april june july august september october november december
	mon tue tues wed thu thur thurs fri sat sun monday tuesday wednesday thursday friday saturday sunday
	januar februar marts maj juni juli oktober mai märz dezember janvier février mars avril juin juillet août septembre octobre novembre décembre
	enero febrero marzo abril mayo junio julio agosto septiembre octubre noviembre diciembre de del às
	opdateret udgivet sidst senest uppdaterad publicerad aktualisiert veröffentlicht am um uhr publié mis à jour le actualizado publicado kl d den read reading time min mins minutes minute ago hours hour`)

func makeSet(words string) map[string]bool {
	m := map[string]bool{}
	for _, w := range strings.Fields(words) {
		m[w] = true
	}
	return m
}

// onlyDates tells a line that says when the page was written and nothing else.
func onlyDates(text string) bool {
	const longest = 90
	if len(text) > longest {
		return false
	}
	year, words := false, 0
	for _, w := range strings.FieldsFunc(strings.ToLower(text), func(r rune) bool { return !unicode.IsLetter(r) && !unicode.IsDigit(r) }) {
		digits := strings.TrimRight(w, "stndrhamp")
		if digits != "" && strings.Trim(digits, "0123456789") == "" {
			year = year || len(digits) == 4 && (digits[:2] == "19" || digits[:2] == "20")
			continue
		}
		if !dateWords[w] {
			return false
		}
		words++
	}
	return year && (words > 0 || strings.ContainsAny(text, "-/."))
}

// asksToFollow tells lines that ask the reader to subscribe or follow.
func asksToFollow(text string) bool {
	const longest = 400
	if len(text) > longest {
		return false
	}
	text = strings.ToLower(text)
	asks, where := false, false
	for _, p := range [...]string{"subscribe", "sign up", "signup", "follow ", "join our", "get the latest", "abonn", "tilmeld", "følg ", "suscríbete", "abonnez"} {
		asks = asks || strings.Contains(text, p)
	}
	for _, p := range [...]string{"newsletter", "inbox", "youtube", "instagram", "twitter", "facebook", "podcast", "magazine", "nyhedsbrev", "nyhetsbrev", "subscription", "app store"} {
		where = where || strings.Contains(text, p)
	}
	return asks && where
}

// tidy removes from the blocks what only their text and place give away: long
// texts said twice in one section, dating lines before and after the text, and calls to follow
// or subscribe at its end.
func tidy(blocks []knowledge.Block) []knowledge.Block {
	const (
		running  = 100 // bytes that make a paragraph the text proper
		longText = 60
		atEnd    = 6
	)
	first, last := len(blocks), -1
	for i, b := range blocks {
		if b.Kind != knowledge.Heading && len(b.Text) >= running && !asksToFollow(b.Text) {
			first, last = min(first, i), i
		}
	}
	seen := map[string]bool{}
	kept := blocks[:0]
	for i, b := range blocks {
		key := b.Text
		if key == "" || b.Kind == knowledge.Code || b.Kind == knowledge.QA || b.Kind == knowledge.Definition || len(b.Cells) > 0 {
			kept = append(kept, b)
			continue
		}
		if b.Kind == knowledge.Heading {
			clear(seen) // what sections share is no repetition
		}
		plain := b.Kind == knowledge.Paragraph || b.Kind == knowledge.Heading
		switch {
		case len(key) >= longText && seen[key],
			b.Kind == knowledge.Paragraph && labels[strings.ToLower(key)],
			plain && (i < first || i > last) && last >= 0 && onlyDates(key),
			plain && i > last && last >= 0 && i >= len(blocks)-atEnd && asksToFollow(key):
			continue
		}
		if len(key) >= longText {
			seen[key] = true
		}
		kept = append(kept, b)
	}
	for len(kept) > 1 && last >= 0 && isEmptySection(kept[len(kept)-1]) {
		kept = kept[:len(kept)-1]
	}
	return kept
}

// isEmptySection tells a heading that says nothing by itself, as a phone number
// set as a heading does.
func isEmptySection(b knowledge.Block) bool {
	return b.Kind == knowledge.Heading && !strings.ContainsAny(b.Text, "0123456789@?!.")
}
