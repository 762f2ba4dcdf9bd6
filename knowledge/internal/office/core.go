package office

import (
	"strings"
	"time"

	"github.com/kundeagent/kundeagent/knowledge"
)

// readCore takes title, language and dates from the core properties. What
// cannot be read there is left undeclared: it is no reason to refuse the text.
func (c *container) readCore(rs relationships, doc *knowledge.Document) error {
	root, err := c.optional(rs.first("core-properties"))
	if err != nil {
		return err
	}
	text := func(name string) string {
		if n := root.kid(name); n != nil {
			return strings.TrimSpace(n.text)
		}
		return ""
	}
	doc.Title = strings.Join(strings.Fields(text("title")), " ")
	doc.Language = text("language")
	doc.Published = parseTime(text("created"))
	doc.Modified = parseTime(text("modified"))
	return nil
}

// optional reads a part that holds no text of the document itself: one that is
// malformed is as one that is absent. Limits and an ended context still count.
func (c *container) optional(part string) (*node, error) {
	root, err := c.tree(part)
	if err != nil && recoverable(err) {
		return nil, nil
	}
	return root, err
}

// parseTime reads the W3C date forms, zero where it cannot.
func parseTime(s string) time.Time {
	for _, layout := range []string{time.RFC3339, "2006-01-02T15:04:05", "2006-01-02T15:04Z07:00", "2006-01-02", "2006-01", "2006"} {
		if t, err := time.Parse(layout, s); err == nil {
			return t
		}
	}
	return time.Time{}
}
