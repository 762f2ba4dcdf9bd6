package knowledgetest_test

import (
	"errors"
	"fmt"
	"io/fs"
	"net/http"
	"net/http/httptest"
	"net/netip"
	"net/url"
	"strconv"
	"sync"
	"testing"
	"testing/fstest"

	"github.com/kundeagent/kundeagent/knowledge"
	"github.com/kundeagent/kundeagent/knowledge/crawl"
	"github.com/kundeagent/kundeagent/knowledge/file"
	"github.com/kundeagent/kundeagent/knowledge/knowledgetest"
)

// faultyFS is a file system in which things can be made unreadable.
type faultyFS struct {
	files  fstest.MapFS
	broken map[string]bool
}

func (f faultyFS) Open(name string) (fs.File, error) {
	if f.broken[name] {
		return nil, &fs.PathError{Op: "open", Path: name, Err: errors.New("input/output error")}
	}
	return f.files.Open(name)
}

func TestDirKeepsItsPromises(t *testing.T) {
	knowledgetest.TestSource(t, func(*testing.T) knowledgetest.SourceUnderTest {
		files := faultyFS{fstest.MapFS{}, map[string]bool{}}
		path := func(name string) string { return "articles/" + name + ".md" }
		return knowledgetest.SourceUnderTest{
			Source: file.Dir("files", files, file.DirConfig{}),
			Put: func(name, text string) string {
				files.files[path(name)] = &fstest.MapFile{Data: []byte("# " + name + "\n\n" + text + "\n")}
				return path(name)
			},
			Remove: func(name string) { delete(files.files, path(name)) },
			Break:  func(name string) { files.broken[path(name)] = true },
			Fail: func() func() {
				files.broken["."] = true
				return func() { delete(files.broken, ".") }
			},
		}
	}, knowledgetest.SourceOptions{Completes: true, Validates: true, ReportsRemoval: true})
}

func TestUploadsKeepTheirPromises(t *testing.T) {
	knowledgetest.TestSource(t, func(t *testing.T) knowledgetest.SourceUnderTest {
		uploads := file.NewUploads("uploads", file.UploadsConfig{})
		must := func(err error) {
			if err != nil {
				t.Fatal(err)
			}
		}
		return knowledgetest.SourceUnderTest{
			Source: uploads,
			Put: func(name, text string) string {
				must(uploads.Put(t.Context(), name+".txt", []byte(text)))
				return name + ".txt"
			},
			Remove: func(name string) { must(uploads.Delete(t.Context(), name+".txt")) },
		}
	}, knowledgetest.SourceOptions{Completes: true, Validates: true, ReportsRemoval: true})
}

// helpCentre is a site whose start page links to every article.
type helpCentre struct {
	mu       sync.Mutex
	names    []string // in the order first put
	articles map[string]string
	broken   map[string]bool
	down     bool
}

func (h *helpCentre) locked(f func()) {
	h.mu.Lock()
	defer h.mu.Unlock()
	f()
}

func (h *helpCentre) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	h.mu.Lock()
	defer h.mu.Unlock()
	name := r.URL.Path[1:]
	text, ok := h.articles[name]
	switch {
	case r.URL.Path == "/robots.txt":
		http.NotFound(w, r)
	case h.down || h.broken[name]:
		http.Error(w, "out of order", http.StatusInternalServerError)
	case r.URL.Path == "/":
		links := ""
		for _, name := range h.names {
			links += fmt.Sprintf(`<p><a href="/%s">%s</a></p>`, name, name)
		}
		fmt.Fprintf(w, `<html lang="en"><head><title>Help</title></head><body><main><h1>Help</h1>
<p>Everything that customers of the workshop ask about, in one place.</p></main><footer>%s</footer></body></html>`, links)
	case !ok:
		http.NotFound(w, r)
	default:
		tag := fmt.Sprintf("%q", strconv.Itoa(len(text))+text[:20])
		w.Header().Set("ETag", tag)
		if r.Header.Get("If-None-Match") == tag {
			w.WriteHeader(http.StatusNotModified)
			return
		}
		fmt.Fprintf(w, `<html lang="en"><head><title>%s</title></head><body><main><h1>%s</h1><p>%s</p></main></body></html>`, name, name, text)
	}
}

func TestCrawlKeepsItsPromises(t *testing.T) {
	for _, concurrency := range []int{1, 4} {
		t.Run(fmt.Sprintf("concurrency %d", concurrency), func(t *testing.T) {
			knowledgetest.TestSource(t, func(t *testing.T) knowledgetest.SourceUnderTest { return newCrawl(t, concurrency) },
				knowledgetest.SourceOptions{Completes: true, Validates: true, ReportsRemoval: true, Confirms: 2})
		})
	}
}

func newCrawl(t *testing.T, concurrency int) knowledgetest.SourceUnderTest {
	site := &helpCentre{articles: map[string]string{}, broken: map[string]bool{}}
	srv := httptest.NewServer(site)
	t.Cleanup(srv.Close)
	address, err := url.Parse(srv.URL)
	if err != nil {
		t.Fatal(err)
	}
	port, err := strconv.ParseUint(address.Port(), 10, 16)
	if err != nil {
		t.Fatal(err)
	}
	source, err := crawl.New(crawl.Config{
		ID: "site", URL: srv.URL, Related: true, Delay: -1, Concurrency: concurrency, Sleep: noWait,
		Allow: []netip.Prefix{netip.MustParsePrefix("127.0.0.0/8")}, Ports: []uint16{uint16(port)},
	})
	if err != nil {
		t.Fatal(err)
	}
	return knowledgetest.SourceUnderTest{
		Source: source,
		Put: func(name, text string) string {
			site.locked(func() {
				if _, known := site.articles[name]; !known {
					site.names = append(site.names, name)
				}
				site.articles[name] = text
			})
			return address.Host + "/" + name
		},
		Remove: func(name string) { site.locked(func() { delete(site.articles, name) }) },
		Break:  func(name string) { site.locked(func() { site.broken[name] = true }) },
		Fail: func() func() {
			site.locked(func() { site.down = true })
			return func() { site.locked(func() { site.down = false }) }
		},
	}
}

// TestSourceThatCanDoLittle is one without validators or proof of removal.
func TestSourceThatCanDoLittle(t *testing.T) {
	knowledgetest.TestSource(t, func(*testing.T) knowledgetest.SourceUnderTest {
		shown := map[string]string{}
		return knowledgetest.SourceUnderTest{
			Source: knowledge.SourceFunc("plain", plainDocuments(shown)),
			Put: func(name, text string) string {
				shown[name] = text
				return name
			},
			Remove: func(name string) { delete(shown, name) },
		}
	}, knowledgetest.SourceOptions{Completes: true})
}
