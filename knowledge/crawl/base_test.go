package crawl

import (
	"errors"
	"fmt"
	"net/http"
	"strings"
	"testing"
	"testing/fstest"
	"time"

	"github.com/kundeagent/kundeagent/knowledge"
	"github.com/kundeagent/kundeagent/knowledge/file"
)

func baseOf(t *testing.T, sources ...knowledge.Source) *knowledge.Base {
	t.Helper()
	base, err := knowledge.New(knowledge.Config{})
	if err != nil {
		t.Fatal(err)
	}
	for _, s := range sources {
		if err := base.Add(s, knowledge.SourceOptions{}); err != nil {
			t.Fatal(err)
		}
	}
	return base
}

func TestP12PrivateAddressIsATypedErrorAndTheRestOfTheSyncGoesOn(t *testing.T) {
	intranet := mustNew(t, Config{ID: "intranet", URL: "http://127.0.0.1/help", Related: true, Delay: -1})
	files := file.Dir("files", fstest.MapFS{"a.md": {Data: []byte("# A\n\nA fact.")}, "b.exe": {Data: []byte("MZ")}}, file.DirConfig{})
	base := baseOf(t, intranet, files)
	for range 2 {
		_, err := base.SyncAll(t.Context())
		var skip *Skip
		if !errors.Is(err, ErrStart) || !errors.As(err, &skip) || skip.Outcome != Blocked || !strings.Contains(err.Error(), "127.0.0.1") {
			t.Errorf("error is %v", err)
		}
		if docs, _ := base.Documents("files"); len(docs) != 1 {
			t.Errorf("%d documents of the other source", len(docs))
		}
	}
}

// TestP10BaseKeepsItsDocuments: whatever befalls the site, the Base has the same
// documents after a sync, and its report or error says why.
func TestP10BaseKeepsItsDocuments(t *testing.T) {
	status := func(code int) func(http.ResponseWriter, *http.Request) bool {
		return func(w http.ResponseWriter, r *http.Request) bool { w.WriteHeader(code); return true }
	}
	for _, c := range []struct {
		name    string
		trouble func(http.ResponseWriter, *http.Request) bool
		says    string
	}{
		{"down", func(http.ResponseWriter, *http.Request) bool { panic(http.ErrAbortHandler) }, "unreachable"},
		{"500", status(500), "500"},
		{"robots 503", robotsAnswers(func(w http.ResponseWriter, r *http.Request) { w.WriteHeader(503) }), "robots-unreachable"},
		{"login wall", func(w http.ResponseWriter, r *http.Request) bool {
			if r.URL.Path != "/robots.txt" {
				http.Redirect(w, r, "/login", http.StatusFound)
			}
			return r.URL.Path != "/robots.txt"
		}, "login"},
		{"half answers 404", func(w http.ResponseWriter, r *http.Request) bool {
			n := 0
			if _, err := fmt.Sscanf(r.URL.Path, "/articles/how-to-%d", &n); err != nil || n%2 == 0 {
				return false
			}
			http.NotFound(w, r)
			return true
		}, "first time"},
	} {
		t.Run(c.name, func(t *testing.T) {
			s := newSite(t, 40, true)
			base := baseOf(t, mustNew(t, s.config()))
			if _, err := base.Sync(t.Context(), "help"); err != nil {
				t.Fatal(err)
			}
			s.Set(func() { s.Override = c.trouble })
			report, err := base.Sync(t.Context(), "help")
			said := fmt.Sprint(err)
			for _, issue := range report.Issues {
				said += "; " + issue.Err.Error()
			}
			if docs, _ := base.Documents("help"); len(docs) != 41 || report.Removed != 0 || report.Complete {
				t.Errorf("%d documents, report %+v", len(docs), report)
			}
			if !strings.Contains(said, c.says) {
				t.Errorf("nothing says %q: %s", c.says, said)
			}
		})
	}
}

func TestP10BaseRemovesWhatAnswers410AndPublishesTheRest(t *testing.T) {
	s := newSite(t, 40, true)
	base := baseOf(t, mustNew(t, s.config()))
	if _, err := base.Sync(t.Context(), "help"); err != nil {
		t.Fatal(err)
	}
	s.Set(func() {
		s.Override = func(w http.ResponseWriter, r *http.Request) bool {
			n := 0
			if _, err := fmt.Sscanf(r.URL.Path, "/articles/how-to-%d", &n); err != nil || n%8 != 0 {
				return false
			}
			w.WriteHeader(http.StatusGone)
			return true
		}
	})
	report, err := base.Sync(t.Context(), "help")
	docs, _ := base.Documents("help")
	if err != nil || report.Held != "" || report.Removed != 5 || len(docs) != 36 {
		t.Errorf("%d documents, report %+v, error %v", len(docs), report, err)
	}
}

// TestBaseRemembersForTheCrawl: what a crawl must know of the last one comes back
// through a Base, after a sync that failed as well.
func TestBaseRemembersForTheCrawl(t *testing.T) {
	s := newSite(t, 10, true)
	k := &clock{now: time.Date(2026, 3, 1, 0, 0, 0, 0, time.UTC)}
	cfg := s.config()
	withClock(k, -1)(&cfg)
	base := baseOf(t, mustNew(t, cfg))
	sync := func() (knowledge.Report, error) {
		k.now = k.now.Add(7 * 24 * time.Hour)
		return base.Sync(t.Context(), "help")
	}
	if _, err := sync(); err != nil {
		t.Fatal(err)
	}
	s.Set(func() { s.Override = answering("/articles/how-to-7", 404) })
	if r, err := sync(); err != nil || r.Removed != 0 {
		t.Errorf("first 404: %+v, %v", r, err)
	}
	if r, err := sync(); err != nil || r.Removed != 1 {
		t.Errorf("second 404: %+v, %v", r, err)
	}
	s.Set(func() {
		s.Override = robotsAnswers(func(w http.ResponseWriter, r *http.Request) { w.WriteHeader(503) })
	})
	for week := range 5 {
		if _, err := sync(); !errors.Is(err, ErrStart) {
			t.Errorf("week %d without robots.txt: %v", week, err)
		}
	}
	if r, err := sync(); err != nil || r.Documents != 11 {
		t.Errorf("after thirty days: %+v, %v", r, err)
	}
}
