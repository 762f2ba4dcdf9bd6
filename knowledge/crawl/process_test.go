//go:build unix

package crawl

import (
	"context"
	"encoding/json"
	"fmt"
	"net/netip"
	"os"
	"os/exec"
	"runtime"
	"strconv"
	"syscall"
	"testing"
	"time"

	"github.com/kundeagent/kundeagent/internal/race"
	"github.com/kundeagent/kundeagent/knowledge"
)

// crawlerEnv tells a copy of the test binary to crawl that port and nothing
// else, so that what the crawler uses is told apart from what the site does.
const crawlerEnv = "KUNDEAGENT_TEST_CRAWL_PORT"

// usage is what such a process used.
type usage struct {
	Documents int
	Unchanged int // of the second crawl
	Upserts   int // the same
	MaxRSS    int // bytes
	First     time.Duration
	Second    time.Duration
}

func TestMain(m *testing.M) {
	if port := os.Getenv(crawlerEnv); port != "" {
		if err := crawlAlone(port); err != nil {
			fmt.Fprintln(os.Stderr, err)
			os.Exit(1)
		}
		return
	}
	os.Exit(m.Run())
}

// crawlAlone crawls twice and prints its usage.
func crawlAlone(port string) error {
	n, err := strconv.Atoi(port)
	if err != nil {
		return err
	}
	src, err := New(Config{
		ID: "help", URL: "http://127.0.0.1:" + port + "/", Related: true, Delay: -1, Concurrency: 4, Languages: []string{"en"},
		Allow: []netip.Prefix{netip.MustParsePrefix("127.0.0.0/8")}, Ports: []uint16{uint16(n)},
		Sleep: func(ctx context.Context, _ time.Duration) error { return ctx.Err() },
	})
	if err != nil {
		return err
	}
	known := knowledge.Manifest{Entries: map[string]knowledge.Entry{}}
	var u usage
	crawl := func() (time.Duration, error) {
		runtime.GC()
		before := cpuTime()
		u.Unchanged, u.Upserts = 0, 0
		for change, err := range src.Documents(context.Background(), known) {
			switch {
			case err != nil:
				return 0, err
			case change.Kind == knowledge.Upsert:
				u.Upserts++
				known.Entries[change.ID] = knowledge.Entry{Hash: "h", State: change.State}
			case change.Kind == knowledge.Unchanged:
				u.Unchanged++
			case change.Kind == knowledge.Skipped && change.State != nil:
				known.Entries[change.ID] = knowledge.Entry{State: change.State}
			}
		}
		return cpuTime() - before, nil
	}
	if u.First, err = crawl(); err != nil {
		return err
	}
	u.Documents = u.Upserts
	if u.Second, err = crawl(); err != nil {
		return err
	}
	var rusage syscall.Rusage
	if err := syscall.Getrusage(syscall.RUSAGE_SELF, &rusage); err != nil {
		return err
	}
	u.MaxRSS = int(rusage.Maxrss)
	if runtime.GOOS != "darwin" {
		u.MaxRSS <<= 10 // in kilobytes but there
	}
	return json.NewEncoder(os.Stdout).Encode(u)
}

func cpuTime() time.Duration {
	var r syscall.Rusage
	if err := syscall.Getrusage(syscall.RUSAGE_SELF, &r); err != nil {
		panic(err)
	}
	return time.Duration(r.Utime.Nano() + r.Stime.Nano())
}

// alone has another process crawl s.
func alone(t testing.TB, s *site) usage {
	t.Helper()
	cmd := exec.Command(os.Args[0])
	cmd.Env = append(os.Environ(), fmt.Sprintf("%s=%d", crawlerEnv, s.Port()))
	cmd.Stderr = os.Stderr
	out, err := cmd.Output()
	if err != nil {
		t.Fatal(err)
	}
	var u usage
	if err := json.Unmarshal(out, &u); err != nil {
		t.Fatalf("%v in %s", err, out)
	}
	return u
}

// TestP13MemoryOfACrawlWithBombs bounds all memory of a process that crawls the
// site with the page of 52 MB and the one that unpacks to 100 MB.
func TestP13MemoryOfACrawlWithBombs(t *testing.T) {
	race.SkipHeavy(t) // which takes memory of its own
	s := newSite(t, 1000, false)
	u := alone(t, s)
	t.Logf("%d documents, largest resident set %d MB", u.Documents, u.MaxRSS>>20)
	if u.Documents != 1000 || s.Count("/bomb") == 0 || s.Count("/huge") == 0 {
		t.Errorf("%d documents, /bomb asked for %d times, /huge %d", u.Documents, s.Count("/bomb"), s.Count("/huge"))
	}
	if u.MaxRSS > 100<<20 {
		t.Errorf("largest resident set %d MB, want at most 100", u.MaxRSS>>20)
	}
}

// BenchmarkUnchangedShare gives the processor time of a crawl of 1,000 unchanged
// pages as a share of the first crawl's, the site's own left out.
func BenchmarkUnchangedShare(b *testing.B) {
	s := newSite(b, 999, true)
	s.Words = 3000
	s.Sitemap = s.StaleSitemap(1, 0)
	var first, second time.Duration
	for b.Loop() {
		u := alone(b, s)
		if u.Documents != 1000 || u.Unchanged != 1000 || u.Upserts != 0 {
			b.Fatalf("%+v", u)
		}
		first, second = first+u.First, second+u.Second
	}
	b.ReportMetric(first.Seconds()*1e6/float64(b.N)/1000, "first-cpu-µs/page")
	b.ReportMetric(second.Seconds()*1e6/float64(b.N)/1000, "unchanged-cpu-µs/page")
	b.ReportMetric(second.Seconds()/first.Seconds(), "unchanged/first")
}
