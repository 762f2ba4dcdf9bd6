package charset

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/kundeagent/kundeagent/internal/corpora"

	"github.com/kundeagent/kundeagent/knowledge"
)

func TestQualityDecodedTextIsIdentical(t *testing.T) {
	const floor = .88
	dir := corpora.Dir(t, "text", "encodings")
	files, err := filepath.Glob(filepath.Join(dir, "raw", "*", "*"))
	if err != nil || len(files) == 0 {
		t.Fatalf("no pairs in %s: %v", dir, err)
	}
	same, labelled := 0, 0
	for _, f := range files {
		raw, err := os.ReadFile(f)
		if err != nil {
			t.Fatal(err)
		}
		folder := filepath.Base(filepath.Dir(f))
		want, err := os.ReadFile(filepath.Join(dir, "utf8", folder, filepath.Base(f)))
		if err != nil {
			t.Fatal(err)
		}
		got, label, err := Decode(raw, "")
		if err == nil && got == strings.TrimLeft(string(want), "\ufeff") {
			same++
		} else {
			t.Logf("%s/%s read as %s (%v)", folder, filepath.Base(f), label, err)
		}
		if label == folder || folder == "ascii" && label == "utf-8" {
			labelled++
		}
	}
	share := float64(same) / float64(len(files))
	t.Logf("decoded identically: %.3f of %d (floor %.2f, reach .95, best library on this set .88); label equal to folder %.3f",
		share, len(files), floor, float64(labelled)/float64(len(files)))
	if share < floor {
		t.Errorf("decoded identically %.3f, want at least %.2f", share, floor)
	}
}

func TestDecodeOrder(t *testing.T) {
	for name, c := range map[string]struct{ data, declared, text, label string }{
		"empty":                            {"", "", "", "utf-8"},
		"ascii":                            {"plain", "", "plain", "utf-8"},
		"utf-8 wins over a declaration":    {"pr\u00f8ve", "iso-8859-1", "pr\u00f8ve", "utf-8"},
		"mark of utf-8":                    {"\xef\xbb\xbfabc", "", "abc", "utf-8"},
		"mark wins over a declaration":     {"\xff\xfea\x00b\x00", "utf-8", "ab", "utf-16le"},
		"mark of utf-16be":                 {"\xfe\xff\x00a\x00b", "", "ab", "utf-16be"},
		"mark of utf-32le":                 {"\xff\xfe\x00\x00a\x00\x00\x00", "", "a", "utf-32le"},
		"utf-16 without a mark":            {"h\x00i\x00 \x00y\x00o\x00u\x00", "", "hi you", "utf-16le"},
		"utf-16be without a mark":          {"\x00h\x00i\x00 \x00y\x00o\x00u", "", "hi you", "utf-16be"},
		"declared":                         {"\xe6\xf8\xe5", "iso-8859-1", "\u00e6\u00f8\u00e5", "windows-1252"},
		"declared by a DOS name":           {"\x91", "cp865", "\u00e6", "ibm865"},
		"unknown declaration":              {"K\xf8b br\xf8d p\xe5 l\xf8rdag", "x-none", "K\u00f8b br\u00f8d p\u00e5 l\u00f8rdag", "windows-1252"},
		"declaration that cannot be":       {"K\xf8b br\xf8d p\xe5 l\xf8rdag, og k\xf8b \xf8l", "utf-16le", "K\u00f8b br\u00f8d p\u00e5 l\u00f8rdag, og k\u00f8b \u00f8l", "windows-1252"},
		"utf-8 with one broken byte":       {strings.Repeat("sm\u00f8rrebr\u00f8d ", 40) + "\xc3", "", strings.Repeat("sm\u00f8rrebr\u00f8d ", 40) + "\ufffd", "utf-8"},
		"pairs of ASCII are no utf-16":     {"this app can break", "", "this app can break", "utf-8"},
		"lone accent":                      {"Caf\xe9", "", "Caf\u00e9", "windows-1252"},
		"curly quotes":                     {"It\x92s \x93fine\x94 \x96 really", "", "It\u2019s \u201cfine\u201d \u2013 really", "windows-1252"},
		"braces and tildes are no Chinese": {"a ~{b} c", "", "a ~{b} c", "utf-8"},
	} {
		t.Run(name, func(t *testing.T) {
			text, label, err := Decode([]byte(c.data), c.declared)
			if err != nil || text != c.text || label != c.label {
				t.Errorf("Decode = %q, %q, %v; want %q, %q", text, label, err, c.text, c.label)
			}
		})
	}
}

func TestBytesThatAreNoTextAreAnError(t *testing.T) {
	noise := make([]byte, 4096)
	x := uint32(7)
	for i := range noise {
		x = x*1664525 + 1013904223
		noise[i] = byte(x >> 24)
	}
	for name, data := range map[string][]byte{
		"noise":    noise,
		"controls": []byte(strings.Repeat("\x01\x02\x03abc", 50)),
		"nulls":    make([]byte, 1000),
	} {
		if text, label, err := Decode(data, ""); !errors.Is(err, knowledge.ErrMalformed) || text != "" {
			t.Errorf("%s: read as %s, error %v; want ErrMalformed", name, label, err)
		}
	}
}

func FuzzDecode(f *testing.F) {
	f.Add([]byte("pr\xf8ve p\xe5 dansk"), "")
	f.Add([]byte("\xff\xfea\x00"), "utf-8")
	f.Add([]byte("\x1b$B4A;z\x1b(B"), "iso-2022-jp")
	f.Add([]byte("~{<:Ky2;~}"), "hz")
	f.Add([]byte("\x84\x31\x95\x33\xc4\xe3"), "gbk")
	f.Add([]byte("\x00\x00\x00a\x00\x00\x00b"), "utf-32")
	f.Fuzz(func(t *testing.T, data []byte, declared string) {
		text, label, err := Decode(data, declared)
		if err != nil {
			if text != "" {
				t.Error("text beside an error")
			}
			return
		}
		if !utf8.ValidString(text) || label == "" {
			t.Errorf("label %q, valid %v", label, utf8.ValidString(text))
		}
		if utf8.Valid(data) && label == "utf-8" && text != strings.TrimLeft(string(data), "\ufeff") {
			t.Error("valid UTF-8 was changed")
		}
	})
}

func ExampleDecode() {
	text, label, err := Decode([]byte("R\xf8dgr\xf8d med fl\xf8de p\xe5 k\xf8kkenbordet"), "")
	fmt.Println(text, label, err)
	// Output: Rødgrød med fløde på køkkenbordet windows-1252 <nil>
}
