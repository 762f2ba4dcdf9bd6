package crawl

import (
	"context"
	"path"
	"strings"

	"github.com/kundeagent/kundeagent/knowledge"
	"github.com/kundeagent/kundeagent/knowledge/file"
)

// reader reads files that are not HTML.
type reader func(ctx context.Context, url, contentType string, data []byte) (*knowledge.Document, error)

// ownReader reads the formats that people write to be read. What links lead to
// as XML or JSON is a feed or data for programs.
func ownReader() reader {
	registry := file.NewRegistry(file.Config{Parsers: map[file.Format]file.Parser{
		file.HTML: nil, file.XML: nil, file.JSON: nil, file.Conf: nil,
	}})
	return func(ctx context.Context, url, contentType string, data []byte) (*knowledge.Document, error) {
		name := url
		if i := strings.IndexAny(name, "?#"); i >= 0 {
			name = name[:i]
		}
		return registry.Parse(ctx, file.Input{Name: path.Base(name), URL: url, ContentType: contentType, Data: data})
	}
}

// ownType tells what ownReader may be able to read, so that nothing else is
// loaded only to be refused.
func ownType(media string, addr address) bool {
	switch media {
	case "application/pdf", "application/x-pdf", "text/plain", "text/markdown", "text/csv", "text/x-rst", "text/prs.fallenstein.rst",
		"application/vnd.openxmlformats-officedocument.wordprocessingml.document",
		"application/vnd.openxmlformats-officedocument.presentationml.presentation":
		return true
	case "application/octet-stream", "application/zip", "application/x-zip-compressed", "binary/octet-stream", "application/download", "application/force-download":
		switch strings.ToLower(path.Ext(addr.url.Path)) {
		case ".pdf", ".docx", ".pptx", ".md", ".rst", ".txt", ".csv":
			return true
		}
	}
	return false
}
