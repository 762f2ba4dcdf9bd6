package htmldoc

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/kundeagent/kundeagent/internal/race"

	"github.com/kundeagent/kundeagent/knowledge"
)

// TestP13HostilePages holds pages against a time that only work growing faster
// than the page can exceed: each would take minutes or hours if it did.
func TestP13HostilePages(t *testing.T) {
	race.SkipHeavy(t)
	if testing.Short() {
		t.Skip("pages of several megabytes")
	}
	const mostTime = time.Minute
	numbered := func(n int, format string) string {
		var sb strings.Builder
		for i := range n {
			fmt.Fprintf(&sb, format, i)
		}
		return sb.String()
	}
	cases := []struct {
		name, page string
		want       error
	}{
		{"299k paragraphs", strings.Repeat("<p>A sentence, short.", 299_000), nil},
		{"300k paragraphs in the whole limit", strings.Repeat("<p>", 300_001), knowledge.ErrTooLarge},
		{"100k links", "<ul>" + numbered(100_000, `<li><a href="/p/%d">some page</a>`) + "</ul>", nil},
		{"200k options", "<select>" + strings.Repeat("<option>choice", 200_000) + "</select>", nil},
		{"1M nested divs", strings.Repeat("<div>", 1_000_000), knowledge.ErrTooLarge},
		{"200k nested divs with text", strings.Repeat("<div>text ", 200_000), nil},
		{"510 nested divs", strings.Repeat("<div>text ", 505), nil},
		{"text joined over ignored end tags", strings.Repeat("a</x>", 1_500_000), nil},
		{"text joined over ignored start tags", strings.Repeat("a<tr>", 280_000), nil},
		{"text moved out of a table", "<table>" + strings.Repeat("a<td></td>", 280_000), nil},
		{"text joined in a select", "<select>" + strings.Repeat("a<div>", 280_000), nil},
		{"body attributes", numbered(290_000, "<body a%d>"), nil},
		{"formatting rebuilt in every paragraph", numbered(400, "<b id=x%d>") + strings.Repeat("<p>x", 290_000), nil},
		{"formatting with attributes rebuilt in every paragraph", "<b" + numbered(499, " a%d=v") + ">" + strings.Repeat("<p>x", 290_000), nil},
		{"headings", "<title>" + strings.Repeat("t", 4<<20) + "</title>" + numbered(100_000, "<h1>title %d</h1>"), nil},
		{"captions in captions", strings.Repeat(strings.Repeat("<span class=caption>", 400)+"<i>caption of a picture</i>"+strings.Repeat("</span>", 400), 500), nil},
		{"times", strings.Repeat("<time datetime=yesterday>x</time>", 200_000), nil},
		{"large JSON-LD", `<script type="application/ld+json">[` + strings.Repeat(`{"a":{}},`, 800_000) + `1]</script>text`, nil},
		{"unclosed formatting", strings.Repeat("<b><i><p>x", 95_000), nil},
		{"many attributes", "<b" + numbered(600_000, " a%d") + ">x</b><b" + numbered(200_000, " a%d") + ">y", nil},
		{"a tag of many attributes before many tags", "<b" + numbered(300_000, " a%d") + ">x</b>" + strings.Repeat("<i>", 290_000), nil},
		{"less-than signs in JSON-LD", `<script type="application/ld+json">{"@type":"Question","name":"q","acceptedAnswer":{"text":"` + strings.Repeat("<", 7<<20) + `>"}}</script>text`, nil},
		{"long class", `<div class="` + strings.Repeat("nav ", 1_900_000) + `">x</div>`, nil},
		{"one text of 8 MB", strings.Repeat("word, ", 8<<20/6-10), nil},
		{"nested lists", strings.Repeat("<ul><li>x", 250), nil},
		{"nested details", strings.Repeat("<details><summary>q?</summary>a", 500) + strings.Repeat("<p>x", 200_000), nil},
		{"nested tables", strings.Repeat("<table><tr><td>x", 120) + strings.Repeat("<p>y", 100_000), nil},
		{"spans of cells", "<table>" + strings.Repeat(`<tr><td colspan=9999999 rowspan=9999999>x`, 2000), nil},
		{"wide table", "<table><tr>" + strings.Repeat("<td>x", 250_000), nil},
		{"cdata without end", "<?xml version='1.0'?>" + strings.Repeat("<![CDATA[", 900_000), nil},
		{"end tags in deep nesting", strings.Repeat("<span>", 500) + strings.Repeat("</i></b>", 900_000), nil},
		{"controls of one panel", `<div id=p>text</div>` + strings.Repeat(`<button aria-controls=p>q?</button>`, 200_000), nil},
		{"json nested", `<script type="application/ld+json">` + strings.Repeat("[", 2_000_000) + `</script>text`, nil},
		{"comments", strings.Repeat("<!-- x -->", 800_000) + "text", nil},
		{"nulls", strings.Repeat("\x00", 4<<20), nil},
		{"unclosed attribute", `<a href="` + strings.Repeat("<p>x", 2_000_000), nil},
		{"9 MB", strings.Repeat(" ", 9<<20), knowledge.ErrTooLarge},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			begin := time.Now()
			_, err := ParsePage(context.Background(), Options{URL: "https://a.example/"}, []byte(c.page))
			took := time.Since(begin)
			t.Logf("%d KB in %v", len(c.page)>>10, took.Round(time.Millisecond))
			if took > mostTime {
				t.Errorf("took %v", took)
			}
			if c.want == nil && err != nil || !errors.Is(err, c.want) {
				t.Errorf("error %v, want %v", err, c.want)
			}
		})
	}
}
