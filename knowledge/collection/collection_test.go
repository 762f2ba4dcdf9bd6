package collection_test

import (
	"context"
	"errors"
	"fmt"
	"iter"
	"strings"
	"testing"

	"github.com/kundeagent/kundeagent/knowledge"
	"github.com/kundeagent/kundeagent/knowledge/collection"
	"github.com/kundeagent/kundeagent/knowledge/file"
)

func newCollection(t *testing.T, cfg collection.Config) (*collection.Collection, *knowledge.Base) {
	t.Helper()
	cfg.ID = "articles"
	c, err := collection.New(cfg)
	if err != nil {
		t.Fatal(err)
	}
	base, err := knowledge.New(knowledge.Config{})
	if err != nil {
		t.Fatal(err)
	}
	if err := base.Add(c, knowledge.SourceOptions{}); err != nil {
		t.Fatal(err)
	}
	return c, base
}

func found(t *testing.T, b *knowledge.Base, question string) string {
	t.Helper()
	res, err := b.Search(t.Context(), knowledge.Query{Text: question, Limit: 1})
	if err != nil {
		t.Fatal(err)
	}
	var ids []string
	for _, p := range res.Passages {
		ids = append(ids, p.Document)
	}
	return strings.Join(ids, " ")
}

func TestPushedItemsAreFoundWhenUpsertReturnsAndNotAfterDelete(t *testing.T) {
	c, base := newCollection(t, collection.Config{})
	r, err := c.Upsert(t.Context(),
		collection.Item{ID: "7", Title: "Returns", URL: "https://shop.example/returns", Body: "<h1>Returning</h1><p>Send it back within 14 days, <b>unworn</b>.</p>"},
		collection.Item{ID: "8", Format: file.Markdown, Body: "# Opening hours\n\nMonday to Friday, 9 to 17."},
		collection.Item{ID: "9", Title: "Tents", Blocks: []knowledge.Block{{Text: "Tents are green."}}},
	)
	if err != nil || r.Added != 3 {
		t.Fatalf("%+v, %v", r, err)
	}
	for question, want := range map[string]string{"unworn within 14 days": "7", "Monday to Friday": "8", "green tents": "9"} {
		if got := found(t, base, question); got != want {
			t.Errorf("%q finds %q, want %q", question, got, want)
		}
	}
	docs, err := base.Documents("articles")
	if err != nil || docs[0].Title != "Returns" || docs[0].URL != "https://shop.example/returns" || docs[1].Title != "Opening hours" {
		t.Errorf("%+v %+v, %v", docs[0], docs[1], err)
	}
	if _, err := c.Upsert(t.Context(), collection.Item{ID: "9", Title: "Tents", Blocks: []knowledge.Block{{Text: "Tents are yellow."}}}); err != nil {
		t.Fatal(err)
	}
	if got := found(t, base, "yellow"); got != "9" {
		t.Errorf("after an edit finds %q", got)
	}
	if r, err := c.Delete(t.Context(), "9", "never was"); err != nil || r.Removed != 1 {
		t.Errorf("%+v, %v", r, err)
	}
	if got := found(t, base, "yellow tents"); got != "" {
		t.Errorf("after it was deleted finds %q", got)
	}
	// A sync of a collection without Pull loses nothing.
	if r, err := base.Sync(t.Context(), "articles"); err != nil || r.Documents != 2 {
		t.Errorf("%+v, %v", r, err)
	}
}

func TestBadItemsAreNamedAndTheOthersTaken(t *testing.T) {
	c, base := newCollection(t, collection.Config{})
	_, err := c.Upsert(t.Context(),
		collection.Item{ID: "good", Body: "<p>Bikes are red.</p>"},
		collection.Item{ID: "empty", Body: " "},
		collection.Item{Title: "Nameless", Body: "<p>x</p>"},
		collection.Item{ID: "odd", Format: "exe", Body: "x"},
		collection.Item{ID: "both", Body: "x", Blocks: []knowledge.Block{{Text: "y"}}},
		collection.Item{ID: strings.Repeat("x", 2000), Body: "x"},
	)
	for _, want := range []error{knowledge.ErrNoText, knowledge.ErrUnsupported, collection.ErrInvalidItem} {
		if !errors.Is(err, want) {
			t.Errorf("%v is not %v", err, want)
		}
	}
	for _, name := range []string{"empty", "Nameless", "odd", "both", "xxxx"} {
		if !strings.Contains(fmt.Sprint(err), name) {
			t.Errorf("%v does not name %s", err, name)
		}
	}
	if got := found(t, base, "red bikes"); got != "good" {
		t.Errorf("finds %q", got)
	}
}

// listing is what a host's system holds.
type listing struct {
	items []collection.Item
	err   error
}

func (l *listing) pull(context.Context) iter.Seq2[collection.Item, error] {
	return func(yield func(collection.Item, error) bool) {
		for _, item := range l.items {
			if !yield(item, nil) {
				return
			}
		}
		if l.err != nil {
			yield(collection.Item{}, l.err)
		}
	}
}

func TestPullAddsUpdatesAndRemoves(t *testing.T) {
	l := &listing{}
	for i := range 20 {
		l.items = append(l.items, collection.Item{ID: fmt.Sprint(i), Version: "1", Body: fmt.Sprintf("<p>Fact number %d.</p>", i)})
	}
	_, base := newCollection(t, collection.Config{Pull: l.pull})
	sync := func() (knowledge.Report, error) { return base.Sync(t.Context(), "articles") }
	if r, err := sync(); err != nil || r.Added != 20 || !r.Complete {
		t.Fatalf("%+v, %v", r, err)
	}
	l.items[0].Body = "<p>Edited, but of the same version.</p>"
	l.items[1].Body, l.items[1].Version = "<p>Edited.</p>", "2"
	l.items[2].Body, l.items[2].Version = "", "2"
	l.items = l.items[:19]
	r, err := sync()
	if err != nil || r.Updated != 1 || r.Removed != 1 || r.Documents != 19 || len(r.Issues) != 1 || r.Issues[0].Document != "2" {
		t.Errorf("%+v, %v", r, err)
	}
	l.items, l.err = l.items[:3], errors.New("database is down")
	if r, err := sync(); !errors.Is(err, l.err) || r.Documents != 19 {
		t.Errorf("P10: a pull that failed midway: %+v, %v", r, err)
	}
	l.err = nil
	if r, err := sync(); !errors.Is(err, knowledge.ErrHeldBack) || r.Documents != 19 {
		t.Errorf("P10: most of it missing: %+v, %v", r, err)
	}
}

func TestPullIsBoundedAndEndsWithItsContext(t *testing.T) {
	endless := func(ctx context.Context) iter.Seq2[collection.Item, error] {
		return func(yield func(collection.Item, error) bool) {
			for i := 0; yield(collection.Item{ID: fmt.Sprint(i), Body: "<p>More.</p>"}, nil); i++ {
			}
		}
	}
	_, base := newCollection(t, collection.Config{Pull: endless, MaxItems: 10})
	if r, err := base.Sync(t.Context(), "articles"); !errors.Is(err, knowledge.ErrTooLarge) || r.Documents != 10 || r.Complete {
		t.Errorf("%+v, %v", r, err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if r, err := base.Sync(ctx, "articles"); !errors.Is(err, context.Canceled) || r.Documents != 10 {
		t.Errorf("%+v, %v", r, err)
	}
}

func TestConfigurationFaults(t *testing.T) {
	if _, err := collection.New(collection.Config{}); !errors.Is(err, collection.ErrInvalidConfig) {
		t.Errorf("no ID: %v", err)
	}
	c, err := collection.New(collection.Config{ID: "a"})
	if err != nil {
		t.Fatal(err)
	}
	if _, err := c.Upsert(t.Context(), collection.Item{ID: "1", Body: "<p>x</p>"}); !errors.Is(err, collection.ErrNotAdded) {
		t.Errorf("not added: %v", err)
	}
	for i, want := range []error{nil, collection.ErrInvalidConfig} {
		base, err := knowledge.New(knowledge.Config{})
		if err != nil {
			t.Fatal(err)
		}
		if err := base.Add(c, knowledge.SourceOptions{}); !errors.Is(err, want) {
			t.Errorf("added to base %d: %v", i, err)
		}
	}
}

func ExampleNew() {
	ctx := context.Background()
	articles, _ := collection.New(collection.Config{ID: "articles"})
	base, _ := knowledge.New(knowledge.Config{})
	_ = base.Add(articles, knowledge.SourceOptions{})

	// Wherever the host saves an article:
	_, err := articles.Upsert(ctx, collection.Item{
		ID: "42", Title: "Returns", URL: "https://shop.example/help/42",
		Body: "<p>Send it back within 14 days.</p>",
	})
	found, _ := base.Search(ctx, knowledge.Query{Text: "How many days to send it back?"})
	fmt.Println(found.Passages[0].Title, err)

	// And where it deletes one:
	_, err = articles.Delete(ctx, "42")
	found, _ = base.Search(ctx, knowledge.Query{Text: "How many days to send it back?"})
	fmt.Println(len(found.Passages), err)
	// Output:
	// Returns <nil>
	// 0 <nil>
}
