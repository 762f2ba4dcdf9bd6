package crawl

import (
	"context"
	"errors"
	"net/netip"
	"strings"
	"testing"
	"time"

	"github.com/kundeagent/kundeagent/knowledge"
	"github.com/kundeagent/kundeagent/knowledge/crawl/crawltest"
)

// site is a site on the loopback address, and how to crawl it.
type site struct{ *crawltest.Site }

func newSite(t testing.TB, pages int, plain bool) *site {
	s := &site{crawltest.NewSite(pages, plain)}
	t.Cleanup(s.Close)
	return s
}

// config crawls the site without waiting.
func (s *site) config() Config {
	return Config{
		ID: "help", URL: s.Addr("/"), Related: true, Delay: -1, Concurrency: 4,
		Allow: []netip.Prefix{netip.MustParsePrefix("127.0.0.0/8")}, Ports: []uint16{s.Port()},
		Sleep: func(ctx context.Context, _ time.Duration) error { return ctx.Err() },
	}
}

// outcome of a crawl as the receiver sees it.
type crawled struct {
	docs     map[string]*knowledge.Document
	kinds    map[knowledge.ChangeKind]int
	kindOf   map[string]knowledge.ChangeKind
	why      map[string]*Skip
	outcomes map[Outcome]int
	state    map[string][]byte
	notes    []string
	complete bool
	err      error
}

// removed counts the documents that a Base is told to remove.
func (c *crawled) removed() int { return c.kinds[knowledge.Gone] + c.kinds[knowledge.Missing] }

// collect ranges over a crawl and checks what holds for any: one outcome an
// address, a reason with each that is no document, nothing after the end.
func collect(t testing.TB, src *Source, ctx context.Context, known knowledge.Manifest) *crawled {
	t.Helper()
	c := &crawled{docs: map[string]*knowledge.Document{}, kinds: map[knowledge.ChangeKind]int{}, kindOf: map[string]knowledge.ChangeKind{},
		why: map[string]*Skip{}, outcomes: map[Outcome]int{}, state: map[string][]byte{}}
	for change, err := range src.Documents(ctx, known) {
		if c.err != nil || c.complete {
			t.Fatalf("change %+v after the end", change)
		}
		if err != nil {
			c.err = err
			continue
		}
		c.kinds[change.Kind]++
		switch change.Kind {
		case knowledge.Progress:
			var note *Note
			if errors.As(change.Err, &note) {
				c.notes = append(c.notes, note.Error())
			} else if change.Err != nil {
				t.Errorf("progress with %v", change.Err)
			}
			continue
		case knowledge.Complete:
			c.complete = true
			continue
		}
		if k, twice := c.kindOf[change.ID]; twice {
			t.Errorf("%s ended twice: %v and %v (%v)", change.ID, k, change.Kind, change.Err)
		}
		c.kindOf[change.ID] = change.Kind
		if len(change.State) > maxState {
			t.Errorf("%s: state of %d bytes", change.ID, len(change.State))
		}
		c.state[change.ID] = change.State
		if change.Kind == knowledge.Upsert {
			if change.Document == nil || change.Document.ID != change.ID {
				t.Fatalf("upsert of %s without its document", change.ID)
			}
			c.docs[change.ID] = change.Document
			continue
		}
		if change.Kind == knowledge.Unchanged {
			continue
		}
		if change.ID == SiteState {
			c.notes = append(c.notes, change.Err.Error())
			continue
		}
		var skip *Skip
		if !errors.As(change.Err, &skip) || skip.Outcome == "" || skip.URL == "" {
			t.Errorf("%v of %s without a reason: %v", change.Kind, change.ID, change.Err)
			continue
		}
		c.why[change.ID] = skip
		c.outcomes[skip.Outcome]++
	}
	return c
}

// manifest is what a Base would know after publishing the crawl.
func (c *crawled) manifest(before knowledge.Manifest) knowledge.Manifest {
	m := knowledge.Manifest{Entries: map[string]knowledge.Entry{}, SyncedAt: time.Now()}
	for id, e := range before.Entries {
		if e.Hash != "" || !c.complete {
			m.Entries[id] = e
		}
	}
	for id, kind := range c.kindOf {
		switch kind {
		case knowledge.Upsert, knowledge.Unchanged:
			m.Entries[id] = knowledge.Entry{Hash: "h", State: c.state[id]}
		case knowledge.Gone, knowledge.Missing:
			delete(m.Entries, id)
		case knowledge.Skipped:
			if _, known := before.Entries[id]; c.state[id] != nil && (!known || id == SiteState) {
				m.Entries[id] = knowledge.Entry{State: c.state[id]}
			}
		}
	}
	return m
}

// real counts the different real articles among the documents.
func (c *crawled) real() int {
	found := map[int]bool{}
	for _, d := range c.docs {
		if n := crawltest.Article(d.PlainText()); n > 0 {
			found[n] = true
		}
	}
	return len(found)
}

func mustNew(t testing.TB, cfg Config) *Source {
	t.Helper()
	src, err := New(cfg)
	if err != nil {
		t.Fatal(err)
	}
	return src
}

// checkClean fails for documents that must never be.
func checkClean(t *testing.T, s *site, c *crawled) {
	t.Helper()
	for id, d := range c.docs {
		if mark := crawltest.Forbidden(d.PlainText()); mark != "" {
			t.Errorf("%s must not be a document: holds %s", id, mark)
		}
		if !strings.HasPrefix(d.URL, s.Server.URL+"/") {
			t.Errorf("document from elsewhere: %s", d.URL)
		}
	}
	s.Set(func() {
		for path := range s.Hits {
			if strings.HasPrefix(path, "/private/") {
				t.Errorf("%s was fetched although robots.txt disallows it", path)
			}
		}
	})
}
