package chromem_test

import (
	"context"
	"fmt"
	"iter"
	"strings"

	"github.com/kundeagent/kundeagent/knowledge"
	"github.com/kundeagent/kundeagent/knowledge/chromem"
)

// toyEmbedding stands in for a model, such as one of chromem-go's embedding
// functions: it knows two topics in two languages.
func toyEmbedding(_ context.Context, text string) ([]float32, error) {
	v := []float32{0, 0, .1}
	for i, words := range [][]string{{"refund", "money", "geld"}, {"bicycle", "wheel", "rad"}} {
		for _, w := range words {
			v[i] += float32(strings.Count(strings.ToLower(text), w))
		}
	}
	return v, nil
}

func articles() knowledge.Source {
	return knowledge.SourceFunc("articles", func(context.Context, knowledge.Manifest) iter.Seq2[knowledge.Change, error] {
		return func(yield func(knowledge.Change, error) bool) {
			for title, text := range map[string]string{
				"Refunds": "You get your money back within two weeks.",
				"Repairs": "We true the wheel of any bicycle.",
			} {
				doc := &knowledge.Document{Title: title, Blocks: []knowledge.Block{{Text: text}}}
				if !yield(knowledge.Change{ID: title, Kind: knowledge.Upsert, Document: doc}, nil) {
					return
				}
			}
			yield(knowledge.Change{Kind: knowledge.Complete}, nil)
		}
	})
}

func ExampleIndex() {
	ctx := context.Background()
	base, err := knowledge.New(knowledge.Config{
		// One of chromem-go's functions goes in the place of toyEmbedding.
		Embedder:  chromem.Embedder(toyEmbedding, chromem.EmbedderConfig{}),
		Embedding: knowledge.EmbeddingConfig{Index: chromem.Index()},
	})
	if err != nil {
		fmt.Println(err)
		return
	}
	if err := base.Add(articles(), knowledge.SourceOptions{}); err != nil {
		fmt.Println(err)
		return
	}
	if _, err := base.Sync(ctx, "articles"); err != nil {
		fmt.Println(err)
		return
	}
	found, err := base.Search(ctx, knowledge.Query{Text: "Wann ist mein Geld da?", Language: "de"})
	fmt.Println(found.Passages[0].Title, err)
	// Output: Refunds <nil>
}

func ExampleEmbedder() {
	e := chromem.Embedder(toyEmbedding, chromem.EmbedderConfig{Concurrency: 2})
	vectors, err := e.Embed(context.Background(), []string{"Geld", "ein Rad"})
	fmt.Println(vectors, err)
	// Output: [[1 0 0.1] [0 1 0.1]] <nil>
}
