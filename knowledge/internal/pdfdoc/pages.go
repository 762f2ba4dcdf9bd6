package pdfdoc

import (
	"fmt"

	"github.com/ledongthuc/pdf"

	"github.com/kundeagent/kundeagent/knowledge"
)

// page is one leaf of the page tree with what it inherits.
type page struct {
	value     pdf.Value
	resources pdf.Value
	box       [4]float64 // visible area, zero when undeclared
	rotate    int
}

const (
	maxTreeDepth = 60
	maxTreeNodes = 100_000
)

// catalog returns the document's root: the declared one, else any that holds
// pages.
func (f *file) catalog() pdf.Value {
	t := f.reader.Trailer()
	if root := t.Key("Root"); root.Key("Pages").Kind() == pdf.Dict {
		return root
	}
	return t.Key("LastCatalog")
}

// pages walks the page tree. It trusts neither the tree's counts nor its shape:
// nodes seen before are skipped, and when the tree leads to no page, whatever
// calls itself a page counts, in order of object number.
func (f *file) pages(lim Limits) ([]page, error) {
	w := &treeWalk{seen: map[int64]bool{}, max: lim.MaxPages}
	w.node(f.catalog().Key("Pages"), page{}, 0)
	if len(w.out) == 0 {
		all := f.reader.Trailer().Key("AllPages")
		for i := 0; i < all.Len() && len(w.out) <= lim.MaxPages; i++ {
			w.node(all.Index(i), page{}, 0)
		}
	}
	if len(w.out) > lim.MaxPages {
		return nil, fmt.Errorf("more than %d pages: %w", lim.MaxPages, knowledge.ErrTooLarge)
	}
	return w.out, nil
}

type treeWalk struct {
	out   []page
	seen  map[int64]bool
	nodes int
	max   int
}

func (w *treeWalk) node(v pdf.Value, from page, depth int) {
	w.nodes++
	if v.Kind() != pdf.Dict || depth > maxTreeDepth || w.nodes > maxTreeNodes || len(w.out) > w.max {
		return
	}
	if id := objectID(v); id > 0 {
		if w.seen[id] {
			return
		}
		w.seen[id] = true
	}
	p := from
	p.value = v
	if r := v.Key("Resources"); r.Kind() == pdf.Dict {
		p.resources = r
	}
	for _, k := range []string{"MediaBox", "CropBox"} {
		if b := v.Key(k); b.Len() == 4 {
			for i := range p.box {
				p.box[i] = b.Index(i).Float64()
			}
		}
	}
	if r := v.Key("Rotate"); r.Kind() == pdf.Integer {
		p.rotate = int(r.Int64())
	}
	kids := v.Key("Kids")
	if kids.Kind() == pdf.Array && v.Key("Type").Name() != "Page" {
		for i := 0; i < kids.Len() && w.nodes <= maxTreeNodes; i++ {
			w.node(kids.Index(i), p, depth+1)
		}
		return
	}
	if depth > 0 || v.Key("Type").Name() == "Page" || v.Key("Contents").Kind() != pdf.Null {
		w.out = append(w.out, p)
	}
}
