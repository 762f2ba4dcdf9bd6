package htmldoc

import (
	"context"
	"strings"
	"testing"

	"github.com/kundeagent/kundeagent/knowledge"
)

// danishHelp is an article of an invented help centre with the parts that such
// pages hide: collapsed questions, tabs, details, and the clutter around them.
const danishHelp = `<!DOCTYPE html>
<html lang="da"><head><meta charset="utf-8">
<title>Levering og returnering | Nordlys Cykler</title>
<meta property="og:site_name" content="Nordlys Cykler">
<link rel="canonical" href="/hjaelp/levering">
<link rel="alternate" hreflang="en" href="/en/help/delivery">
<meta property="article:modified_time" content="2026-03-04T09:30:00+01:00">
<style>.x{display:none}</style></head>
<body class="page">
<a class="skip-link" href="#indhold">Spring til indhold</a>
<div id="cookie-banner" class="cookie-consent"><p>Vi bruger cookies for at forbedre din oplevelse.</p><button>Accepter alle</button></div>
<header class="site-header"><a href="/">Nordlys Cykler</a><nav aria-label="Hovedmenu"><ul><li><a href="/cykler">Elcykler</a></li><li><a href="/kurv">Din kurv</a></li></ul>
<button aria-expanded="false" aria-controls="mobilmenu">Åbn menu</button><div id="mobilmenu" hidden>Menupunkt skjult</div></nav></header>
<main id="indhold">
<ol class="breadcrumb"><li><a href="/">Forside</a></li><li><a href="/hjaelp">Hjælpecenter</a></li><li>Levering</li></ol>
<article>
<h1>Levering og returnering</h1>
<p>Vi sender til hele Norden fra vores lager i Aarhus.</p>
<h2>Priser</h2>
<table><caption>Fragtpriser 2026</caption><thead><tr><th>Land</th><th colspan="2">Pris</th></tr><tr><th></th><th>Pakkeshop</th><th>Hjem</th></tr></thead>
<tbody><tr><th scope="row">Danmark</th><td>39 kr.</td><td>59 kr.</td></tr><tr><th scope="row">Sverige</th><td>69 kr.</td><td>99 kr.</td></tr></tbody></table>
<div class="notice warning"><p>Ladcykler leveres kun til kantsten.</p></div>
<h2>Ofte stillede spørgsmål</h2>
<div class="accordion">
 <h3><button aria-expanded="false" aria-controls="svar-1">Hvor lang er fortrydelsesretten?</button></h3>
 <div id="svar-1" role="region" hidden><p>Du har 30 dages fortrydelsesret fra modtagelsen.</p></div>
 <h3><button aria-expanded="false" aria-controls="svar-2">Hvem betaler returfragten?</button></h3>
 <div id="svar-2" style="display:none"><p>Returfragten er gratis i Danmark.</p><ul><li>Brug den vedlagte label</li><li>Aflever i en pakkeshop</li></ul></div>
</div>
<details><summary>Kan jeg ændre adressen?</summary><p>Ja, indtil pakken er sendt.</p></details>
<div class="faq-item"><div class="faq-question">Kan jeg hente selv?</div><div class="faq-answer" style="display: none">Ja, lageret er åbent fra 10 til 16.</div></div>
<h2>Sådan gør du</h2>
<div class="tabs"><div role="tablist"><button role="tab" id="t1" aria-controls="p1" aria-selected="true">Privat</button><button role="tab" id="t2" aria-controls="p2">Erhverv</button></div>
<div role="tabpanel" id="p1" aria-labelledby="t1"><ol><li>Log ind på Min side</li><li>Vælg ordren<ul><li>Ordrenummeret står i kvitteringen</li></ul></li><li>Tryk på Returner</li></ol></div>
<div role="tabpanel" id="p2" aria-labelledby="t2" hidden><p>Skriv til erhverv@nordlys.example med CVR-nummer.</p></div></div>
<h2>Ordliste</h2>
<dl><dt>Pakkeshop</dt><dd>En butik der udleverer pakker.</dd><dt>Kantsten</dt><dd>Chaufføren bærer ikke ind.</dd></dl>
<blockquote>Hurtig levering, siger kunden Åse.</blockquote>
<pre><code class="language-json">{"ordre": 1001,
 "status": "sendt"}</code></pre>
<p>Læs også om <a href="garanti" rel="nofollow">garanti på rammen</a> hos os.</p>
<span aria-hidden="true">»»pynt««</span><div style="width:0;height:0;overflow:hidden">gemt søgeord</div>
</article>
<div class="article-votes"><p>Var denne artikel nyttig?</p><button>Ja</button><button>Nej</button></div>
<section><h4>Var dette svar nyttigt?</h4><p>Send os et tommelfinger op.</p></section>
<section class="related-articles"><h2>Relaterede artikler</h2><ul><li><a href="/hjaelp/betaling">Betaling med kort</a></li></ul></section>
<div class="share-buttons"><a href="https://social.example/del">Del på nettet</a></div>
<div id="comments"><h3>Kommentarer</h3><p>Super service skrev en bruger.</p></div>
<div class="newsletter-signup"><p>Tilmeld dig nyhedsbrevet.</p></div>
</main>
<footer><p>Nordlys Cykler ApS, CVR 00000000</p><a href="/privatliv">Privatlivspolitik</a></footer>
<script type="application/ld+json">{"@context":"https://schema.org","@type":"FAQPage","dateModified":"2026-03-01","mainEntity":[
{"@type":"Question","name":"Hvem betaler returfragten?","acceptedAnswer":{"@type":"Answer","text":"<p>Returfragten er gratis i Danmark.</p>"}},
{"@type":"Question","name":"Leverer I til Færøerne?","acceptedAnswer":{"@type":"Answer","text":"Ja, med <b>færge</b> på 8 dage."}}]}</script>
</body></html>`

func parseHelp(t *testing.T) *Page {
	t.Helper()
	page, err := ParsePage(context.Background(), Options{URL: "https://nordlys.example/hjaelp/levering?ref=1"}, []byte(danishHelp))
	if err != nil {
		t.Fatal(err)
	}
	return page
}

func TestHelpPageKeepsEveryFact(t *testing.T) {
	text := parseHelp(t).Document.PlainText()
	for _, fact := range []string{
		"Vi sender til hele Norden", "Fragtpriser 2026", "Danmark | 39 kr. | 59 kr.", "Sverige | 69 kr. | 99 kr.", "Ladcykler leveres kun til kantsten.",
		"Ofte stillede spørgsmål", "Hvor lang er fortrydelsesretten?", "30 dages fortrydelsesret", "Hvem betaler returfragten?", "Returfragten er gratis i Danmark.",
		"Brug den vedlagte label", "Aflever i en pakkeshop", "Kan jeg ændre adressen?", "indtil pakken er sendt", "Kan jeg hente selv?", "åbent fra 10 til 16",
		"Privat", "Erhverv", "1. Log ind på Min side", "Ordrenummeret står i kvitteringen", "3. Tryk på Returner", "erhverv@nordlys.example",
		"Ordliste", "En butik der udleverer pakker.", "Chaufføren bærer ikke ind.", "siger kunden Åse", "\"ordre\": 1001,\n", "garanti på rammen",
		"Leverer I til Færøerne?", "Ja, med færge på 8 dage.",
	} {
		if !strings.Contains(text, fact) {
			t.Errorf("lost %q", fact)
		}
	}
	if t.Failed() {
		t.Log(text)
	}
}

func TestHelpPageDropsBoilerplate(t *testing.T) {
	text := parseHelp(t).Document.PlainText()
	for _, noise := range []string{
		"Spring til", "cookies", "Accepter", "Elcykler", "Din kurv", "Åbn menu", "Menupunkt", "Forside", "Hjælpecenter", "Var denne artikel", "Var dette svar", "tommelfinger",
		"Relaterede", "Betaling med kort", "Del på", "Kommentarer", "Super service", "nyhedsbrev", "ApS", "Privatliv", "pynt", "gemt søgeord",
	} {
		if strings.Contains(text, noise) {
			t.Errorf("kept %q", noise)
		}
	}
	if n := strings.Count(text, "Hvem betaler returfragten?"); n != 1 {
		t.Errorf("a question of the JSON-LD that the page shows is said %d times, want once", n)
	}
	if strings.Contains(text, "Levering og returnering") {
		t.Error("the title is repeated in the text")
	}
}

func TestHelpPageBlocks(t *testing.T) {
	doc := parseHelp(t).Document
	header := []string{"Land", "Pris Pakkeshop", "Pris Hjem"}
	for _, want := range []knowledge.Block{
		{Kind: knowledge.Heading, Level: 2, Text: "Priser"},
		{Kind: knowledge.TableHeader, Cells: header},
		{Kind: knowledge.TableRow, Cells: []string{"Danmark", "39 kr.", "59 kr."}, Header: header},
		{Kind: knowledge.Note, Label: "warning", Text: "Ladcykler leveres kun til kantsten."},
		{Kind: knowledge.QA, Label: "Hvor lang er fortrydelsesretten?", Text: "Du har 30 dages fortrydelsesret fra modtagelsen."},
		{Kind: knowledge.QA, Label: "Hvem betaler returfragten?", Text: "Returfragten er gratis i Danmark. • Brug den vedlagte label • Aflever i en pakkeshop"},
		{Kind: knowledge.QA, Label: "Kan jeg ændre adressen?", Text: "Ja, indtil pakken er sendt."},
		{Kind: knowledge.QA, Label: "Kan jeg hente selv?", Text: "Ja, lageret er åbent fra 10 til 16."},
		{Kind: knowledge.Heading, Level: 3, Text: "Erhverv"},
		{Kind: knowledge.ListItem, Level: 1, Label: "2.", Text: "Vælg ordren"},
		{Kind: knowledge.ListItem, Level: 2, Label: "•", Text: "Ordrenummeret står i kvitteringen"},
		{Kind: knowledge.ListItem, Level: 1, Label: "3.", Text: "Tryk på Returner"},
		{Kind: knowledge.Definition, Label: "Kantsten", Text: "Chaufføren bærer ikke ind."},
		{Kind: knowledge.Quote, Text: "Hurtig levering, siger kunden Åse."},
		{Kind: knowledge.Code, Label: "json", Text: "{\"ordre\": 1001,\n \"status\": \"sendt\"}"},
	} {
		if !hasBlock(doc, want) {
			t.Errorf("no block %#v", want)
		}
	}
	if t.Failed() {
		for _, b := range doc.Blocks {
			t.Logf("%v %d %q %q %q %q", b.Kind, b.Level, b.Label, b.Text, b.Cells, b.Header)
		}
	}
}

func hasBlock(doc *knowledge.Document, want knowledge.Block) bool {
	same := func(a, b []string) bool { return strings.Join(a, "\x00") == strings.Join(b, "\x00") }
	for _, b := range doc.Blocks {
		if b.Kind == want.Kind && b.Level == want.Level && b.Label == want.Label && b.Text == want.Text && same(b.Cells, want.Cells) && same(b.Header, want.Header) {
			return true
		}
	}
	return false
}

func TestHelpPageMetadata(t *testing.T) {
	page := parseHelp(t)
	doc := page.Document
	got := []string{doc.Title, doc.Language, doc.URL, page.Canonical, doc.Modified.UTC().Format("2006-01-02T15:04")}
	want := []string{"Levering og returnering", "da", "https://nordlys.example/hjaelp/levering", "https://nordlys.example/hjaelp/levering", "2026-03-04T08:30"}
	for i := range want {
		if got[i] != want[i] {
			t.Errorf("got %q, want %q", got[i], want[i])
		}
	}
	if len(page.Alternates) != 1 || page.Alternates[0] != (Alternate{"en", "https://nordlys.example/en/help/delivery"}) {
		t.Errorf("alternates %v", page.Alternates)
	}
	if len(doc.Links) != 1 || doc.Links[0] != (knowledge.Link{URL: "https://nordlys.example/hjaelp/garanti", Text: "garanti på rammen", NoFollow: true}) {
		t.Errorf("links of the content %v", doc.Links)
	}
	if len(page.Links) != 9 {
		t.Errorf("%d links of the page, want 9: %v", len(page.Links), page.Links)
	}
	if page.NeedsRender {
		t.Error("a page with text needs no rendering")
	}
}
