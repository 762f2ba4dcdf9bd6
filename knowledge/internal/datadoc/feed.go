package datadoc

import (
	"strings"
	"time"

	"github.com/kundeagent/kundeagent/knowledge"
)

// feed renders RSS 0.9 to 2.0 and Atom.
func (x *xmlRenderer) feed(root *element) {
	doc := &x.p.b.Doc
	head := root
	if c := root.child("channel"); c != nil {
		head = c
	}
	doc.Title = x.p.line(head.child("title").content())
	if l := head.child("language"); l != nil {
		x.p.setLanguage(l.content())
	}
	for _, name := range []string{"description", "subtitle"} {
		x.p.prose(head.child(name).content())
	}
	x.p.link(head.address(), doc.Title)
	doc.Published = parseTime(head.child("published").content())
	doc.Modified = parseTime(head.child("lastbuilddate", "updated", "pubdate", "date").content())
	// RSS 1.0 keeps its items beside the channel.
	for _, parent := range []*element{head, root} {
		for _, item := range parent.children {
			if x.p.stopped() {
				return
			}
			if item.name == "item" || item.name == "entry" {
				x.feedItem(item)
			}
		}
		if head == root {
			break
		}
	}
}

func (x *xmlRenderer) feedItem(item *element) {
	doc := &x.p.b.Doc
	title := x.p.line(item.child("title").content())
	x.p.heading(2, title)
	when := parseTime(item.child("pubdate", "published", "date").content())
	changed := parseTime(item.child("updated", "modified").content())
	if when.IsZero() {
		when = changed
	}
	if !when.IsZero() {
		x.p.paragraph(when.Format(time.DateOnly))
	}
	for _, t := range []time.Time{when, changed} {
		if t.After(doc.Modified) {
			doc.Modified = t
		}
	}
	x.p.link(item.address(), title)
	// Both forms are often there: the summary then repeats the beginning.
	full, short := item.child("encoded", "content").content(), item.child("description", "summary").content()
	if len(full) < len(short) {
		full = short
	}
	x.p.prose(full)
	for _, c := range item.children {
		if c.name == "enclosure" {
			x.p.link(c.attr("url"), "")
		}
	}
}

// address returns the link of a feed or an item: the text of the element link
// in RSS, an attribute in Atom, where other links have another rel.
func (e *element) address() string {
	for _, c := range e.children {
		if c.name != "link" {
			continue
		}
		if href := c.attr("href"); href != "" {
			if rel := c.attr("rel"); rel == "" || rel == "alternate" {
				return href
			}
			continue
		}
		if t := c.content(); t != "" {
			return t
		}
	}
	if g := e.child("guid"); g != nil && !strings.EqualFold(g.attr("isPermaLink"), "false") && strings.HasPrefix(g.content(), "http") {
		return g.content()
	}
	return ""
}

// sitemap lists the addresses, each with the day it changed.
func (x *xmlRenderer) sitemap(root *element) {
	for _, entry := range root.children {
		if x.p.stopped() {
			return
		}
		loc := entry.child("loc").content()
		if loc == "" {
			continue
		}
		x.p.link(loc, "")
		line := loc
		if mod := entry.child("lastmod").content(); mod != "" {
			line += " (" + mod + ")"
		}
		x.p.add(knowledge.Block{Kind: knowledge.ListItem, Level: 1, Label: "•", Text: line})
	}
}
