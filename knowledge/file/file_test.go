package file_test

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"slices"
	"strings"
	"testing"
	"testing/fstest"

	"github.com/kundeagent/kundeagent/knowledge"
	"github.com/kundeagent/kundeagent/knowledge/file"
)

const fact = "The deposit is returned within five days."

func TestA3EveryExtensionIsParsed(t *testing.T) {
	page := "<html><body><main><h1>Deposit</h1><p>" + fact + "</p></main></body></html>"
	files := map[string][]byte{
		"a.docx": docx(t, fact), "a.pptx": pptx(t, fact), "a.pdf": pdf(fact),
		"a.htm": []byte(page), "a.html": []byte(page), "a.xhtml": []byte(`<?xml version="1.0"?>` + page),
		"a.cfg": []byte("[deposit]\nnote = " + fact), "a.conf": []byte("# " + fact + "\ndays = 5"),
		"a.csv": []byte("topic,answer\ndeposit," + fact + "\nprice,It costs ten.\n"), "a.json": []byte(`{"deposit": "` + fact + `"}`),
		"a.text": []byte(fact), "a.txt": []byte(fact), "a.rst": []byte("Deposit\n=======\n\n" + fact),
		"a.xml": []byte("<help><deposit>" + fact + "</deposit></help>"), "a.md": []byte("# Deposit\n\n" + fact),
	}
	r := file.NewRegistry(file.Config{})
	var extensions []string
	for name, data := range files {
		extensions = append(extensions, strings.TrimPrefix(name, "a."))
		doc, err := r.Parse(t.Context(), file.Input{Name: name, Data: data})
		if err != nil {
			t.Errorf("%s: %v", name, err)
			continue
		}
		if !strings.Contains(doc.PlainText(), fact) || doc.Name != name {
			t.Errorf("%s (%s): text is %q", name, doc.Name, doc.PlainText())
		}
	}
	slices.Sort(extensions)
	if got := r.Extensions(); !slices.Equal(got, extensions) {
		t.Errorf("registry knows %v, tested are %v", got, extensions)
	}
}

func TestFormatIsToldByContentWhereItNamesItself(t *testing.T) {
	page := []byte("<!doctype html><html><body><p>" + fact + "</p></body></html>")
	for _, c := range []struct {
		name string
		in   file.Input
		want file.Format
	}{
		{"pdf called html", file.Input{Name: "a.html", Data: pdf(fact)}, file.PDF},
		{"docx called pptx", file.Input{Name: "a.pptx", Data: docx(t, fact)}, file.DOCX},
		{"pptx without extension", file.Input{Name: "slides", Data: pptx(t, fact)}, file.PPTX},
		{"html without extension", file.Input{Name: "page", Data: page}, file.HTML},
		{"by content type", file.Input{Name: "https://x.example/feed?id=3", ContentType: "application/rss+xml; charset=utf-8", Data: []byte("<rss/>")}, file.XML},
		{"upper case extension", file.Input{Name: "README.MD", Data: []byte("x")}, file.Markdown},
		{"path", file.Input{Name: "da/help.page.txt", Data: []byte("x")}, file.Text},
	} {
		t.Run(c.name, func(t *testing.T) {
			if got, err := file.NewRegistry(file.Config{}).Format(c.in); got != c.want || err != nil {
				t.Errorf("format %q, %v; want %q", got, err, c.want)
			}
		})
	}
}

func TestBadFilesGiveTypedErrorsWithTheirName(t *testing.T) {
	for _, c := range []struct {
		name string
		data []byte
		want error
	}{
		{"setup.exe", []byte("MZ..."), knowledge.ErrUnsupported},
		{"noextension", []byte("words"), knowledge.ErrUnsupported},
		{"empty.md", nil, knowledge.ErrNoText},
		{"blank.txt", []byte(" \n\t\n"), knowledge.ErrNoText},
		{"broken.docx", []byte("PK\x03\x04 and then nothing"), knowledge.ErrMalformed},
		{"large.md", []byte(strings.Repeat("word ", 1<<20)), knowledge.ErrTooLarge},
	} {
		t.Run(c.name, func(t *testing.T) {
			doc, err := file.NewRegistry(file.Config{}).Parse(t.Context(), file.Input{Name: c.name, Data: c.data})
			var parse *file.ParseError
			if doc != nil || !errors.Is(err, c.want) || !errors.As(err, &parse) || !strings.Contains(err.Error(), c.name) {
				t.Errorf("%v, %v; want %v with the name", doc, err, c.want)
			}
		})
	}
}

func TestHostAddsAndReplacesParsers(t *testing.T) {
	one := &knowledge.Document{Blocks: []knowledge.Block{{Text: "mine"}}}
	mine := file.ParserFunc(func(context.Context, file.Input) (*knowledge.Document, error) { d := *one; return &d, nil })
	broken := file.ParserFunc(func(context.Context, file.Input) (*knowledge.Document, error) { panic("oops") })
	empty := file.ParserFunc(func(context.Context, file.Input) (*knowledge.Document, error) { return nil, nil })
	r := file.NewRegistry(file.Config{
		Parsers:    map[file.Format]file.Parser{file.HTML: file.ExtractorParser(extractor{}), "log": mine, file.CSV: broken, file.JSON: empty},
		Extensions: map[string]file.Format{"log": "log", "rtf": "rtf"},
	})
	for name, want := range map[string]string{"a.html": "extracted", "a.log": "mine"} {
		if doc, err := r.Parse(t.Context(), file.Input{Name: name, Data: []byte("x")}); err != nil || doc.PlainText() != want {
			t.Errorf("%s: %v, %v; want %q", name, doc, err, want)
		}
	}
	for name, want := range map[string]error{"a.csv": knowledge.ErrMalformed, "a.json": knowledge.ErrNoText, "a.rtf": knowledge.ErrUnsupported} {
		if _, err := r.Parse(t.Context(), file.Input{Name: name, Data: []byte("x")}); !errors.Is(err, want) {
			t.Errorf("%s: %v, want %v", name, err, want)
		}
	}
}

func TestMarkdownHTMLIsReadOnRequest(t *testing.T) {
	in := file.Input{Name: "a.md", Data: []byte("# Prices\n\n<table><tr><th>Bike</th></tr><tr><td>City bike</td></tr></table>\n\nThat is all.\n")}
	for _, keep := range []bool{false, true} {
		doc, err := file.NewRegistry(file.Config{MarkdownHTML: keep}).Parse(t.Context(), in)
		if err != nil {
			t.Fatal(err)
		}
		if got := strings.Contains(doc.PlainText(), "City bike"); got != keep {
			t.Errorf("with MarkdownHTML %t the text is %q", keep, doc.PlainText())
		}
	}
}

type extractor struct{}

func (extractor) Extract(context.Context, []byte, string, string) (*knowledge.Document, error) {
	return &knowledge.Document{Blocks: []knowledge.Block{{Text: "extracted"}}}, nil
}

func newBase(t testing.TB, sources ...knowledge.Source) *knowledge.Base {
	t.Helper()
	b, err := knowledge.New(knowledge.Config{})
	if err != nil {
		t.Fatal(err)
	}
	for _, s := range sources {
		if err := b.Add(s, knowledge.SourceOptions{}); err != nil {
			t.Fatal(err)
		}
	}
	return b
}

func TestDirReadsWhatItCanAndReportsTheRest(t *testing.T) {
	dir := t.TempDir()
	for name, data := range map[string]string{
		"good.md": "# Good\n\n" + fact, "tool.exe": "MZ", "empty.txt": "", ".hidden.md": "secret", "sub/deep.txt": fact + " Deep.",
		"locked/inside.md": "unreachable",
	} {
		if err := os.MkdirAll(dir+"/"+pathDir(name), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(dir+"/"+name, []byte(data), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	b := newBase(t, file.Dir("docs", unreadable{os.DirFS(dir), "locked"}, file.DirConfig{}))
	r, err := b.Sync(t.Context(), "docs")
	if err != nil {
		t.Fatal(err)
	}
	if r.Documents != 2 || r.Complete {
		t.Errorf("report %+v", r)
	}
	want := map[string]error{"tool.exe": knowledge.ErrUnsupported, "empty.txt": knowledge.ErrNoText, "locked": fs.ErrPermission}
	if len(r.Issues) != len(want) {
		t.Errorf("issues %+v", r.Issues)
	}
	for _, i := range r.Issues {
		if !errors.Is(i.Err, want[i.Document]) || !strings.Contains(i.Err.Error(), i.Document) {
			t.Errorf("%s: %v, want %v with the name", i.Document, i.Err, want[i.Document])
		}
	}
}

func pathDir(name string) string {
	if i := strings.LastIndex(name, "/"); i >= 0 {
		return name[:i]
	}
	return ""
}

// unreadable is a file system in which one directory cannot be listed.
type unreadable struct {
	fs.FS
	dir string
}

func (u unreadable) Open(name string) (fs.File, error) {
	if name == u.dir {
		return nil, &fs.PathError{Op: "open", Path: name, Err: fs.ErrPermission}
	}
	return u.FS.Open(name)
}

func (u unreadable) ReadDir(name string) ([]fs.DirEntry, error) {
	if name == u.dir {
		return nil, &fs.PathError{Op: "open", Path: name, Err: fs.ErrPermission}
	}
	return fs.ReadDir(u.FS, name)
}

func TestP10UnreadableDirectoryLosesNothing(t *testing.T) {
	files := fstest.MapFS{}
	for i := range 10 {
		files[fmt.Sprintf("sub/%d.md", i)] = &fstest.MapFile{Data: fmt.Appendf(nil, "Fact number %d.", i)}
	}
	fsys := &switching{FS: files}
	b := newBase(t, file.Dir("docs", fsys, file.DirConfig{}))
	if r, err := b.Sync(t.Context(), "docs"); err != nil || r.Documents != 10 {
		t.Fatalf("first sync: %+v, %v", r, err)
	}
	fsys.FS = unreadable{files, "sub"}
	if r, err := b.Sync(t.Context(), "docs"); err != nil || r.Documents != 10 || len(r.Issues) != 1 {
		t.Errorf("unreadable subdirectory: %+v, %v", r, err)
	}
	fsys.FS = unreadable{files, "."}
	if r, err := b.Sync(t.Context(), "docs"); !errors.Is(err, fs.ErrPermission) || r.Documents != 10 {
		t.Errorf("unreadable root: %+v, %v", r, err)
	}
}

type switching struct{ fs.FS }

func TestDirReadsOnlyWhatChangedAndRemovesWhatIsGone(t *testing.T) {
	files := fstest.MapFS{}
	for i := range 10 {
		files[fmt.Sprintf("%d.md", i)] = &fstest.MapFile{Data: fmt.Appendf(nil, "Fact number %d.", i)}
	}
	parsed := 0
	counting := file.NewRegistry(file.Config{Parsers: map[file.Format]file.Parser{file.Markdown: file.ParserFunc(func(_ context.Context, in file.Input) (*knowledge.Document, error) {
		parsed++
		return &knowledge.Document{Blocks: []knowledge.Block{{Text: string(in.Data)}}}, nil
	})}})
	b := newBase(t, file.Dir("docs", files, file.DirConfig{Registry: counting, BaseURL: "https://shop.example/help/"}))
	if r, err := b.Sync(t.Context(), "docs"); err != nil || r.Added != 10 {
		t.Fatalf("first sync: %+v, %v", r, err)
	}
	for i := range 2 {
		delete(files, fmt.Sprintf("%d.md", i))
	}
	files["9.md"] = &fstest.MapFile{Data: []byte("Changed.")}
	r, err := b.Sync(t.Context(), "docs")
	if err != nil || r.Removed != 2 || r.Updated != 1 || r.Unchanged != 7 || parsed != 11 {
		t.Errorf("second sync parsed %d: %+v, %v", parsed, r, err)
	}
	docs, _ := b.Documents("docs")
	if docs[0].URL != "https://shop.example/help/2.md" {
		t.Errorf("address is %q", docs[0].URL)
	}
}

func TestP10DirThatIsSuddenlyEmptyIsHeldBack(t *testing.T) {
	files := fstest.MapFS{".": &fstest.MapFile{Mode: fs.ModeDir | 0o755}}
	for i := range 10 {
		files[fmt.Sprintf("%d.md", i)] = &fstest.MapFile{Data: fmt.Appendf(nil, "Fact number %d.", i)}
	}
	fsys := &switching{files}
	b := newBase(t, file.Dir("docs", fsys, file.DirConfig{}))
	if r, err := b.Sync(t.Context(), "docs"); err != nil || r.Added != 10 {
		t.Fatalf("first sync: %+v, %v", r, err)
	}
	fsys.FS = fstest.MapFS{".": files["."]} // as a volume that is not mounted
	if r, err := b.Sync(t.Context(), "docs"); !errors.Is(err, knowledge.ErrHeldBack) || r.Documents != 10 {
		t.Errorf("empty directory: %+v, %v", r, err)
	}
	if docs, err := b.Documents("docs"); err != nil || len(docs) != 10 {
		t.Errorf("%d documents left, %v", len(docs), err)
	}
	if r, err := b.PublishHeld(t.Context(), "docs"); err != nil || r.Removed != 10 || r.Documents != 0 {
		t.Errorf("published by an operator: %+v, %v", r, err)
	}
}

func TestUploadsArePutReplacedAndDeleted(t *testing.T) {
	u := file.NewUploads("uploads", file.UploadsConfig{})
	b := newBase(t, u)
	put := func(name, text string) {
		t.Helper()
		if err := u.Put(t.Context(), name, []byte(text)); err != nil {
			t.Fatal(err)
		}
	}
	put("a.md", "One.")
	put("b.txt", "Two.")
	if err := u.Put(t.Context(), "b.txt", nil); !errors.Is(err, knowledge.ErrNoText) {
		t.Errorf("an empty upload: %v", err)
	}
	if err := u.Put(t.Context(), "c.exe", []byte("MZ")); !errors.Is(err, knowledge.ErrUnsupported) {
		t.Errorf("an unknown format: %v", err)
	}
	if r, err := b.Sync(t.Context(), "uploads"); err != nil || r.Added != 2 {
		t.Fatalf("first sync: %+v, %v", r, err)
	}
	put("a.md", "One, changed.")
	if err := u.Delete(t.Context(), "b.txt"); err != nil {
		t.Fatal(err)
	}
	if r, err := b.Sync(t.Context(), "uploads"); err != nil || r.Updated != 1 || r.Removed != 1 || r.Documents != 1 {
		t.Errorf("second sync: %+v, %v", r, err)
	}
	if data, err := u.Get(t.Context(), "a.md"); err != nil || string(data) != "One, changed." {
		t.Errorf("kept bytes: %q, %v", data, err)
	}
	if _, err := u.Get(t.Context(), "b.txt"); !errors.Is(err, file.ErrNoUpload) {
		t.Errorf("a deleted upload: %v", err)
	}
}
