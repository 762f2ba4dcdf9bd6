package knowledge_test

import (
	"context"
	"iter"
	"strings"
	"sync"
	"testing"

	"github.com/kundeagent/kundeagent/knowledge"
)

func TestEmbedderSeesRedactedTextOnly(t *testing.T) {
	var mu sync.Mutex
	var seen []string
	embedder := knowledge.EmbedderFunc(func(_ context.Context, texts []string) ([][]float32, error) {
		mu.Lock()
		defer mu.Unlock()
		seen = append(seen, texts...)
		vectors := make([][]float32, len(texts))
		for i := range vectors {
			vectors[i] = []float32{1, 2}
		}
		return vectors, nil
	})
	base, err := knowledge.New(knowledge.Config{Embedder: embedder, Embedding: knowledge.EmbeddingConfig{
		Redact: func(s string) string { return strings.ReplaceAll(s, "anna@mail.example", "[email]") },
	}})
	if err != nil {
		t.Fatal(err)
	}
	err = base.Add(knowledge.SourceFunc("s", func(context.Context, knowledge.Manifest) iter.Seq2[knowledge.Change, error] {
		return func(yield func(knowledge.Change, error) bool) {
			yield(knowledge.Change{ID: "d", Kind: knowledge.Upsert, Document: &knowledge.Document{ID: "d", Title: "Who to ask", Blocks: []knowledge.Block{{Text: "About lamps write to anna@mail.example."}}}}, nil)
		}
	}), knowledge.SourceOptions{})
	if err == nil {
		_, err = base.Sync(t.Context(), "s")
	}
	if err != nil {
		t.Fatal(err)
	}
	found, err := base.Search(t.Context(), knowledge.Query{Text: "Is anna@mail.example right about lamps?", Language: "en"})
	if err != nil || len(found.Passages) != 1 || !strings.Contains(found.Passages[0].Text(), "anna@mail.example") {
		t.Errorf("found %+v, %v: the text itself stays", found, err)
	}
	all := strings.Join(seen, "\n")
	if len(seen) < 2 || strings.Contains(all, "anna@") || strings.Count(all, "[email]") != 2 {
		t.Errorf("the embedder saw %q", seen)
	}
}
