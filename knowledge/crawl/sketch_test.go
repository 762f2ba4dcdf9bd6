package crawl

import (
	"context"
	"fmt"
	"math/bits"
	"strings"
	"testing"

	"github.com/kundeagent/kundeagent/knowledge"
	"github.com/kundeagent/kundeagent/knowledge/crawl/crawltest"
)

func TestSketchesOfNearAndFarTexts(t *testing.T) {
	words := strings.Fields(crawltest.Prose(1, 4000))
	edited := func(n int) string {
		out := append([]string{}, words...)
		for i := range n {
			out[(i*997+13)%len(out)] = "otherwise"
		}
		return strings.Join(out, " ")
	}
	base := sketch(strings.Join(words, " "))
	for n, most := range map[int]int{0: 0, 1: nearBits, 4: nearBits} {
		if d := bits.OnesCount64(base ^ sketch(edited(n))); d > most {
			t.Errorf("%d of 4,000 words edited: %d bits, want at most %d", n, d, most)
		}
	}
	for _, other := range []string{edited(1500), crawltest.Prose(2, 4000), crawltest.Prose(3, 300)} {
		if d := bits.OnesCount64(base ^ sketch(other)); d <= 2*nearBits {
			t.Errorf("another text is %d bits away", d)
		}
	}
	if sketch(crawltest.Prose(1, sketchedWords/2)) != 0 || sketch("") != 0 {
		t.Error("a text that is too short has a sketch")
	}
	if sketch(strings.Repeat("返品は三十日以内に受け付けます。", 10)) == 0 {
		t.Error("a long text without spaces has no sketch")
	}
	if a, b := sketch(crawltest.Prose(5, 300)), sketch(strings.ReplaceAll(crawltest.Prose(5, 300), " ", "\n— ")); a != b {
		t.Error("spaces and punctuation change the sketch")
	}
}

// TestBandsFindEveryNearSketch: no pair within the distance is lost to them.
func TestBandsFindEveryNearSketch(t *testing.T) {
	for i := range 500 {
		s := mix(uint64(i + 1))
		var k sketches
		k.near("a", s)
		flipped := s ^ 1<<(i%64) ^ 1<<(i*7%64) ^ 1<<(i*31%64)
		if other, apart := k.near("b", flipped); other != "a" || apart != bits.OnesCount64(s^flipped) {
			t.Fatalf("%x and %x: %q, %d bits", s, flipped, other, apart)
		}
		if other, _ := (&sketches{}).near("c", s); other != "" {
			t.Fatal("alone and near", other)
		}
	}
}

func TestNearDuplicatesAreReportedAndKept(t *testing.T) {
	s := pages(t, map[string]string{})
	text := strings.Fields(crawltest.Prose(7, 3000))
	pageOf := func(change int) string {
		out := append([]string{}, text...)
		if change > 0 {
			out[change*500] = fmt.Sprintf("variant%d", change)
		}
		return "<html><body><main><p>" + strings.Join(out, " ") + `</p></main><footer><a href="/one">1</a> <a href="/two">2</a> <a href="/far">3</a></footer></body></html>`
	}
	site := pages(t, map[string]string{"/": page(1, "", "/one", "/two", "/far"), "/one": pageOf(0), "/two": pageOf(1), "/far": page(9, "")})
	c := site.crawl(t, nil)
	if len(c.docs) != 4 {
		t.Errorf("documents %v", c.paths(s))
	}
	if len(c.notes) != 1 || !strings.Contains(c.notes[0], "/two") || !strings.Contains(c.notes[0], "nearly the text of "+site.Addr("/one")) {
		t.Errorf("notes %q", c.notes)
	}
	again := collect(t, mustNew(t, site.config()), context.Background(), c.manifest(knowledge.Manifest{}))
	if len(again.notes) != 1 {
		t.Errorf("unchanged pages: notes %q", again.notes)
	}
}

func BenchmarkSketch(b *testing.B) {
	text := crawltest.Prose(1, 4600) // about 31 KB
	b.ReportAllocs()
	b.SetBytes(int64(len(text)))
	for b.Loop() {
		if sketch(text) == 0 {
			b.Fatal("no sketch")
		}
	}
}
