package knowledge_test

import (
	"context"
	"fmt"
	"iter"

	"github.com/kundeagent/kundeagent/knowledge"
)

func ExampleNew() {
	ctx := context.Background()
	base, err := knowledge.New(knowledge.Config{})
	if err != nil {
		fmt.Println(err)
		return
	}
	articles := knowledge.SourceFunc("articles", func(context.Context, knowledge.Manifest) iter.Seq2[knowledge.Change, error] {
		return func(yield func(knowledge.Change, error) bool) {
			doc := &knowledge.Document{Title: "Opening hours", URL: "https://shop.example/hours", Blocks: []knowledge.Block{
				{Text: "The shop is open on weekdays from 9 to 17."},
			}}
			_ = yield(knowledge.Change{ID: "hours", Kind: knowledge.Upsert, Document: doc}, nil) && yield(knowledge.Change{Kind: knowledge.Complete}, nil)
		}
	})
	if err := base.Add(articles, knowledge.SourceOptions{}); err != nil {
		fmt.Println(err)
		return
	}
	report, err := base.Sync(ctx, "articles")
	fmt.Println(report.Added, "document,", report.Passages, "passage,", err)

	found, err := base.Search(ctx, knowledge.Query{Text: "When is the shop open?", Language: "en"})
	fmt.Println(found.Passages[0].Title, found.Passages[0].Citable, found.Answerability > .5, err)
	// Output:
	// 1 document, 1 passage, <nil>
	// Opening hours true true <nil>
}

func ExampleBase_PutShortAnswer() {
	ctx := context.Background()
	base, _ := knowledge.New(knowledge.Config{})
	_ = base.PutShortAnswer(ctx, knowledge.ShortAnswer{
		ID: "norway", Question: "Do you ship to Norway?", Variants: []string{"Sender I til Norge?"}, Answer: "Yes, within a week.",
	})
	found, _ := base.Search(ctx, knowledge.Query{Text: "sender i til norge"})
	fmt.Println(found.ShortAnswer.Answer)
	// Output: Yes, within a week.
}

func ExampleCut() {
	doc := &knowledge.Document{ID: "prices", Blocks: []knowledge.Block{
		{Kind: knowledge.Heading, Level: 1, Text: "Prices"},
		{Kind: knowledge.TableHeader, Cells: []string{"Bike", "Day"}},
		{Kind: knowledge.TableRow, Header: []string{"Bike", "Day"}, Cells: []string{"City", "100 kr."}},
	}}
	for _, p := range knowledge.Cut("help", doc, knowledge.CutConfig{}) {
		fmt.Println(p.Path, p.Text())
	}
	// Output: [Prices] Bike: City; Day: 100 kr.
}
