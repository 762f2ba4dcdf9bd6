package pdfdoc

import "github.com/ledongthuc/pdf"

const (
	maxOutlineItems = 5_000
	maxOutlineDepth = 6
)

// outline returns the heading level of each title in the document's outline.
// Items seen before are skipped, so that a cycle ends.
func (f *file) outline() map[string]int {
	out := map[string]int{}
	seen := map[int64]bool{}
	items := 0
	var walk func(v pdf.Value, level int)
	walk = func(v pdf.Value, level int) {
		for v.Kind() == pdf.Dict && items < maxOutlineItems {
			items++
			if id := objectID(v); id > 0 {
				if seen[id] {
					return
				}
				seen[id] = true
			}
			key := outlineKey(plainForms(textString(v.Key("Title").RawString())))
			if _, ok := out[key]; !ok && key != "" {
				out[key] = level
			}
			if level < maxOutlineDepth {
				walk(v.Key("First"), level+1)
			}
			v = v.Key("Next")
		}
	}
	walk(f.catalog().Key("Outlines").Key("First"), 1)
	return out
}
