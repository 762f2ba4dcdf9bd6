package crawl

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/kundeagent/kundeagent/internal/safehttp"
	"github.com/kundeagent/kundeagent/knowledge"
)

// robotsAnswers has robots.txt answered by f alone.
func robotsAnswers(f func(w http.ResponseWriter, r *http.Request)) func(http.ResponseWriter, *http.Request) bool {
	return func(w http.ResponseWriter, r *http.Request) bool {
		if r.URL.Path != "/robots.txt" {
			return false
		}
		f(w, r)
		return true
	}
}

// TestRobotsUnreachableForThirtyDays crawls once a week while robots.txt answers
// 503: nothing is fetched and nothing lost, until the RFC's patience ends.
func TestRobotsUnreachableForThirtyDays(t *testing.T) {
	s := newSite(t, 10, true)
	k := &clock{now: time.Date(2026, 3, 1, 0, 0, 0, 0, time.UTC)}
	cfg := s.config()
	withClock(k, -1)(&cfg)
	known := first(t, s, cfg)
	s.Set(func() {
		s.Override = robotsAnswers(func(w http.ResponseWriter, r *http.Request) { w.WriteHeader(503) })
	})
	for day := 7; day <= 42; day += 7 {
		k.now = k.now.Add(7 * 24 * time.Hour)
		asked := s.Count("/articles/how-to-1")
		c := collect(t, mustNew(t, cfg), context.Background(), known)
		known = c.manifest(known)
		if c.removed() != 0 {
			t.Errorf("day %d: documents are gone: %v", day, c.why)
		}
		said := strings.Join(c.notes, "; ")
		if waited := day - 7; waited < 30 {
			if !errors.Is(c.err, ErrStart) || c.complete || s.Count("/articles/how-to-1") != asked || !strings.Contains(said, "2026-03-08") {
				t.Errorf("day %d: error %v, notes %q; pages must not be fetched", day, c.err, said)
			}
			continue
		}
		if c.err != nil || !c.complete || c.kinds[knowledge.Unchanged] != 11 || !strings.Contains(said, "cannot be had since 2026-03-08") {
			t.Errorf("day %d: error %v, complete %v, %v, notes %q", day, c.err, c.complete, c.kinds, said)
		}
	}
	k.now = k.now.Add(7 * 24 * time.Hour)
	s.Set(func() { s.Override = nil })
	c := collect(t, mustNew(t, cfg), context.Background(), known)
	known = c.manifest(known)
	if c.err != nil || known.Entries[SiteState].State != nil {
		t.Errorf("after it is back: error %v, remembered %s", c.err, known.Entries[SiteState].State)
	}
	s.Set(func() {
		s.Override = robotsAnswers(func(w http.ResponseWriter, r *http.Request) { w.WriteHeader(503) })
	})
	if c := collect(t, mustNew(t, cfg), context.Background(), known); !errors.Is(c.err, ErrStart) {
		t.Errorf("the patience begins anew: error %v", c.err)
	}
}

func TestRobotsRedirectsAreFollowedToAnyHost(t *testing.T) {
	other := newSite(t, 0, true)
	other.Robots = "User-agent: *\nDisallow: /articles/how-to-2\n"
	for hops, disallowed := range map[int]bool{1: true, 5: true, 6: false} {
		s := newSite(t, 3, true)
		s.Robots = ""
		s.Override = func(w http.ResponseWriter, r *http.Request) bool {
			n := 0
			if _, err := fmt.Sscanf(r.URL.Path, "/robots-%d", &n); err != nil && r.URL.Path != "/robots.txt" {
				return false
			}
			to := fmt.Sprintf("/robots-%d", n+1)
			if n == hops-1 {
				to = other.Addr("/robots.txt")
			}
			http.Redirect(w, r, to, http.StatusFound)
			return true
		}
		c := s.crawl(t, func(cfg *Config) { cfg.Ports = append(cfg.Ports, other.Port()) })
		if c.err != nil || (c.ended(s, "/articles/how-to-2") == Disallowed) != disallowed {
			t.Errorf("%d hops: how-to-2 ended as %q, error %v", hops, c.ended(s, "/articles/how-to-2"), c.err)
		}
	}
}

func TestRobotsIsAskedAgainAfterADay(t *testing.T) {
	s := newSite(t, 30, true)
	k := &clock{now: time.Date(2026, 3, 1, 0, 0, 0, 0, time.UTC)}
	c := s.crawl(t, func(cfg *Config) { withClock(k, time.Hour)(cfg); cfg.Deadline = 100 * time.Hour })
	if n := s.Count("/robots.txt"); c.err != nil || len(c.docs) != 31 || n != 2 {
		t.Errorf("%d requests for robots.txt in %v, %d documents, error %v", n, k.now.Sub(time.Date(2026, 3, 1, 0, 0, 0, 0, time.UTC)), len(c.docs), c.err)
	}
}

func TestOwnerMayIgnoreRobots(t *testing.T) {
	s := newSite(t, 3, true)
	s.Robots = "User-agent: *\nDisallow: /\nCrawl-delay: 7\n"
	if c := s.crawl(t, nil); !errors.Is(c.err, ErrStart) {
		t.Errorf("error %v, want ErrStart for a start page that is disallowed", c.err)
	}
	k := &clock{now: time.Date(2026, 3, 1, 0, 0, 0, 0, time.UTC)}
	ignore := func(cfg *Config) { withClock(k, -1)(cfg); cfg.IgnoreRobots = true }
	if c := s.crawl(t, ignore); c.err != nil || len(c.docs) != 4 || len(k.slept) == 0 || k.slept[0] > 7*time.Second {
		t.Errorf("ignored: %d documents, waits %v, error %v", len(c.docs), k.slept, c.err)
	}
	s.Set(func() {
		s.Override = robotsAnswers(func(w http.ResponseWriter, r *http.Request) { w.WriteHeader(500) })
	})
	c := s.crawl(t, ignore)
	if c.err != nil || len(c.docs) != 4 || !strings.Contains(strings.Join(c.notes, " "), "is ignored") {
		t.Errorf("not to be had: %d documents, notes %q, error %v", len(c.docs), c.notes, c.err)
	}
}

// TestP12RobotsAndSitemapAreNoWayToAPrivateAddress holds for what is fetched
// besides pages: it all goes through one client.
func TestP12RobotsAndSitemapAreNoWayToAPrivateAddress(t *testing.T) {
	const inside = "http://169.254.169.254/latest/meta-data/"
	s := newSite(t, 3, true)
	s.Override = robotsAnswers(func(w http.ResponseWriter, r *http.Request) { http.Redirect(w, r, inside, http.StatusFound) })
	if c := s.crawl(t, nil); !errors.Is(c.err, ErrStart) || !errors.Is(c.err, safehttp.ErrBlockedAddress) {
		t.Errorf("robots.txt redirects there: error %v", c.err)
	}
	s.Set(func() {
		s.Override = func(w http.ResponseWriter, r *http.Request) bool {
			if r.URL.Path == "/sitemap.xml" {
				http.Redirect(w, r, inside, http.StatusFound)
			}
			return r.URL.Path == "/sitemap.xml"
		}
	})
	c := s.crawl(t, nil)
	if c.err != nil || len(c.docs) != 4 || !strings.Contains(strings.Join(c.notes, " "), "link-local") {
		t.Errorf("the sitemap redirects there: %d documents, notes %q, error %v", len(c.docs), c.notes, c.err)
	}
}

func TestRobotsAnswersThatAllowEverything(t *testing.T) {
	for _, code := range []int{400, 401, 403, 404, 410} {
		s := newSite(t, 3, true)
		s.Override = func(w http.ResponseWriter, r *http.Request) bool {
			if r.URL.Path == "/robots.txt" {
				w.WriteHeader(code)
				return true
			}
			return false
		}
		if c := s.crawl(t, nil); c.err != nil || len(c.docs) != 4 {
			t.Errorf("robots.txt answers %d: %d documents, %v", code, len(c.docs), c.err)
		}
	}
}
