// Command evaluate asks the agent of an invented library a file of questions in
// several languages, and prints how it did. It needs no key and no network.
//
//	go run ./examples/evaluate
//	go run ./examples/evaluate -save before.json
//	go run ./examples/evaluate -compare before.json more-questions.csv
//
// In a test, agenttest.Evaluate(t, agent, "questions.json") makes each question
// a subtest; main_test.go does that.
package main

import (
	"context"
	"embed"
	"flag"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"

	"github.com/kundeagent/kundeagent/agent"
	"github.com/kundeagent/kundeagent/agent/agenttest"
	"github.com/kundeagent/kundeagent/knowledge"
	"github.com/kundeagent/kundeagent/knowledge/file"
)

//go:embed content questions.json
var embedded embed.FS

func main() {
	save := flag.String("save", "", "write the results to this `file`, as JSON")
	compare := flag.String("compare", "", "compare with the results that were saved in this `file`")
	flag.Parse()
	if err := run(context.Background(), os.Stdout, flag.Arg(0), *save, *compare); err != nil {
		fmt.Fprintln(os.Stderr, "evaluate:", err)
		os.Exit(1)
	}
}

// run evaluates the questions of a file, or those of the program.
func run(ctx context.Context, out io.Writer, questions, save, compare string) error {
	library, err := hire(ctx)
	if err != nil {
		return err
	}
	var from fs.FS = embedded
	if questions == "" {
		questions = "questions.json"
	} else {
		from = os.DirFS(filepath.Dir(questions))
	}
	cases, err := agenttest.Load(from, filepath.Base(questions))
	if err != nil {
		return err
	}
	results, err := agenttest.Evaluation{Parallel: 4}.Run(ctx, library, cases)
	if err != nil {
		return err
	}
	if err := results.WriteTable(out); err != nil {
		return err
	}
	if compare != "" {
		if err := showChanges(out, compare, results); err != nil {
			return err
		}
	}
	if save == "" {
		return nil
	}
	f, err := os.Create(save)
	if err != nil {
		return err
	}
	if err := results.WriteJSON(f); err != nil {
		return err
	}
	return f.Close()
}

// hire makes the agent of what the library has written down. It has no model,
// so it quotes.
func hire(ctx context.Context) (*agent.Agent, error) {
	base, err := knowledge.New(knowledge.Config{})
	if err != nil {
		return nil, err
	}
	content, err := fs.Sub(embedded, "content")
	if err != nil {
		return nil, err
	}
	if err := base.Add(file.Dir("library", content, file.DirConfig{}), knowledge.SourceOptions{}); err != nil {
		return nil, err
	}
	if _, err := base.Sync(ctx, "library"); err != nil {
		return nil, err
	}
	return agent.New(agent.Config{ID: "library", Profile: agent.Profile{Name: "Libby"}, Knowledge: base})
}

func showChanges(out io.Writer, earlier string, results agenttest.Results) error {
	f, err := os.Open(earlier)
	if err != nil {
		return err
	}
	defer f.Close()
	before, err := agenttest.ReadResults(f)
	if err != nil {
		return err
	}
	fmt.Fprintf(out, "\nSince %s:\n", earlier)
	return agenttest.Compare(before, results).WriteTable(out)
}
