package datadoc

import (
	"context"
	"fmt"
	"strings"
	"testing"
)

func benchmarkParse(b *testing.B, parse parseFunc, in string) {
	b.SetBytes(int64(len(in)))
	b.ReportAllocs()
	for b.Loop() {
		if _, err := parse(context.Background(), "bench", []byte(in), Limits{}); err != nil {
			b.Fatal(err)
		}
	}
}

func BenchmarkParseCSV(b *testing.B) {
	var sb strings.Builder
	sb.WriteString("id;name;price;description\n")
	for i := range 10_000 {
		fmt.Fprintf(&sb, "%d;City bike %d;%d,50;\"A bike; for everyday use in town\"\n", i, i, i%900)
	}
	benchmarkParse(b, ParseCSV, sb.String())
}

func BenchmarkParseJSON(b *testing.B) {
	var sb strings.Builder
	sb.WriteString(`{"articles":[{"title":"none"}`)
	for i := range 5_000 {
		fmt.Fprintf(&sb, `,{"title":"Article %d","body":"<p>Bring the <b>key</b> back.</p><p>Or call us &amp; wait.</p>","price":%d}`, i, i)
	}
	sb.WriteString("]}")
	benchmarkParse(b, ParseJSON, sb.String())
}

func BenchmarkParseXML(b *testing.B) {
	var sb strings.Builder
	sb.WriteString(`<rss><channel><title>News</title>`)
	for i := range 5_000 {
		fmt.Fprintf(&sb, `<item><title>Item %d</title><link>https://a.example/%d</link><pubDate>Mon, 02 Nov 2026 08:00:00 GMT</pubDate><description><![CDATA[<p>Bring the <b>key</b> back.</p>]]></description></item>`, i, i)
	}
	sb.WriteString("</channel></rss>")
	benchmarkParse(b, ParseXML, sb.String())
}
