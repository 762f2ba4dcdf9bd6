// Command makedocs writes the Word, PDF and PowerPoint files of the quickstart
// help centre. Their wording is kept in content.go, so that it can be read and
// changed as text; the same content always gives the same bytes.
//
// Run it from the module's root:
//
//	go run ./examples/quickstart/internal/makedocs
package main

import (
	"flag"
	"fmt"
	"os"
	"path/filepath"
)

func main() {
	out := flag.String("out", filepath.Join("examples", "quickstart", "helpcentre"), "help centre `folder` to write into")
	flag.Parse()
	if err := run(*out); err != nil {
		fmt.Fprintln(os.Stderr, "makedocs:", err)
		os.Exit(1)
	}
}

// run writes every file below dir, whose language folders must exist.
func run(dir string) error {
	for _, f := range files() {
		data, err := f.render(f.paper)
		if err != nil {
			return fmt.Errorf("make %s: %w", f.path, err)
		}
		if err := os.WriteFile(filepath.Join(dir, filepath.FromSlash(f.path)), data, 0o644); err != nil {
			return err
		}
	}
	return nil
}

// file is one file to write.
type file struct {
	path   string // below the help centre folder
	paper  paper
	render func(paper) ([]byte, error)
}

// files lists everything this command makes.
func files() []file {
	return []file{
		{"da/lejebetingelser.docx", rentalTermsDanish, renderDOCX},
		{"en/rental-terms.docx", rentalTermsEnglish, renderDOCX},
		{"da/tryghedspakke-og-skader.pdf", coverDanish, renderPDF},
		{"en/peace-of-mind-and-damage.pdf", coverEnglish, renderPDF},
		{"da/sikker-i-trafikken.pptx", trafficDanish, renderPPTX},
	}
}
