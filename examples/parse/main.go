// Command parse shows what the agent reads in files: their blocks, and the
// passages that are searched and quoted.
//
//	go run ./examples/parse examples/quickstart/helpcentre/da/priser.csv
//	go run ./examples/parse -passages report.pdf terms.docx
package main

import (
	"context"
	"flag"
	"fmt"
	"io"
	"os"
	"strings"

	"github.com/kundeagent/kundeagent/knowledge"
	"github.com/kundeagent/kundeagent/knowledge/file"
)

func main() {
	passages := flag.Bool("passages", false, "show passages instead of blocks")
	flag.Parse()
	registry := file.NewRegistry(file.Config{})
	if flag.NArg() == 0 {
		fmt.Fprintf(os.Stderr, "usage: parse [-passages] FILE...\nextensions: %s\n", strings.Join(registry.Extensions(), " "))
		os.Exit(2)
	}
	failed := false
	for _, name := range flag.Args() {
		if err := show(os.Stdout, registry, name, *passages); err != nil {
			fmt.Fprintln(os.Stderr, "parse:", err)
			failed = true
		}
	}
	if failed {
		os.Exit(1)
	}
}

func show(w io.Writer, registry *file.Registry, name string, passages bool) error {
	data, err := os.ReadFile(name)
	if err != nil {
		return err
	}
	doc, err := registry.Parse(context.Background(), file.Input{Name: name, Data: data})
	if err != nil {
		return err
	}
	fmt.Fprintf(w, "%s\n  title %q, language %q, %d blocks, %d links\n", name, doc.Title, doc.Language, len(doc.Blocks), len(doc.Links))
	if !passages {
		for _, b := range doc.Blocks {
			fmt.Fprintf(w, "  %-19s %s\n", b.Kind, indent(b.String()))
		}
		return nil
	}
	for _, p := range knowledge.Cut("files", doc, knowledge.CutConfig{}) {
		fmt.Fprintf(w, "  [%s]\n      %s\n", strings.Join(p.Path, " > "), strings.ReplaceAll(p.Text(), "\n", "\n      "))
	}
	return nil
}

func indent(s string) string {
	return strings.ReplaceAll(s, "\n", "\n"+strings.Repeat(" ", 22))
}
