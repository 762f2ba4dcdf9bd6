package office

import (
	"net/url"
	"path"
	"strings"
)

// relationship leads from a part to another part or to an outside address.
type relationship struct {
	id       string
	kind     string // last element of the type's address
	target   string // part name, or the address of an external one
	external bool
}

// relationships are a part's. Where an ID occurs twice the first one counts.
type relationships struct {
	inOrder []relationship
	known   map[string]relationship
}

// byID returns the relationship, the zero one where there is none.
func (rs relationships) byID(id string) relationship { return rs.known[id] }

// first returns the target of the first internal relationship of a kind.
func (rs relationships) first(kind string) string {
	for _, r := range rs.inOrder {
		if r.kind == kind && !r.external {
			return r.target
		}
	}
	return ""
}

// relationships reads those of a part; the package itself is the part "".
func (c *container) relationships(part string) (relationships, error) {
	dir, base := path.Split(part)
	rs := relationships{known: map[string]relationship{}}
	_, err := c.stream(dir+"_rels/"+base+".rels", []string{"Relationships"}, func(n *node) error {
		if n.name != "Relationship" {
			return nil
		}
		r := relationship{id: n.attr("Id"), kind: path.Base(n.attr("Type")), target: n.attr("Target")}
		r.external = strings.EqualFold(n.attr("TargetMode"), "External")
		if !r.external {
			r.target = resolveTarget(dir, r.target)
		}
		rs.inOrder = append(rs.inOrder, r)
		if _, twice := rs.known[r.id]; !twice && r.id != "" {
			rs.known[r.id] = r
		}
		return nil
	})
	return rs, err
}

// resolveTarget makes a part name of a target that is relative to dir.
func resolveTarget(dir, target string) string {
	target, _, _ = strings.Cut(strings.ReplaceAll(target, `\`, "/"), "#")
	if plain, err := url.PathUnescape(target); err == nil {
		target = plain
	}
	if !strings.HasPrefix(target, "/") {
		target = path.Join("/", dir, target)
	}
	return strings.TrimPrefix(path.Clean(target), "/")
}

// maxURL is the longest address of a link in bytes; longer ones are left out.
const maxURL = 2048

// linkURL returns the address of a hyperlink as a reader can use it, empty for
// places within the document and for schemes that are not addresses.
func linkURL(target, anchor string) string {
	target = strings.TrimSpace(target)
	scheme, _, found := strings.Cut(target, ":")
	if found && !strings.ContainsAny(scheme, "/?#.") {
		switch strings.ToLower(scheme) {
		case "http", "https", "mailto", "tel":
		default:
			return ""
		}
	}
	if target == "" || strings.HasPrefix(target, "#") || len(target)+len(anchor) > maxURL {
		return ""
	}
	if anchor != "" && !strings.Contains(target, "#") {
		target += "#" + anchor
	}
	return target
}
