package main

import (
	"archive/zip"
	"bytes"
	"encoding/xml"
	"errors"
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/ledongthuc/pdf"
)

const helpCentre = "../../helpcentre"

func TestFilesInTheHelpCentreAreAsContentSays(t *testing.T) {
	for _, f := range files() {
		got, err := f.render(f.paper)
		if err != nil {
			t.Fatalf("%s: %v", f.path, err)
		}
		want, err := os.ReadFile(filepath.Join(helpCentre, filepath.FromSlash(f.path)))
		if err != nil {
			t.Fatal(err)
		}
		if !bytes.Equal(got, want) {
			t.Errorf("%s differs from content.go; run go run ./examples/quickstart/internal/makedocs", f.path)
		}
	}
}

func TestOfficePartsAreWellFormedAndHoldTheText(t *testing.T) {
	for _, f := range files() {
		if strings.HasSuffix(f.path, ".pdf") {
			continue
		}
		data, err := f.render(f.paper)
		if err != nil {
			t.Fatal(err)
		}
		archive, err := zip.NewReader(bytes.NewReader(data), int64(len(data)))
		if err != nil {
			t.Fatalf("%s: %v", f.path, err)
		}
		var text strings.Builder
		for _, part := range archive.File {
			text.WriteString(characters(t, f.path, part))
		}
		for _, p := range f.paper.parts {
			if !strings.Contains(text.String(), p.text) {
				t.Errorf("%s lacks %q", f.path, p.text)
			}
		}
	}
}

func characters(t *testing.T, name string, part *zip.File) string {
	t.Helper()
	r, err := part.Open()
	if err != nil {
		t.Fatal(err)
	}
	defer r.Close()
	var text strings.Builder
	for d := xml.NewDecoder(r); ; {
		tok, err := d.Token()
		if errors.Is(err, io.EOF) {
			return text.String()
		}
		if err != nil {
			t.Fatalf("%s, %s: %v", name, part.Name, err)
		}
		if c, ok := tok.(xml.CharData); ok {
			text.Write(c)
		}
	}
}

func TestPDFHoldsDanishLettersAndEveryLine(t *testing.T) {
	for _, f := range files() {
		if !strings.HasSuffix(f.path, ".pdf") {
			continue
		}
		data, err := f.render(f.paper)
		if err != nil {
			t.Fatal(err)
		}
		r, err := pdf.NewReader(bytes.NewReader(data), int64(len(data)))
		if err != nil {
			t.Fatalf("%s: %v", f.path, err)
		}
		var text strings.Builder
		for i := 1; i <= r.NumPage(); i++ {
			for _, c := range r.Page(i).Content().Text {
				text.WriteString(c.S)
			}
		}
		got := strings.ReplaceAll(text.String(), " ", "")
		for _, p := range f.paper.parts {
			if want := strings.ReplaceAll(p.text, " ", ""); !strings.Contains(got, want) {
				t.Errorf("%s lacks %q in %q", f.path, want, got)
			}
		}
	}
}
