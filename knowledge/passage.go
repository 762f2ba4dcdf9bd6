package knowledge

import (
	"crypto/sha256"
	"encoding/base64"
	"slices"
	"strconv"
	"strings"

	"github.com/kundeagent/kundeagent/internal/text"
)

// Passage is the piece of a document that is searched and quoted: whole blocks
// under one heading path. Passages are immutable.
type Passage struct {
	// ID is a hash of source, document, heading path and place, so that it
	// stays the same while the text around it changes.
	ID       string
	Source   string
	Document string // the document's ID within the source
	Title    string // of the document
	URL      string // of the document, empty if it has none
	Name     string // of the document
	Language string // of the text, declared or detected; may be empty
	Path     []string
	// Aliases are other ways to ask for it: searched, but not part of its text.
	Aliases []string
	Blocks  []Block
	Ordinal int // place within the document, from 0
}

// Text returns the passage as plain text; table rows read "column: value".
func (p *Passage) Text() string {
	if len(p.Blocks) == 1 {
		return blockSentence(p.Blocks[0])
	}
	var sb strings.Builder
	for i, b := range p.Blocks {
		if i > 0 {
			sb.WriteByte('\n')
		}
		sb.WriteString(blockSentence(b))
	}
	return sb.String()
}

// blockSentence renders a block so that it stands on its own.
func blockSentence(b Block) string {
	if b.Kind != TableRow || len(b.Header) == 0 {
		return b.String()
	}
	var sb strings.Builder
	for i, c := range b.Cells {
		if c == "" {
			continue
		}
		if sb.Len() > 0 {
			sb.WriteString("; ")
		}
		if i < len(b.Header) && b.Header[i] != "" {
			sb.WriteString(b.Header[i] + ": ")
		}
		sb.WriteString(c)
	}
	return sb.String()
}

// CutConfig says how documents are cut into passages. The zero value holds the
// defaults.
type CutConfig struct {
	Target int // tokens to aim for; default 300
	Max    int // tokens a passage never passes unless one sentence does; default 450
	// Tokens estimates the tokens of a text; default the larger of 1.3 a word
	// and a quarter of the characters, one for each CJK character.
	Tokens func(string) int
}

func (c CutConfig) withDefaults() CutConfig {
	if c.Target <= 0 {
		c.Target = 300
	}
	if c.Max <= 0 {
		c.Max = 450
	}
	if c.Max < c.Target {
		c.Max = c.Target
	}
	if c.Tokens == nil {
		c.Tokens = text.EstimateTokens
	}
	return c
}

// Cut cuts a document of a source into passages. A passage holds whole blocks;
// a block that alone passes the maximum is cut at sentence ends (code at line
// ends, table rows never). A heading always stays with what follows it.
func Cut(source string, d *Document, cfg CutConfig) []Passage {
	c := cutter{cfg: cfg.withDefaults(), source: source, doc: d}
	for _, b := range d.Blocks {
		c.add(b)
	}
	c.flush()
	return c.out
}

type cutter struct {
	cfg    CutConfig
	source string
	doc    *Document

	path   []string
	levels []int // heading level of each path element
	blocks []Block
	tokens int
	out    []Passage
	seen   map[string]int // passages per heading path
}

func (c *cutter) add(b Block) {
	switch b.Kind {
	case Heading:
		c.flush()
		for len(c.levels) > 0 && c.levels[len(c.levels)-1] >= b.Level {
			c.levels, c.path = c.levels[:len(c.levels)-1], c.path[:len(c.path)-1]
		}
		c.levels = append(c.levels, b.Level)
		c.path = append(slices.Clip(c.path), b.Text)
		return
	case TableHeader:
		return // its rows repeat it
	case QA:
		c.flush() // a question with its answer stands alone: its neighbours ask something else
	}
	for _, piece := range c.pieces(b) {
		n := c.cfg.Tokens(blockSentence(piece))
		if c.tokens > 0 && c.tokens+n > c.cfg.Target {
			c.flush()
		}
		c.blocks = append(c.blocks, piece)
		c.tokens += n
	}
	if b.Kind == QA {
		c.flush()
	}
}

// pieces returns b, or what it must be cut into to stay under the maximum.
func (c *cutter) pieces(b Block) []Block {
	if b.Kind == TableRow || c.cfg.Tokens(blockSentence(b)) <= c.cfg.Max {
		return []Block{b}
	}
	var parts []string
	joint := " "
	if b.Kind == Code {
		parts, joint = strings.Split(b.Text, "\n"), "\n"
	} else {
		parts = text.Sentences(b.Text)
	}
	var out []Block
	var current []string
	tokens := 0
	emit := func() {
		if len(current) > 0 {
			piece := b
			piece.Text = strings.Join(current, joint)
			out = append(out, piece)
			current, tokens = nil, 0
		}
	}
	for _, p := range parts {
		n := c.cfg.Tokens(p)
		if tokens+n > c.cfg.Target {
			emit()
		}
		current = append(current, p)
		tokens += n
	}
	emit()
	return out
}

func (c *cutter) flush() {
	if len(c.blocks) == 0 {
		return
	}
	if c.seen == nil {
		c.seen = map[string]int{}
	}
	key := strings.Join(c.path, "\x1f")
	id := passageID(c.source, c.doc.ID, key, c.seen[key])
	c.seen[key]++
	c.out = append(c.out, Passage{
		ID: id, Source: c.source, Document: c.doc.ID, Title: c.doc.Title, URL: c.doc.URL, Name: c.doc.Name,
		Language: c.doc.Language, Path: c.path, Blocks: c.blocks, Ordinal: len(c.out),
	})
	c.blocks, c.tokens = nil, 0
}

func passageID(source, document, path string, n int) string {
	sum := sha256.Sum256([]byte(source + "\x00" + document + "\x00" + path + "\x00" + strconv.Itoa(n)))
	return base64.RawURLEncoding.EncodeToString(sum[:12])
}
