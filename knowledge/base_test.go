package knowledge_test

import (
	"context"
	"errors"
	"fmt"
	"iter"
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/kundeagent/kundeagent/knowledge"
)

// script is a source that yields what a test wrote.
type script struct {
	id      string
	changes []knowledge.Change
	err     error
	known   knowledge.Manifest // as given to the last sync
}

func (s *script) ID() string { return s.id }

func (s *script) Documents(_ context.Context, known knowledge.Manifest) iter.Seq2[knowledge.Change, error] {
	s.known = known
	return func(yield func(knowledge.Change, error) bool) {
		for _, c := range s.changes {
			if !yield(c, nil) {
				return
			}
		}
		if s.err != nil {
			yield(knowledge.Change{}, s.err)
		}
	}
}

func put(id, text string) knowledge.Change {
	return knowledge.Change{ID: id, Kind: knowledge.Upsert, State: []byte("etag-" + id), Document: &knowledge.Document{
		Title: id, URL: "https://shop.example/" + id, Language: "en", Blocks: []knowledge.Block{{Text: text}},
	}}
}

var complete = knowledge.Change{Kind: knowledge.Complete}

func newBase(t testing.TB, cfg knowledge.Config, sources ...knowledge.Source) *knowledge.Base {
	t.Helper()
	b, err := knowledge.New(cfg)
	if err != nil {
		t.Fatal(err)
	}
	for _, s := range sources {
		if err := b.Add(s, knowledge.SourceOptions{}); err != nil {
			t.Fatal(err)
		}
	}
	return b
}

func sync1(t testing.TB, b *knowledge.Base, id string) knowledge.Report {
	t.Helper()
	r, err := b.Sync(t.Context(), id)
	if err != nil {
		t.Fatal(err)
	}
	return r
}

// titles returns the titles found for a query.
func titles(t testing.TB, b *knowledge.Base, q knowledge.Query) string {
	t.Helper()
	q.Limit = 50
	res, err := b.Search(t.Context(), q)
	if err != nil {
		t.Fatal(err)
	}
	var out []string
	for _, p := range res.Passages {
		out = append(out, p.Title)
	}
	return strings.Join(out, " ")
}

func TestSyncAddsUpdatesAndKeepsUnchanged(t *testing.T) {
	s := &script{id: "s", changes: []knowledge.Change{put("bikes", "A bicycle has two wheels."), put("boats", "A boat floats on water."), complete}}
	b := newBase(t, knowledge.Config{}, s)
	if r := sync1(t, b, "s"); r.Added != 2 || r.Documents != 2 || r.Passages != 2 || !r.Complete {
		t.Errorf("first sync: %+v", r)
	}
	s.changes = []knowledge.Change{put("bikes", "A bicycle has two wheels and a bell."), {ID: "boats", Kind: knowledge.Unchanged}, complete}
	if r := sync1(t, b, "s"); r.Updated != 1 || r.Unchanged != 1 || r.Added != 0 || r.Removed != 0 {
		t.Errorf("second sync: %+v", r)
	}
	if string(s.known.Entries["boats"].State) != "etag-boats" || s.known.Entries["boats"].Hash == "" {
		t.Errorf("the source was given %+v", s.known)
	}
	if got := titles(t, b, knowledge.Query{Text: "bell", Language: "en"}); got != "bikes" {
		t.Errorf("the new text finds %q", got)
	}
}

func TestStateOfSkippedDocumentsComesBackUntilTheyAreSeenNoMore(t *testing.T) {
	skipped := knowledge.Change{ID: "hidden", Kind: knowledge.Skipped, Err: knowledge.ErrUnsupported, State: []byte("etag")}
	s := &script{id: "s", changes: []knowledge.Change{put("a", "One text."), skipped, complete}}
	b := newBase(t, knowledge.Config{}, s)
	sync1(t, b, "s")
	s.changes = []knowledge.Change{{ID: "a", Kind: knowledge.Unchanged}} // incomplete
	sync1(t, b, "s")
	if e := s.known.Entries["hidden"]; string(e.State) != "etag" || e.Hash != "" {
		t.Errorf("second sync was given %+v", s.known.Entries)
	}
	s.changes = append(s.changes, complete)
	sync1(t, b, "s")
	if e := s.known.Entries["hidden"]; string(e.State) != "etag" {
		t.Errorf("third sync was given %+v", s.known.Entries)
	}
	sync1(t, b, "s")
	if _, ok := s.known.Entries["hidden"]; ok {
		t.Error("the state outlived a complete sync without the document")
	}
}

func TestP10NothingKnownIsLost(t *testing.T) {
	down := errors.New("connection refused")
	many := func(n int) []knowledge.Change {
		var out []knowledge.Change
		for i := range n {
			out = append(out, put(fmt.Sprintf("doc%02d", i), fmt.Sprintf("Number %d stands here.", i)))
		}
		return append(out, complete)
	}
	for _, c := range []struct {
		name    string
		changes []knowledge.Change
		err     error
		wantErr error
		want    int // documents afterwards
	}{
		{"source fails at once", nil, down, down, 20},
		{"source fails midway", many(5)[:5], down, down, 20},
		{"source claims to be complete and then fails", many(5), down, down, 20},
		{"incomplete without an error", many(5)[:5], nil, nil, 20},
		{"documents fail", []knowledge.Change{{ID: "doc00", Kind: knowledge.Failed, Err: down}, {ID: "doc01", Kind: knowledge.Failed, Err: down}}, nil, nil, 20},
		{"half is missing from a complete sync", many(10), nil, knowledge.ErrHeldBack, 20},
		{"a few are missing from a complete sync", many(18), nil, nil, 18},
		{"one is proven gone", []knowledge.Change{{ID: "doc00", Kind: knowledge.Gone}}, nil, nil, 19},
		{"no text any more", []knowledge.Change{{ID: "doc00", Kind: knowledge.Upsert, Document: &knowledge.Document{}}}, nil, nil, 20},
	} {
		t.Run(c.name, func(t *testing.T) {
			s := &script{id: "s", changes: many(20)}
			b := newBase(t, knowledge.Config{}, s)
			sync1(t, b, "s")
			s.changes, s.err = c.changes, c.err
			r, err := b.Sync(t.Context(), "s")
			if !errors.Is(err, c.wantErr) {
				t.Fatalf("error %v, want %v", err, c.wantErr)
			}
			docs, _ := b.Documents("s")
			if len(docs) != c.want {
				t.Errorf("%d documents known, want %d; report %+v", len(docs), c.want, r)
			}
		})
	}
}

func TestHeldSyncIsPublishedByAnOperator(t *testing.T) {
	var all []knowledge.Change
	for i := range 10 {
		all = append(all, put(fmt.Sprintf("doc%d", i), fmt.Sprintf("Number %d stands here.", i)))
	}
	s := &script{id: "s", changes: append(all, complete)}
	b := newBase(t, knowledge.Config{}, s)
	sync1(t, b, "s")
	s.changes = []knowledge.Change{all[0], complete}
	r, err := b.Sync(t.Context(), "s")
	if !errors.Is(err, knowledge.ErrHeldBack) || r.Held == "" || !b.Sources()[0].Held {
		t.Fatalf("sync of a tenth: %+v, %v", r, err)
	}
	if r, err = b.PublishHeld(t.Context(), "s"); err != nil || r.Documents != 1 || r.Removed != 9 {
		t.Errorf("published: %+v, %v", r, err)
	}
	if _, err := b.PublishHeld(t.Context(), "s"); err == nil {
		t.Error("publishing twice is no error")
	}
}

func TestP11RemovedSourceIsNotFoundFromTheNextSearchOn(t *testing.T) {
	b := newBase(t, knowledge.Config{}, &script{id: "a", changes: []knowledge.Change{put("bikes", "A bicycle has two wheels."), complete}}, &script{id: "b", changes: []knowledge.Change{put("boats", "A boat has no wheels."), complete}})
	sync1(t, b, "a")
	sync1(t, b, "b")
	before := b.Generation()
	if err := b.Remove(t.Context(), "a"); err != nil {
		t.Fatal(err)
	}
	if got := titles(t, b, knowledge.Query{Text: "bicycle wheels"}); got != "boats" {
		t.Errorf("found %q after removal", got)
	}
	if b.Generation() <= before {
		t.Error("the generation did not grow")
	}
	if _, err := b.Sync(t.Context(), "a"); !errors.Is(err, knowledge.ErrUnknownSource) {
		t.Errorf("sync of a removed source: %v", err)
	}
}

func TestP5AudienceAndVisibilityAreFilteredBeforeRanking(t *testing.T) {
	b := newBase(t, knowledge.Config{})
	for id, o := range map[string]knowledge.SourceOptions{
		"open":     {},
		"private":  {Visibility: knowledge.Private},
		"internal": {Visibility: knowledge.Internal},
		"gold":     {Audience: []string{"gold", "vip"}},
		"silent":   {NoCitations: true},
	} {
		if err := b.Add(&script{id: id, changes: []knowledge.Change{put(id, "The discount is ten percent."), complete}}, o); err != nil {
			t.Fatal(err)
		}
		sync1(t, b, id)
	}
	for _, c := range []struct {
		q    knowledge.Query
		want []string
	}{
		{knowledge.Query{}, []string{"open", "private", "silent"}},
		{knowledge.Query{Audience: []string{"vip"}}, []string{"gold", "open", "private", "silent"}},
		{knowledge.Query{Audience: []string{"other"}}, []string{"open", "private", "silent"}},
		{knowledge.Query{Internal: true}, []string{"internal", "open", "private", "silent"}},
	} {
		c.q.Text = "What is the discount?"
		got := strings.Fields(titles(t, b, c.q))
		if len(got) != len(c.want) {
			t.Errorf("audience %v internal %t finds %v, want %v", c.q.Audience, c.q.Internal, got, c.want)
		}
		for _, w := range c.want {
			if !strings.Contains(strings.Join(got, " "), w) {
				t.Errorf("audience %v internal %t lacks %s", c.q.Audience, c.q.Internal, w)
			}
		}
	}
	res, _ := b.Search(t.Context(), knowledge.Query{Text: "What is the discount?"})
	for _, p := range res.Passages {
		if want := p.Source == "open"; p.Citable != want {
			t.Errorf("%s is citable: %t", p.Source, p.Citable)
		}
	}
}

func TestSourcesAndLanguagesAreFilteredBeforeRanking(t *testing.T) {
	b := newBase(t, knowledge.Config{Embedder: &meanings{}})
	text := map[string]string{"en": "The bike costs twenty.", "da": "The bike costs thirty.", "": "zz bike 40"}
	for _, id := range []string{"a", "b"} {
		s := &script{id: id}
		for lang, body := range text {
			c := put(id+lang, body)
			c.Document.Language = lang
			s.changes = append(s.changes, c)
		}
		if err := b.Add(s, knowledge.SourceOptions{}); err != nil {
			t.Fatal(err)
		}
		sync1(t, b, id)
	}
	putShort(t, b, knowledge.ShortAnswer{ID: "short", Question: "What does a bike and a helmet cost?", Answer: "Fifty.", Language: "da"})
	for _, c := range []struct {
		q    knowledge.Query
		want []string
	}{
		{knowledge.Query{}, []string{"", "a", "ada", "aen", "b", "bda", "ben"}},
		{knowledge.Query{Sources: []string{"a"}}, []string{"a", "ada", "aen"}},
		{knowledge.Query{Sources: []string{knowledge.ShortAnswerSource}}, []string{""}},
		{knowledge.Query{Languages: []string{"da-DK"}}, []string{"", "a", "ada", "b", "bda"}},
		{knowledge.Query{Sources: []string{"b"}, Languages: []string{"en", "de"}}, []string{"b", "ben"}},
		{knowledge.Query{Sources: []string{}}, nil},
	} {
		c.q.Text = "bike"
		got := strings.Split(titles(t, b, c.q), " ")
		slices.Sort(got)
		if strings.Join(got, " ") != strings.Join(c.want, " ") {
			t.Errorf("sources %v, languages %v: found %q, want %q", c.q.Sources, c.q.Languages, got, c.want)
		}
	}
	b2 := newBase(t, knowledge.Config{})
	putShort(t, b2, knowledge.ShortAnswer{ID: "short", Question: "bike", Answer: "Fifty."})
	if ask(t, b2, knowledge.Query{Text: "bike", Sources: []string{"a"}}).ShortAnswer != nil {
		t.Error("a short answer is given although other sources were asked for")
	}
}

func TestReadersNeverSeeAMixedGeneration(t *testing.T) {
	version := func(n int) []knowledge.Change {
		var out []knowledge.Change
		for i := range 20 {
			out = append(out, put(fmt.Sprintf("doc%d", i), fmt.Sprintf("The common word and version%d in document %d.", n, i)))
		}
		return append(out, complete)
	}
	s := &script{id: "s", changes: version(0)}
	b := newBase(t, knowledge.Config{}, s)
	sync1(t, b, "s")
	done := make(chan struct{})
	var wg sync.WaitGroup
	for range 2 {
		wg.Go(func() {
			for {
				select {
				case <-done:
					return
				default:
				}
				res, err := b.Search(t.Context(), knowledge.Query{Text: "common word", Limit: 20})
				if err != nil {
					t.Error(err)
					return
				}
				versions := map[string]bool{}
				for _, p := range res.Passages {
					for _, w := range strings.Fields(p.Text()) {
						if strings.HasPrefix(w, "version") {
							versions[w] = true
						}
					}
				}
				if len(res.Passages) != 20 || len(versions) != 1 {
					t.Errorf("%d passages of generations %v", len(res.Passages), versions)
					return
				}
			}
		})
	}
	for n := 1; n <= 10; n++ {
		s.changes = version(n)
		sync1(t, b, "s")
	}
	close(done)
	wg.Wait()
}

func TestConfigurationFaultsAreTyped(t *testing.T) {
	if _, err := knowledge.New(knowledge.Config{MaxLoss: 2}); !errors.Is(err, knowledge.ErrInvalidConfig) {
		t.Errorf("MaxLoss 2: %v", err)
	}
	b := newBase(t, knowledge.Config{}, &script{id: "s"})
	for _, c := range []struct {
		id   string
		opts knowledge.SourceOptions
		want error
	}{
		{"s", knowledge.SourceOptions{}, knowledge.ErrDuplicateSource},
		{"", knowledge.SourceOptions{}, knowledge.ErrInvalidConfig},
		{"t", knowledge.SourceOptions{Visibility: 9}, knowledge.ErrInvalidConfig},
		{"t", knowledge.SourceOptions{Audience: []string{"a,b"}}, knowledge.ErrInvalidConfig},
	} {
		if err := b.Add(&script{id: c.id}, c.opts); !errors.Is(err, c.want) {
			t.Errorf("Add %q %+v: %v, want %v", c.id, c.opts, err, c.want)
		}
	}
	if err := b.Remove(t.Context(), "none"); !errors.Is(err, knowledge.ErrUnknownSource) {
		t.Errorf("Remove: %v", err)
	}
}

func TestSyncTellsItsProgress(t *testing.T) {
	var seen []knowledge.SyncProgress
	s := &script{id: "s", changes: []knowledge.Change{
		{Kind: knowledge.Progress, Found: 3}, put("a", "One text."), {ID: "b", Kind: knowledge.Skipped, Err: knowledge.ErrUnsupported}, put("c", "Another text."), complete,
	}}
	b := newBase(t, knowledge.Config{OnProgress: func(p knowledge.SyncProgress) { seen = append(seen, p) }}, s)
	r := sync1(t, b, "s")
	last := seen[len(seen)-1]
	if len(seen) != 4 || seen[0].Found != 3 || last.Done != 3 || last.Imported != 2 || last.Skipped != 1 {
		t.Errorf("progress: %+v", seen)
	}
	if len(r.Issues) != 1 || r.Issues[0].Document != "b" || !errors.Is(r.Issues[0].Err, knowledge.ErrUnsupported) {
		t.Errorf("issues: %+v", r.Issues)
	}
}

func TestBoilerplateOfASourceIsNotIndexed(t *testing.T) {
	const banner = "Sign up for our newsletter with forty percent off everything."
	page := func(i int, common string) knowledge.Change {
		c := put(fmt.Sprintf("doc%02d", i), fmt.Sprintf("Fact number %d about topic%d stands only here.", i, i))
		if common != "" {
			c.Document.Blocks = append(c.Document.Blocks, knowledge.Block{Text: common})
		}
		return c
	}
	s := &script{id: "s"}
	b := newBase(t, knowledge.Config{}, s)
	found := func() (n int) {
		res, err := b.Search(t.Context(), knowledge.Query{Text: "newsletter", Language: "en", Limit: 50})
		if err != nil {
			t.Fatal(err)
		}
		for _, p := range res.Passages {
			n += strings.Count(p.Text(), "newsletter")
		}
		return n
	}
	for i := range 4 {
		s.changes = append(s.changes, page(i, banner))
	}
	sync1(t, b, "s")
	if n := found(); n != 4 {
		t.Errorf("with four documents %d passages are found, want 4: too few to call it boilerplate", n)
	}
	s.changes = nil
	for i := range 6 {
		s.changes = append(s.changes, page(i+4, banner))
	}
	sync1(t, b, "s")
	if n := found(); n != 0 {
		t.Errorf("a block of all ten documents is found %d times", n)
	}
	if got := titles(t, b, knowledge.Query{Text: "topic3", Language: "en"}); !strings.HasPrefix(got, "doc03") {
		t.Errorf("the rest of a document finds %q", got)
	}
	s.changes = nil
	for i := range 8 {
		s.changes = append(s.changes, page(i, ""))
	}
	sync1(t, b, "s")
	if n := found(); n != 2 {
		t.Errorf("a block that two of ten documents have is found %d times", n)
	}
}

func BenchmarkSearch(b *testing.B) {
	var changes []knowledge.Change
	for i := range 10_000 {
		changes = append(changes, put(fmt.Sprintf("doc%d", i), fmt.Sprintf("Passage number %d tells about topic%d and about subject%d in plain words.", i, i%97, i%89)))
	}
	base := newBase(b, knowledge.Config{}, &script{id: "s", changes: changes})
	sync1(b, base, "s")
	b.ReportAllocs()
	for b.Loop() {
		if _, err := base.Search(b.Context(), knowledge.Query{Text: "What about topic41 and subject12?", Language: "en"}); err != nil {
			b.Fatal(err)
		}
	}
}
