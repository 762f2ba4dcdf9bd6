package crawl

import (
	"context"
	"errors"
	"math/rand/v2"
	"net/http"
	"strconv"
	"strings"
	"sync"
	"time"
)

const (
	maxCrawlDelay = 30 * time.Second
	maxRetryAfter = 5 * time.Minute
	firstBackoff  = 2 * time.Second
	maxPauses     = 30 // of one host in one crawl; then errors count at once
)

// errDeadline stops a wait that would end after the crawl's deadline.
var errDeadline = errors.New("deadline of the crawl")

// gates space the requests to each host. They are safe for concurrent use.
type gates struct {
	now      func() time.Time
	sleep    func(context.Context, time.Duration) error
	delay    time.Duration
	deadline time.Time

	mu    sync.Mutex
	hosts map[string]*gate
}

type gate struct {
	next   time.Time
	delay  time.Duration
	pauses int
}

func (g *gates) host(host string) *gate {
	h := g.hosts[host]
	if h == nil {
		h = &gate{delay: g.delay}
		g.hosts[host] = h
	}
	return h
}

// crawlDelay notes what the host's robots.txt asks for.
func (g *gates) crawlDelay(host string, d time.Duration) {
	g.mu.Lock()
	defer g.mu.Unlock()
	h := g.host(host)
	h.delay = max(h.delay, min(d, maxCrawlDelay))
}

// wait returns when the next request to host is due.
func (g *gates) wait(ctx context.Context, host string) error {
	g.mu.Lock()
	h := g.host(host)
	now := g.now()
	at := h.next
	if at.Before(now) {
		at = now
	}
	if at.After(g.deadline) {
		g.mu.Unlock()
		return errDeadline
	}
	h.next = at.Add(h.delay)
	g.mu.Unlock()
	if d := at.Sub(now); d > 0 {
		return g.sleep(ctx, d)
	}
	return ctx.Err()
}

// pause holds all requests to host back after it has answered with an error. It
// reports false when that was done too often to help.
func (g *gates) pause(host string, d time.Duration) bool {
	g.mu.Lock()
	defer g.mu.Unlock()
	h := g.host(host)
	if h.pauses++; h.pauses > maxPauses {
		return false
	}
	if until := g.now().Add(d); until.After(h.next) {
		h.next = until
	}
	return true
}

// backoff is the wait before attempt number n, counted from 1: what the server
// asked for, or else twice as long each time, half of it by chance.
func backoff(n int, asked time.Duration) time.Duration {
	if asked > 0 {
		return min(asked, maxRetryAfter)
	}
	d := firstBackoff << min(n-1, 6)
	return d/2 + rand.N(d/2)
}

// retryAfter reads the header, in seconds or as a date; 0 when it says nothing.
func retryAfter(h http.Header, now time.Time) time.Duration {
	v := strings.TrimSpace(h.Get("Retry-After"))
	if n, err := strconv.Atoi(v); err == nil && n > 0 {
		return min(time.Duration(min(n, 1<<20))*time.Second, maxRetryAfter)
	}
	if at, err := http.ParseTime(v); err == nil && at.After(now) {
		return min(at.Sub(now), maxRetryAfter)
	}
	return 0
}
