package langchain_test

import (
	"context"
	"iter"
	"strings"
	"testing"

	"github.com/kundeagent/kundeagent/agent/langchain"
	"github.com/kundeagent/kundeagent/knowledge"
)

// twoThings is a client of langchaingo that knows umbrellas from bicycles.
type twoThings struct{}

func (twoThings) CreateEmbedding(_ context.Context, texts []string) ([][]float32, error) {
	out := make([][]float32, len(texts))
	for i, text := range texts {
		out[i] = []float32{.1, .1}
		for _, word := range strings.Fields(strings.ToLower(text)) {
			switch strings.Trim(word, ".?") {
			case "umbrella", "brolly":
				out[i][0]++
			case "bicycle", "bike":
				out[i][1]++
			}
		}
	}
	return out, nil
}

var _ knowledge.Embedder = (*langchain.Embedder)(nil)

func TestBaseFindsByMeaningThroughAnEmbedderOfLangchaingo(t *testing.T) {
	base, err := knowledge.New(knowledge.Config{Embedder: langchain.NewEmbedder(twoThings{}, langchain.EmbedderConfig{})})
	if err != nil {
		t.Fatal(err)
	}
	source := knowledge.SourceFunc("help", func(context.Context, knowledge.Manifest) iter.Seq2[knowledge.Change, error] {
		return func(yield func(knowledge.Change, error) bool) {
			for id, text := range map[string]string{"rain": "An umbrella is lent for a day.", "wheels": "A bicycle costs 20."} {
				if !yield(knowledge.Change{ID: id, Kind: knowledge.Upsert, Document: &knowledge.Document{Blocks: []knowledge.Block{{Text: text}}}}, nil) {
					return
				}
			}
		}
	})
	if err := base.Add(source, knowledge.SourceOptions{}); err != nil {
		t.Fatal(err)
	}
	if r, err := base.Sync(t.Context(), "help"); err != nil || r.Unembedded != 0 {
		t.Fatalf("%+v, %v", r, err)
	}
	found, err := base.Search(t.Context(), knowledge.Query{Text: "brolly"})
	if err != nil || len(found.Passages) == 0 || found.Passages[0].Document != "rain" || found.Passages[0].Similarity < .9 {
		t.Errorf("%+v, %v", found.Passages, err)
	}
}
