// Command search shows what a knowledge base finds and why: content pushed by
// the host, a short answer, a follow-up, a question that a rewriter translates,
// and one that only its meaning finds. It needs no key and no network; the
// embedder and the rewriter are small stand-ins for models.
package main

import (
	"context"
	"fmt"
	"io"
	"log"
	"os"
	"slices"
	"strings"

	"github.com/kundeagent/kundeagent/knowledge"
	"github.com/kundeagent/kundeagent/knowledge/collection"
	"github.com/kundeagent/kundeagent/knowledge/file"
)

func main() {
	if err := run(context.Background(), os.Stdout); err != nil {
		log.Fatal(err)
	}
}

var articles = []collection.Item{
	{ID: "refunds", Title: "Refunds", Body: "# Refunds\n\nYou get your money back within five working days of our receiving the parcel."},
	{ID: "tickets", Title: "Season tickets", Body: "# Season tickets\n\nA season ticket costs 400 kroner.\n\n## Students\n\nStudents pay half of it with a valid card."},
	{ID: "lost", Title: "Lost property", Body: "# Lost property\n\nAn umbrella left behind is kept at the counter for a month."},
}

func run(ctx context.Context, out io.Writer) error {
	items, err := collection.New(collection.Config{ID: "articles"})
	if err != nil {
		return err
	}
	base, err := knowledge.New(knowledge.Config{
		Embedder: knowledge.EmbedderFunc(embed),
		Rewriter: knowledge.RewriterFunc(rewrite),
	})
	if err != nil {
		return err
	}
	if err := base.Add(items, knowledge.SourceOptions{}); err != nil {
		return err
	}
	for i := range articles {
		articles[i].Format = file.Markdown
	}
	if _, err := items.Upsert(ctx, articles...); err != nil {
		return err
	}
	err = base.PutShortAnswer(ctx, knowledge.ShortAnswer{
		ID: "hours", Question: "What are your opening hours?", Variants: []string{"When are you open?"},
		Answer: "Monday to Friday, 9 to 17.", Language: "en",
	})
	if err != nil {
		return err
	}
	for _, q := range []knowledge.Query{
		{Text: "When are you open", Language: "en"},
		{Text: "How long until I get my money back?", Language: "en"},
		{Text: "and for students?", Language: "en", Context: "How much is a season ticket?"},
		{Text: "Hvornår får jeg min refusion?", Language: "da"},
		{Text: "My brolly is gone", Language: "en"},
	} {
		found, err := base.Search(ctx, q)
		if err != nil {
			return err
		}
		show(out, q, found)
	}
	return nil
}

func show(out io.Writer, q knowledge.Query, found knowledge.Result) {
	fmt.Fprintf(out, "%s\n", q.Text)
	if found.Rewritten {
		fmt.Fprintf(out, "  rewritten    %s\n", found.Query)
	}
	if s := found.ShortAnswer; s != nil {
		fmt.Fprintf(out, "  short answer %s\n", s.Answer)
		return
	}
	fmt.Fprintf(out, "  answerable   %.2f\n", found.Answerability)
	if len(found.Passages) > 0 {
		p := found.Passages[0]
		fmt.Fprintf(out, "  first        %s: %s\n", strings.Join(append([]string{p.Title}, p.Path...), " > "), p.Text())
		fmt.Fprintf(out, "  by words %.2f, by meaning %.2f\n", p.Lexical, p.Similarity)
	}
}

// rewrite stands for a model, as agent.NewRewriter makes it one.
func rewrite(_ context.Context, r knowledge.RewriteRequest) ([]string, error) {
	if r.Language == "da" && strings.Contains(r.Text, "refusion") {
		return []string{"When do I get my money back?"}, nil
	}
	return nil, nil
}

// embed stands for an embedding model: it knows a few things by several names.
func embed(_ context.Context, texts []string) ([][]float32, error) {
	things := [][]string{{"umbrella", "brolly", "rain"}, {"money", "refunds", "refund", "cash"}, {"ticket", "tickets", "card"}, {"open", "hours"}}
	out := make([][]float32, len(texts))
	for i, t := range texts {
		v := make([]float32, len(things)+1)
		v[len(things)] = .3
		for _, word := range strings.Fields(strings.ToLower(t)) {
			for j, names := range things {
				if slices.Contains(names, strings.Trim(word, ".,?")) {
					v[j]++
				}
			}
		}
		out[i] = v
	}
	return out, nil
}
