package retrieval

import (
	"context"
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"time"

	"github.com/blevesearch/bleve/v2"
	"github.com/blevesearch/bleve/v2/analysis/analyzer/custom"
	"github.com/blevesearch/bleve/v2/analysis/analyzer/standard"
	"github.com/blevesearch/bleve/v2/analysis/lang/cjk"
	"github.com/blevesearch/bleve/v2/analysis/lang/de"
	"github.com/blevesearch/bleve/v2/analysis/lang/en"
	"github.com/blevesearch/bleve/v2/analysis/lang/ru"
	"github.com/blevesearch/bleve/v2/analysis/lang/tr"
	"github.com/blevesearch/bleve/v2/analysis/token/lowercase"
	"github.com/blevesearch/bleve/v2/analysis/token/ngram"
	"github.com/blevesearch/bleve/v2/analysis/tokenizer/unicode"
	"github.com/blevesearch/bleve/v2/index/scorch"
	"github.com/blevesearch/bleve/v2/mapping"
	"github.com/blevesearch/bleve/v2/search/query"
	index "github.com/blevesearch/bleve_index_api"
)

// bleveAnalyzers are bleve's own for the languages of the sets; it has none for
// Thai.
var bleveAnalyzers = map[string]string{"de": de.AnalyzerName, "en": en.AnalyzerName, "ru": ru.AnalyzerName, "tr": tr.AnalyzerName, "zh": cjk.AnalyzerName}

// bleveSettings are one way to run bleve.
type bleveSettings struct {
	memOnly bool   // bleve.NewMemOnly; else scorch in a folder, its files mapped
	scoring string // model
	grams   bool   // character 3- and 4-grams beside the words, much as ours has them
}

// gramWeight is the weight of character n-grams beside words, as ours has it.
const gramWeight = 0.4

// gramsOf names a language's field of character n-grams.
func gramsOf(language string) string { return language + "-grams" }

// bleveEngine is bleve with its language analyzers. What a search does not need
// is switched off: no stored values, term vectors, document values or field of
// all fields. All passages are added in one batch, which is its fastest way.
func bleveEngine(name string, set bleveSettings) engine {
	return engine{name, func(_ context.Context, passages []passage) (searcher, error) {
		m, err := bleveMapping(passages, set)
		if err != nil {
			return nil, err
		}
		s := &bleveSearcher{set: set}
		if set.memOnly {
			s.index, err = bleve.NewMemOnly(m)
		} else {
			if s.folder, err = os.MkdirTemp("", "bleve-"); err != nil {
				return nil, err
			}
			s.index, err = bleve.NewUsing(filepath.Join(s.folder, "index"), m, scorch.Name, scorch.Name, nil)
		}
		if err != nil {
			return nil, err
		}
		batch := s.index.NewBatch()
		for _, p := range passages {
			fields := map[string]any{p.language: p.text}
			if set.grams {
				fields[gramsOf(p.language)] = p.text
			}
			if err := batch.Index(p.id, fields); err != nil {
				return nil, err
			}
		}
		return s, s.index.Batch(batch)
	}}
}

// bleveMapping has a field for each language, named by it, and one for its
// n-grams.
func bleveMapping(passages []passage, set bleveSettings) (mapping.IndexMapping, error) {
	m := bleve.NewIndexMapping()
	m.ScoringModel = set.scoring
	if err := m.AddCustomTokenFilter("grams", map[string]any{"type": ngram.Name, "min": 3.0, "max": 4.0}); err != nil {
		return nil, err
	}
	err := m.AddCustomAnalyzer("grams", map[string]any{
		"type": custom.Name, "tokenizer": unicode.Name, "token_filters": []string{lowercase.Name, "grams"},
	})
	if err != nil {
		return nil, err
	}
	doc := bleve.NewDocumentStaticMapping()
	doc.AddSubDocumentMapping("_all", bleve.NewDocumentDisabledMapping())
	for _, p := range passages {
		if doc.Properties[p.language] != nil {
			continue
		}
		analyzer := bleveAnalyzers[p.language]
		if analyzer == "" {
			analyzer = standard.Name
		}
		doc.AddFieldMappingsAt(p.language, bleveField(analyzer))
		if set.grams {
			doc.AddFieldMappingsAt(gramsOf(p.language), bleveField("grams"))
		}
	}
	m.DefaultMapping = doc
	return m, nil
}

func bleveField(analyzer string) *mapping.FieldMapping {
	field := bleve.NewTextFieldMapping()
	field.Store, field.IncludeTermVectors, field.IncludeInAll, field.DocValues = false, false, false, false
	field.Analyzer = analyzer
	return field
}

type bleveSearcher struct {
	index  bleve.Index
	set    bleveSettings
	folder string // empty when in memory
}

func (s *bleveSearcher) search(ctx context.Context, q question, k int) ([]hit, error) {
	words := bleve.NewMatchQuery(q.text)
	words.SetField(q.language)
	var all query.Query = words
	if s.set.grams {
		grams := bleve.NewMatchQuery(q.text)
		grams.SetField(gramsOf(q.language))
		grams.SetBoost(gramWeight)
		all = bleve.NewDisjunctionQuery(words, grams)
	}
	found, err := s.index.SearchInContext(ctx, bleve.NewSearchRequestOptions(all, k, 0, false))
	if err != nil {
		return nil, err
	}
	hits := make([]hit, len(found.Hits))
	for i, h := range found.Hits {
		hits[i] = hit{h.ID, h.Score}
	}
	return hits, nil
}

func (s *bleveSearcher) mappedBytes() (int64, error) {
	if s.folder == "" {
		return 0, nil
	}
	var sum int64
	err := filepath.WalkDir(s.folder, func(path string, entry fs.DirEntry, err error) error {
		if err != nil || filepath.Ext(path) != ".zap" {
			return err
		}
		info, err := entry.Info()
		if err != nil {
			return err
		}
		sum += info.Size()
		return nil
	})
	return sum, err
}

// reopen serves scorch from its files alone, as in a process that did not build
// them. It has no other way to be rid of what building left on its heap.
func (s *bleveSearcher) reopen() (err error) {
	if s.folder == "" {
		return nil
	}
	if err := s.index.Close(); err != nil {
		return err
	}
	s.index, err = bleve.Open(filepath.Join(s.folder, "index"))
	return err
}

func (*bleveSearcher) offTheClock() time.Duration { return 0 }

func (s *bleveSearcher) close() error {
	err := s.index.Close()
	if s.folder != "" {
		err = errors.Join(err, os.RemoveAll(s.folder))
	}
	return err
}

// bleveEngines are the ways to run bleve that are worth comparing with: its
// fastest and smallest, its own for memory only, and the one that does what
// ours does.
func bleveEngines() []engine {
	return []engine{bleveScorch(), bleveMemOnly(), bleveGrams()}
}

func bleveScorch() engine {
	return bleveEngine("bleve scorch", bleveSettings{scoring: index.BM25Scoring})
}

func bleveMemOnly() engine {
	return bleveEngine("bleve NewMemOnly", bleveSettings{memOnly: true, scoring: index.TFIDFScoring})
}

func bleveGrams() engine {
	return bleveEngine("bleve scorch, words + grams", bleveSettings{scoring: index.BM25Scoring, grams: true})
}
