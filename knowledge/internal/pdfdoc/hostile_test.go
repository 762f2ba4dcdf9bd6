package pdfdoc

import (
	"context"
	"errors"
	"fmt"
	"runtime"
	"strings"
	"testing"
	"time"

	"github.com/kundeagent/kundeagent/internal/race"

	"github.com/kundeagent/kundeagent/knowledge"
)

// survive parses hostile data and demands bounded time and memory. The times
// are generous: they tell an end from no end, not fast from slow.
func survive(t *testing.T, data []byte, lim Limits) (*knowledge.Document, error) {
	t.Helper()
	var before, after runtime.MemStats
	runtime.GC()
	runtime.ReadMemStats(&before)
	begin := time.Now()
	doc, err := Parse(context.Background(), "hostile.pdf", data, lim)
	if took := time.Since(begin); took > 60*time.Second {
		t.Errorf("took %v", took)
	}
	runtime.ReadMemStats(&after)
	if after.Sys > before.Sys && after.Sys-before.Sys > 400<<20 {
		t.Errorf("process grew by %d MB", (after.Sys-before.Sys)>>20)
	}
	if err != nil && doc != nil {
		t.Error("a document came with an error")
	}
	for _, want := range []error{nil, knowledge.ErrMalformed, knowledge.ErrNoText, knowledge.ErrTooLarge, knowledge.ErrEncrypted} {
		if errors.Is(err, want) {
			return doc, err
		}
	}
	t.Errorf("untyped error %v", err)
	return doc, err
}

func TestP13TablesThatClaimTooMuchAreNotBelieved(t *testing.T) {
	s := document(helvetica, at(72, 700, 12, "small"))
	whole := string(s.bytes())
	for name, data := range map[string]string{
		"size":          strings.Replace(whole, "/Size 6", "/Size 99999999999", 1),
		"subsection":    strings.Replace(whole, "xref\n0 6", "xref\n4294967290 99999999999", 1),
		"previous loop": strings.Replace(whole, "/Size 6", "/Prev 15/Size 6", 1),
		"stream index": whole + "9 0 obj\n<</Type/XRef/Size 4000000000/Index[0 2147483647 9223372036854775807 5]/W[0 0 0]/Root 1 0 R/Length 1>>\nstream\nx\nendstream\nendobj\n" +
			"startxref\n0\n%%EOF",
		"object number": whole + "9999999999 0 obj\n(far)\nendobj\n",
	} {
		t.Run(name, func(t *testing.T) {
			doc, err := survive(t, []byte(data), Limits{})
			if err != nil || doc.PlainText() != "small" {
				t.Errorf("got %v, want the text", err)
			}
		})
	}
}

func TestP13EndlessStructuresEnd(t *testing.T) {
	base := func(edit func(s *sample)) []byte {
		s := document(helvetica, at(72, 700, 12, "text"))
		edit(s)
		return s.bytes()
	}
	for name, data := range map[string][]byte{
		"page tree holds itself": base(func(s *sample) { s.objects[1] = "<</Type/Pages/Count 1000000/Kids[2 0 R 5 0 R 2 0 R 5 0 R]>>" }),
		"page is its own parent": base(func(s *sample) { s.objects[4] = strings.Replace(s.objects[4], "2 0 R", "5 0 R", 1) }),
		"outline is a circle": base(func(s *sample) {
			s.objects[0] = "<</Type/Catalog/Pages 2 0 R/Outlines<</First 6 0 R>>>>"
			s.add("<</Title(a)/Next 6 0 R/First 6 0 R>>")
		}),
		"length refers to itself": base(func(s *sample) {
			s.objects[3] = "<</Length 4 0 R>>\nstream\n" + at(72, 700, 12, "text") + "\nendstream"
		}),
		"filter refers to itself": base(func(s *sample) {
			s.add("<</Type/ObjStm/N 7 0 R/First 7 0 R/Filter 7 0 R/Length 3>>\nstream\nabc\nendstream")
			s.add("7 0 R")
		}),
		"object stream extends": base(func(s *sample) {
			s.add("<</Type/ObjStm/N 99999999999/First 9/Extends 6 0 R/Length 9>>\nstream\n1 0 2 0 3\nendstream")
		}),
		"object is a reference": base(func(s *sample) {
			s.objects[2] = "3 0 R"
			s.objects[3] = strings.Replace(s.objects[3], "(text)", "(text)", 1)
		}),
		"field is its own parent": base(func(s *sample) {
			s.objects[4] = strings.Replace(s.objects[4], "/Resources", "/Annots[6 0 R]/Resources", 1)
			s.add("<</Subtype/Widget/Rect[0 0 1 1]/Parent 6 0 R>>")
		}),
		"encoding uses a dictionary": base(func(s *sample) {
			s.objects[2] = "<</Type/Font/Subtype/Type0/Encoding 3 0 R/ToUnicode 3 0 R/DescendantFonts[3 0 R]>>"
		}),
	} {
		t.Run(name, func(t *testing.T) {
			doc, err := survive(t, data, Limits{})
			if name == "object is a reference" || name == "encoding uses a dictionary" {
				return // there is no font, so no particular text is promised
			}
			if err != nil || doc.PlainText() != "text" {
				t.Errorf("got %v, want the text", err)
			}
		})
	}
}

func TestP13FormsThatDrawThemselvesEnd(t *testing.T) {
	s := document(helvetica, "/X Do "+at(72, 700, 12, "page"))
	s.objects[4] = strings.Replace(s.objects[4], "/Resources<<", "/Resources<</XObject<</X 6 0 R>>", 1)
	s.stream("/Subtype/Form/Resources<</XObject<</X 6 0 R/Y 7 0 R>>/Font<</F 3 0 R>>>>", at(72, 650, 12, "form")+"/X Do /Y Do")
	s.stream("/Subtype/Form/Resources<</XObject<</X 6 0 R/Y 7 0 R>>/Font<</F 3 0 R>>>>", at(72, 600, 12, "inner")+"/X Do /Y Do")
	doc, err := survive(t, s.bytes(), Limits{})
	if err != nil || doc.PlainText() != "page\n\nform\n\ninner" {
		t.Errorf("got %v %v", doc, err)
	}
}

func TestP13FormsThatMultiplyAreCounted(t *testing.T) {
	race.SkipHeavy(t)
	for name, pad := range map[string]int{"small": 0, "long": 1 << 20} {
		t.Run(name, func(t *testing.T) {
			s := document(helvetica, strings.Repeat("/X6 Do ", 50))
			s.objects[4] = strings.Replace(s.objects[4], "/Resources<<", "/Resources<</XObject<</X6 6 0 R>>", 1)
			for k := 7; k <= 11; k++ {
				s.stream(fmt.Sprintf("/Subtype/Form/Resources<</XObject<</X %d 0 R>>>>", k), strings.Repeat("/X Do ", 50)+strings.Repeat(" ", pad))
			}
			s.stream("/Subtype/Form", "q Q")
			if _, err := survive(t, s.bytes(), Limits{}); !errors.Is(err, knowledge.ErrTooLarge) {
				t.Errorf("got %v, want ErrTooLarge", err)
			}
		})
	}
}

func TestP13BombsAreStopped(t *testing.T) {
	race.SkipHeavy(t)
	zeros := deflated(strings.Repeat(" ", 70<<20))
	twice := deflated(zeros)
	for name, c := range map[string]struct{ dict, data string }{
		"content":            {"/Filter/FlateDecode", zeros},
		"nested filters":     {"/Filter[/FlateDecode/FlateDecode]", twice},
		"run length":         {"/Filter[/FlateDecode/RunLengthDecode]", deflated(strings.Repeat("\x81 ", 1<<20))},
		"ascii85 zeros":      {"/Filter[/FlateDecode/ASCII85Decode]", deflated(strings.Repeat("z", 30<<20))},
		"lzw":                {"/Filter/LZWDecode", lzwBomb()},
		"predictor too wide": {"/Filter/FlateDecode/DecodeParms<</Predictor 12/Columns 99999999999>>", deflated("x")},
		"packed objects":     {"/Type/ObjStm/N 1/First 5/Filter/FlateDecode", zeros},
	} {
		t.Run(name, func(t *testing.T) {
			s := document(helvetica, "")
			s.objects[3] = fmt.Sprintf("<<%s/Length %d>>\nstream\n%s\nendstream", c.dict, len(c.data), c.data)
			_, err := survive(t, s.bytes(), Limits{})
			if name != "predictor too wide" && name != "lzw" && !errors.Is(err, knowledge.ErrTooLarge) {
				t.Errorf("got %v, want ErrTooLarge", err)
			}
		})
	}
}

// lzwBomb is a stream whose codes always name the longest text so far.
func lzwBomb() string {
	return strings.Repeat("\x80\x0B\x60\x50\x28\x1C\x12\x0B\x06\x83\xC2\x21\x30\xA8\x5C", 1<<18)
}

func TestP13SharedBombsCountTogether(t *testing.T) {
	race.SkipHeavy(t)
	s := document(helvetica, "")
	data := deflated(strings.Repeat(" ", 60<<20))
	s.objects[3] = fmt.Sprintf("<</Filter/FlateDecode/Length %d>>\nstream\n%s\nendstream", len(data), data)
	s.objects[1] = "<</Type/Pages/Kids[" + strings.Repeat("<</Type/Page/Contents 4 0 R>>", 500) + "]>>"
	if _, err := survive(t, s.bytes(), Limits{}); !errors.Is(err, knowledge.ErrTooLarge) {
		t.Errorf("got %v, want ErrTooLarge", err)
	}
}

func TestP13DeepNestingIsCut(t *testing.T) {
	race.SkipHeavy(t)
	const n = 1 << 20
	for name, deep := range map[string]string{
		"arrays": strings.Repeat("[", n), "closed arrays": strings.Repeat("[", n) + strings.Repeat("]", n), "dictionaries": strings.Repeat("<</A", n),
		"objects": strings.Repeat("1 0 obj ", n), "strings": strings.Repeat("(", n), "objects of strings": strings.Repeat("1 0 obj(", n),
		"names": strings.Repeat("/", n), "streams": strings.Repeat("1 0 obj<<>>stream ", n/4), "marks": strings.Repeat("obj", n),
	} {
		t.Run("file "+name, func(t *testing.T) {
			_, _ = survive(t, append(document(helvetica, at(72, 700, 12, "x")).bytes(), "7 0 obj\n"+deep...), Limits{})
			_, _ = survive(t, append([]byte("%PDF-1.7\n"), deep...), Limits{})
		})
		t.Run("content "+name, func(t *testing.T) { _, _ = survive(t, document(helvetica, deep).bytes(), Limits{}) })
	}
}

func TestP13LargeObjectsReferredToOftenAreMetered(t *testing.T) {
	race.SkipHeavy(t)
	s := document(helvetica, at(72, 700, 12, "x"))
	big := s.add("[" + strings.Repeat("1 ", 300_000) + "]")
	s.objects[1] = "<</Type/Pages/Kids[" + strings.Repeat(fmt.Sprintf("%d 0 R ", big), 50_000) + "5 0 R]>>"
	_, err := survive(t, s.bytes(), Limits{})
	if !errors.Is(err, knowledge.ErrTooLarge) {
		t.Errorf("got %v, want ErrTooLarge", err)
	}
}

func TestP13PagesFullOfGlyphsStayBounded(t *testing.T) {
	race.SkipHeavy(t)
	row := "BT /F 1 Tf 1 0 0 1 10 700 Tm (" + strings.Repeat("word ", 200) + ") Tj ET\n"
	_, err := survive(t, document(helvetica, strings.Repeat(row, 2000)).bytes(), Limits{})
	if err != nil {
		t.Errorf("2 million glyphs: %v", err)
	}
	var stairs strings.Builder
	for i := range 60_000 {
		fmt.Fprintf(&stairs, "BT /F 5 Tf 1 0 0 1 10 %d Tm (tread the next stair) Tj ET\n", 790-i%700)
	}
	_, _ = survive(t, document(helvetica, stairs.String()).bytes(), Limits{})
}

func TestP13DocumentedLimitsHold(t *testing.T) {
	data := document(helvetica, at(72, 700, 12, "one"), at(72, 700, 12, "two"), at(72, 700, 12, "three")).bytes()
	for name, lim := range map[string]Limits{
		"bytes": {MaxBytes: 100}, "pages": {MaxPages: 2}, "operators": {MaxOperators: 20}, "text": {MaxText: 5}, "stream": {MaxStream: 10},
	} {
		t.Run(name, func(t *testing.T) {
			if _, err := survive(t, data, lim); name != "stream" && !errors.Is(err, knowledge.ErrTooLarge) {
				t.Errorf("got %v, want ErrTooLarge", err)
			}
		})
	}
	if _, err := Parse(context.Background(), "x", data, Limits{MaxPages: 3}); err != nil {
		t.Errorf("exactly the limit is allowed: %v", err)
	}
}

func TestEveryCutAndEveryDamagedByteIsSurvived(t *testing.T) {
	s := document(helvetica, at(72, 700, 12, "Hello")+"/X Do")
	s.objects[4] = strings.Replace(s.objects[4], "/Resources<<", "/Resources<</XObject<</X 6 0 R>>", 1)
	s.stream("/Subtype/Form/Filter/FlateDecode", deflated("q 1 0 0 1 0 0 cm Q"))
	data := s.bytes()
	for i := range data {
		_, _ = Parse(context.Background(), "cut", data[:i], Limits{})
		for _, b := range []byte{0, '9', '(', '<', '/'} {
			bad := append([]byte(nil), data...)
			bad[i] = b
			_, err := Parse(context.Background(), "damaged", bad, Limits{})
			if err != nil && strings.Contains(err.Error(), "runtime error") {
				t.Fatalf("byte %d as %q: %v", i, b, err)
			}
		}
	}
}
