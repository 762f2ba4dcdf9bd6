package crawl

import (
	"context"
	"errors"
	"net/http"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"
)

// clock is time that passes only by sleeping.
type clock struct {
	mu    sync.Mutex
	now   time.Time
	slept []time.Duration
}

func (c *clock) Now() time.Time {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.now
}

func (c *clock) Sleep(ctx context.Context, d time.Duration) error {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.slept = append(c.slept, d)
	c.now = c.now.Add(d)
	return ctx.Err()
}

func withClock(c *clock, delay time.Duration) func(*Config) {
	return func(cfg *Config) { cfg.Now, cfg.Sleep, cfg.Delay = c.Now, c.Sleep, delay }
}

func TestRequestsKeepTheirDistance(t *testing.T) {
	for _, c := range []struct {
		name, robots string
		delay, want  time.Duration
	}{
		{"a second by default", "", 0, time.Second},
		{"as configured", "", 3 * time.Second, 3 * time.Second},
		{"longer by robots.txt", "User-agent: *\nCrawl-delay: 7\n", time.Second, 7 * time.Second},
		{"shorter by robots.txt is not obeyed", "User-agent: *\nCrawl-delay: 1\n", 3 * time.Second, 3 * time.Second},
		{"no longer than half a minute", "User-agent: *\nCrawl-delay: 3600\n", time.Second, 30 * time.Second},
		{"robots.txt is heard even without a delay", "User-agent: *\nCrawl-delay: 7\n", -1, 7 * time.Second},
	} {
		s := newSite(t, 5, true)
		s.Robots = c.robots
		k := &clock{now: time.Date(2026, 3, 1, 0, 0, 0, 0, time.UTC)}
		if got := s.crawl(t, withClock(k, c.delay)); got.err != nil || len(got.docs) != 6 {
			t.Fatalf("%s: %d documents, %v", c.name, len(got.docs), got.err)
		}
		if len(k.slept) < 6 || !slices.Contains(k.slept, c.want) || slices.Max(k.slept) > c.want {
			t.Errorf("%s: waits %v, want %v", c.name, k.slept, c.want)
		}
	}
}

func TestBusyAnswersAreWaitedOut(t *testing.T) {
	start := time.Date(2026, 3, 1, 0, 0, 0, 0, time.UTC)
	for _, c := range []struct {
		name, header string
		status       int
		least, most  time.Duration
	}{
		{"seconds", "90", 503, 90 * time.Second, 90 * time.Second},
		{"date", start.Add(2 * time.Minute).Format(http.TimeFormat), 429, 115 * time.Second, 2 * time.Minute},
		{"too long", "86400", 503, 5 * time.Minute, 5 * time.Minute},
		{"not said", "", 429, time.Second, 2 * time.Second},
		{"nonsense", "soon", 500, time.Second, 2 * time.Second},
	} {
		s := newSite(t, 2, true)
		busy := true
		s.Override = func(w http.ResponseWriter, r *http.Request) bool {
			if r.URL.Path != "/articles/how-to-1" || !busy {
				return false
			}
			busy = false
			w.Header().Set("Retry-After", c.header)
			w.WriteHeader(c.status)
			return true
		}
		k := &clock{now: start}
		got := s.crawl(t, withClock(k, -1))
		if got.err != nil || len(got.docs) != 3 {
			t.Errorf("%s: %d documents, %v", c.name, len(got.docs), got.err)
		}
		if len(k.slept) != 1 || k.slept[0] < c.least || k.slept[0] > c.most {
			t.Errorf("%s: waited %v, want %v to %v once", c.name, k.slept, c.least, c.most)
		}
	}
}

func TestDeadlineCutsWithoutComplete(t *testing.T) {
	s := newSite(t, 100, true)
	k := &clock{now: time.Date(2026, 3, 1, 0, 0, 0, 0, time.UTC)}
	c := s.crawl(t, func(cfg *Config) { withClock(k, time.Second)(cfg); cfg.Deadline = 20 * time.Second })
	if c.err != nil || c.complete || len(c.docs) < 10 || len(c.docs) > 20 || c.outcomes[Deadline] == 0 {
		t.Errorf("%d documents, complete %v, error %v, outcomes %v", len(c.docs), c.complete, c.err, c.outcomes)
	}
}

func TestFailuresInARowEndTheCrawl(t *testing.T) {
	s := newSite(t, 100, true)
	s.Override = func(w http.ResponseWriter, r *http.Request) bool {
		if s.Count("/articles/how-to-1") > 0 && strings.HasPrefix(r.URL.Path, "/articles/") {
			w.WriteHeader(http.StatusInternalServerError)
			return true
		}
		return false
	}
	c := s.crawl(t, func(cfg *Config) { cfg.MaxFailures = 3 })
	if !errors.Is(c.err, ErrSiteDown) || c.outcomes[Status] != 3 || c.outcomes[Aborted] == 0 {
		t.Errorf("error %v, outcomes %v", c.err, c.outcomes)
	}
	if n := s.Count("/articles/how-to-1"); n != maxAttempts {
		t.Errorf("a failing page was asked for %d times, want %d", n, maxAttempts)
	}
}

func TestFetchBudgetIsExact(t *testing.T) {
	s := newSite(t, 200, true)
	c := s.crawl(t, func(cfg *Config) { cfg.MaxFetches = 40; cfg.Concurrency = 8 })
	total := 0
	s.Set(func() {
		for path, n := range s.Hits {
			if path != "/robots.txt" && path != "/sitemap.xml" {
				total += n
			}
		}
	})
	if total != 40 || c.complete || c.outcomes[Budget] == 0 {
		t.Errorf("%d requests for pages, want 40; complete %v, outcomes %v", total, c.complete, c.outcomes)
	}
}
