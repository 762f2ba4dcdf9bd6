package formats

import (
	"context"
	"testing"
	"time"

	"github.com/kundeagent/kundeagent/knowledge/file"
)

// comparison is a format, where its files are, and who else reads it.
type comparison struct {
	format    string
	folder    string // below the corpora
	extension string
	peer      peer
}

var comparisons = []comparison{
	{"docx", "docx", ".docx", pandoc("docx")},
	{"pdf", "pdf", ".pdf", pdftotext()},
	{"md", "text/md", ".md", pandoc("gfm+yaml_metadata_block")},
	{"rst", "text/rst", ".rst", pandoc("rst")},
}

// totals add up the files that both could read; a file that one of the two
// refuses counts for neither.
type totals struct {
	files, refused int
	bytes          int
	ours           time.Duration
	peer           time.Duration // process start included
	peerStart      time.Duration // as many runs on a trivial file
}

// BenchmarkAgainstPeers parses each file with this library in-process and with
// the peer in a process of its own, one after the other, one at a time.
//
// "ours/peer" compares what a Go program would pay for either, the start of a
// process included. "ours/peer-work" takes the time of a run on a trivial file,
// measured just before, off each of the peer's runs: what is left is the
// peer's parsing and writing alone. MB are megabytes of the file as stored.
func BenchmarkAgainstPeers(b *testing.B) {
	registry := file.NewRegistry(file.Config{})
	for _, c := range comparisons {
		b.Run(c.format+"-"+c.peer.program, func(b *testing.B) {
			c.peer.requireInstalled(b)
			files := samples(b, c.folder, c.extension)
			trivial := c.peer.writeTrivial(b)
			var sum totals
			b.ReportAllocs()
			for b.Loop() {
				for _, s := range files {
					if err := b.Context().Err(); err != nil {
						b.Fatal(err)
					}
					sum.add(b, registry, c.peer, trivial, s)
				}
			}
			sum.report(b)
		})
	}
}

func (t *totals) add(tb testing.TB, registry *file.Registry, p peer, trivial string, s sample) {
	tb.Helper()
	ctx := tb.Context()
	ours, oursErr := parseTime(ctx, registry, s)
	_, start, err := p.read(ctx, trivial)
	if err != nil {
		tb.Fatalf("the peer does not run: %v", err)
	}
	_, theirs, peerErr := p.read(ctx, s.path)
	if oursErr != nil || peerErr != nil {
		t.refused++
		return
	}
	t.files++
	t.bytes += len(s.data)
	t.ours += ours
	t.peer += theirs
	t.peerStart += start
}

func parseTime(ctx context.Context, registry *file.Registry, s sample) (time.Duration, error) {
	start := time.Now()
	_, err := registry.Parse(ctx, file.Input{Name: s.path, Data: s.data})
	return time.Since(start), err
}

func (t *totals) report(b *testing.B) {
	b.Helper()
	if t.files == 0 {
		b.Fatal("no file that both could read")
	}
	b.ReportMetric(float64(t.files)/float64(b.N), "files")
	b.ReportMetric(float64(t.refused)/float64(b.N), "refused")
	b.ReportMetric(megabytesPerSecond(t.bytes, t.ours), "ours-MB/s")
	b.ReportMetric(megabytesPerSecond(t.bytes, t.peer), "peer-MB/s")
	b.ReportMetric(ratio(t.peer, t.ours), "ours/peer")
	if work := t.peer - t.peerStart; work > 0 {
		b.ReportMetric(ratio(work, t.ours), "ours/peer-work")
	}
	b.ReportMetric(0, "ns/op") // the sum of both says nothing
}

func megabytesPerSecond(bytes int, took time.Duration) float64 {
	return float64(bytes) / 1e6 / took.Seconds()
}

// ratio says how many times as fast ours is.
func ratio(peer, ours time.Duration) float64 { return peer.Seconds() / ours.Seconds() }
