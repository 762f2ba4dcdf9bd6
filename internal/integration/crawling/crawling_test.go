//go:build unix

package crawling

import (
	"encoding/json"
	"fmt"
	"os"
	"os/exec"
	"runtime"
	"syscall"
	"testing"
	"time"

	"github.com/kundeagent/kundeagent/knowledge/crawl/crawltest"
)

// What both crawlers are given.
const (
	documentLimit = 1000
	fetchBudget   = 3 * documentLimit
	pageLimit     = 2 << 20
	concurrency   = 8
)

// A crawler runs in a process of its own, so that what it uses is told apart
// from what the site uses. These tell a copy of the test binary what to be.
const (
	crawlerEnv = "KUNDEAGENT_TEST_CRAWLER"
	startEnv   = "KUNDEAGENT_TEST_START"
)

var crawlers = map[string]func(start string, document func(text string)) error{"ours": ourCrawl, "colly": collyCrawl}

// usage is what one crawl came to and cost.
type usage struct {
	Documents int
	Unique    int // different articles among them
	Forbidden int // that must not be documents
	Wall, CPU time.Duration
	Mallocs   uint64
	Allocated uint64 // bytes
	MaxRSS    int64  // bytes
}

func TestMain(m *testing.M) {
	crawler, ok := crawlers[os.Getenv(crawlerEnv)]
	if !ok {
		os.Exit(m.Run())
	}
	if err := measure(crawler, os.Getenv(startEnv)); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}

// measure crawls once and prints the usage.
func measure(crawler func(string, func(string)) error, start string) error {
	var u usage
	articles := map[int]bool{}
	var before, after runtime.MemStats
	runtime.ReadMemStats(&before)
	began := time.Now()
	err := crawler(start, func(text string) {
		u.Documents++
		if n := crawltest.Article(text); n > 0 {
			articles[n] = true
		}
		if crawltest.Forbidden(text) != "" {
			u.Forbidden++
		}
	})
	if err != nil {
		return err
	}
	u.Wall, u.Unique = time.Since(began), len(articles)
	runtime.ReadMemStats(&after)
	u.Mallocs, u.Allocated = after.Mallocs-before.Mallocs, after.TotalAlloc-before.TotalAlloc
	var r syscall.Rusage
	if err := syscall.Getrusage(syscall.RUSAGE_SELF, &r); err != nil {
		return err
	}
	u.CPU, u.MaxRSS = time.Duration(r.Utime.Nano()+r.Stime.Nano()), int64(r.Maxrss)
	if runtime.GOOS != "darwin" {
		u.MaxRSS <<= 10 // in kilobytes but there
	}
	return json.NewEncoder(os.Stdout).Encode(u)
}

// run has a process crawl the site.
func run(t testing.TB, crawler string, s *crawltest.Site) usage {
	t.Helper()
	cmd := exec.Command(os.Args[0])
	cmd.Env = append(os.Environ(), crawlerEnv+"="+crawler, startEnv+"="+s.Addr("/"))
	cmd.Stderr = os.Stderr
	out, err := cmd.Output()
	if err != nil {
		t.Fatalf("%s: %v", crawler, err)
	}
	var u usage
	if err := json.Unmarshal(out, &u); err != nil {
		t.Fatalf("%s: %v in %s", crawler, err, out)
	}
	return u
}

func (u usage) perPage(n float64) float64 { return n / float64(max(u.Documents, 1)) }

func (u usage) String() string {
	return fmt.Sprintf("%d documents, %d articles, %d forbidden; %.0f documents/s, %.2f ms CPU, %.0f allocations, %.0f KB a document; %d MB resident",
		u.Documents, u.Unique, u.Forbidden, float64(u.Documents)/u.Wall.Seconds(), u.perPage(u.CPU.Seconds()*1e3),
		u.perPage(float64(u.Mallocs)), u.perPage(float64(u.Allocated)/1024), u.MaxRSS>>20)
}

// sites are the help centre with every trap, the same with a stale sitemap (60 %
// of the articles, 10 % dead links), and one without traps whose pages are as
// large as pages are.
func sites() map[string]func() *crawltest.Site {
	return map[string]func() *crawltest.Site{
		"traps": func() *crawltest.Site { return crawltest.NewSite(1000, false) },
		"traps and sitemap": func() *crawltest.Site {
			s := crawltest.NewSite(1000, false)
			s.Set(func() { s.Sitemap = s.StaleSitemap(.6, .1) })
			return s
		},
		"plain": func() *crawltest.Site {
			s := crawltest.NewSite(999, true)
			s.Words, s.Frame = 600, 75
			return s
		},
	}
}

// TestOursFindsMoreAndAllocatesLess holds what does not depend on how busy the
// machine is; BenchmarkCrawl prints the rest.
func TestOursFindsMoreAndAllocatesLess(t *testing.T) {
	for name, open := range sites() {
		t.Run(name, func(t *testing.T) {
			s := open()
			defer s.Close()
			ours, theirs := run(t, "ours", s), run(t, "colly", s)
			t.Logf("ours  %v", ours)
			t.Logf("colly %v", theirs)
			floor := map[string]int{"traps": 950, "traps and sitemap": 985, "plain": 999}[name]
			if ours.Unique < floor || ours.Unique < theirs.Unique {
				t.Errorf("%d articles, want at least %d and as many as colly's %d", ours.Unique, floor, theirs.Unique)
			}
			if ours.Forbidden > 0 {
				t.Errorf("%d documents that must not be", ours.Forbidden)
			}
			if a, b := ours.perPage(float64(ours.Mallocs)), theirs.perPage(float64(theirs.Mallocs)); a >= b {
				t.Errorf("%.0f allocations a document, colly %.0f", a, b)
			}
			if a, b := ours.perPage(float64(ours.Allocated)), theirs.perPage(float64(theirs.Allocated)); a >= b {
				t.Errorf("%.0f bytes allocated a document, colly %.0f", a, b)
			}
		})
	}
}

// BenchmarkCrawl prints what ours costs as a share of what colly costs, the site
// left out. The crawlers take turns, so that a busy phase of the machine meets
// both.
func BenchmarkCrawl(b *testing.B) {
	for name, open := range sites() {
		b.Run(name, func(b *testing.B) {
			s := open()
			defer s.Close()
			var ours, theirs usage
			for b.Loop() {
				ours.add(run(b, "ours", s))
				theirs.add(run(b, "colly", s))
			}
			b.Logf("ours  %v", ours)
			b.Logf("colly %v", theirs)
			ratio := func(unit string, of func(usage) float64) { b.ReportMetric(of(ours)/of(theirs), unit+"-ours/colly") }
			ratio("docs/s", func(u usage) float64 { return float64(u.Documents) / u.Wall.Seconds() })
			ratio("articles/s", func(u usage) float64 { return float64(u.Unique) / u.Wall.Seconds() })
			ratio("cpu/doc", func(u usage) float64 { return u.perPage(u.CPU.Seconds()) })
			ratio("allocs/doc", func(u usage) float64 { return u.perPage(float64(u.Mallocs)) })
			ratio("bytes/doc", func(u usage) float64 { return u.perPage(float64(u.Allocated)) })
			ratio("rss", func(u usage) float64 { return float64(u.MaxRSS) })
			ratio("articles", func(u usage) float64 { return float64(u.Unique) })
		})
	}
}

// add sums up several crawls; of the memory it keeps the largest.
func (u *usage) add(v usage) {
	u.Documents += v.Documents
	u.Unique += v.Unique
	u.Forbidden += v.Forbidden
	u.Wall += v.Wall
	u.CPU += v.CPU
	u.Mallocs += v.Mallocs
	u.Allocated += v.Allocated
	u.MaxRSS = max(u.MaxRSS, v.MaxRSS)
}
