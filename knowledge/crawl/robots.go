package crawl

import (
	"context"
	"errors"
	"fmt"
	"io"
	"maps"
	"net/http"
	"sync"
	"time"

	"github.com/kundeagent/kundeagent/internal/safehttp"
	"github.com/kundeagent/kundeagent/knowledge/crawl/internal/robots"
)

const (
	robotsTries = 2
	// RFC 9309, section 2.4: a copy is not used for longer than this.
	robotsFresh = 24 * time.Hour
	// RFC 9309, section 2.3.1.4: what was unreachable for this long may be taken
	// to be unavailable, so that a site whose robots.txt is broken for good can
	// be crawled.
	robotsPatience = 30 * 24 * time.Hour
)

// robotsOf is what is known of one origin's robots.txt.
type robotsOf struct {
	once   sync.Once
	loaded time.Time
	file   *robots.File
	fault  error // it cannot be had, so nothing may be fetched
	note   string
}

// refusal is the end of an address whose robots.txt cannot be had.
func (r *robotsOf) refusal(addr address) fetched {
	o := RobotsUnreachable
	switch {
	case isRefused(r.fault):
		o = Blocked
	case errors.Is(r.fault, errDeadline):
		o = Deadline
	}
	got := failed(addr, o, "", r.fault)
	got.strike = o == RobotsUnreachable
	return got
}

// isRefused tells errors of our own rules from those of the network.
func isRefused(err error) bool {
	return errors.Is(err, safehttp.ErrBlockedAddress) || errors.Is(err, safehttp.ErrRefusedURL)
}

// rules returns the robots.txt of an origin, which is asked for once a crawl,
// or once a day in a longer one.
func (f *fetcher) rules(ctx context.Context, addr address) *robotsOf {
	origin := addr.url.Scheme + "://" + addr.url.Host
	now := f.src.cfg.Now()
	f.mu.Lock()
	r := f.robots[origin]
	if r == nil || now.Sub(r.loaded) > robotsFresh {
		r = &robotsOf{loaded: now}
		f.robots[origin] = r
	}
	f.mu.Unlock()
	r.once.Do(func() { f.loadRobots(ctx, r, addr, origin) })
	return r
}

// permit tells whether an address may be fetched; if not, got is its end.
func (f *fetcher) permit(ctx context.Context, addr address) (got fetched, ok bool) {
	rules := f.rules(ctx, addr)
	if rules.fault != nil {
		return rules.refusal(addr), false
	}
	if f.src.cfg.IgnoreRobots {
		return fetched{}, true
	}
	if ok, by := rules.file.Rules().Allowed(addr.requestPath()); !ok {
		return failed(addr, Disallowed, "rule "+by, nil), false
	}
	return fetched{}, true
}

func (f *fetcher) loadRobots(ctx context.Context, r *robotsOf, addr address, origin string) {
	for attempt := 1; ; attempt++ {
		if r.fault = f.gates.wait(ctx, addr.url.Host); r.fault != nil {
			return
		}
		var asked time.Duration
		r.file, r.note, asked, r.fault = f.askRobots(ctx, origin)
		if r.fault == nil {
			f.reached(origin)
			f.gates.crawlDelay(addr.url.Host, r.file.Rules().CrawlDelay)
			return
		}
		if isRefused(r.fault) || ctx.Err() != nil {
			return
		}
		if attempt == robotsTries || !f.gates.pause(addr.url.Host, backoff(attempt, asked)) {
			break
		}
	}
	since := f.unreached(origin)
	switch {
	case f.src.cfg.IgnoreRobots:
		r.note = fmt.Sprintf("robots.txt cannot be had and is ignored: %v", r.fault)
	case f.src.cfg.Now().Sub(since) >= robotsPatience:
		r.note = fmt.Sprintf("robots.txt cannot be had since %s, so nothing is taken to be disallowed: %v", since.Format(time.DateOnly), r.fault)
	default:
		return
	}
	r.file, r.fault = robots.Parse(nil, ""), nil
}

// reached and unreached keep the days since when an origin's robots.txt cannot
// be had; see siteState.
func (f *fetcher) reached(origin string) {
	f.mu.Lock()
	defer f.mu.Unlock()
	delete(f.unreachable, origin)
}

func (f *fetcher) unreached(origin string) (since time.Time) {
	f.mu.Lock()
	defer f.mu.Unlock()
	since, ok := f.unreachable[origin]
	if !ok {
		since = f.src.cfg.Now().UTC()
		if len(f.unreachable) < maxOrigins {
			f.unreachable[origin] = since
		}
	}
	return since
}

// unreachableOrigins returns those whose robots.txt cannot be had, and since when.
func (f *fetcher) unreachableOrigins() map[string]time.Time {
	f.mu.Lock()
	defer f.mu.Unlock()
	return maps.Clone(f.unreachable)
}

// askRobots applies the rules of RFC 9309, section 2.3.1: what is unavailable
// allows everything, what is unreachable nothing. Being asked to slow down
// counts as unreachable.
func (f *fetcher) askRobots(ctx context.Context, origin string) (file *robots.File, note string, asked time.Duration, err error) {
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, origin+"/robots.txt", nil)
	if err != nil {
		return nil, "", 0, err
	}
	resp, err := f.client.Do(req)
	if errors.Is(err, safehttp.ErrTooManyRedirects) {
		return robots.Parse(nil, ""), "robots.txt redirects too often", 0, nil
	}
	if err != nil {
		return nil, "", 0, err
	}
	defer resp.Body.Close()
	switch code := resp.StatusCode; {
	case code >= 200 && code < 300:
		// The RFC has what passes the limit ignored, so this is no silent cut.
		data, err := io.ReadAll(io.LimitReader(resp.Body, robots.MaxBytes+1))
		if err != nil {
			return nil, "", 0, err
		}
		return robots.Parse(data, f.src.token), "", 0, nil
	case code == http.StatusTooManyRequests || code >= 500:
		return nil, "", retryAfter(resp.Header, f.src.cfg.Now()), fmt.Errorf("robots.txt of %s: status %d", origin, code)
	case code == http.StatusUnauthorized || code == http.StatusForbidden:
		return robots.Parse(nil, ""), fmt.Sprintf("robots.txt answers %d, which allows to crawl", code), 0, nil
	}
	return robots.Parse(nil, ""), "", 0, nil
}
