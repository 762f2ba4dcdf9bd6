package whatsapp

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"mime"
	"net/http"
	"net/url"
	"strings"

	"github.com/kundeagent/kundeagent/channels"
	"github.com/kundeagent/kundeagent/internal/safehttp"
)

// Why a file cannot be had.
var (
	// ErrMediaHost: the address of the file is not one of the vendor's.
	ErrMediaHost = errors.New("whatsapp: file is at a host that is not allowed")
	// ErrMediaTooLarge: the file passes Config.MaxMedia.
	ErrMediaTooLarge = errors.New("whatsapp: file is too large")
	// ErrMediaChanged: the content is not what the vendor announced.
	ErrMediaChanged = errors.New("whatsapp: file is not what was announced")
)

type mediaStore struct {
	client *safehttp.Client
	hosts  []string
	limit  int64
	token  string
}

func newMediaStore(cfg Config) *mediaStore {
	client := safehttp.New(safehttp.Config{MaxBytes: cfg.MaxMedia + 1, MaxRedirects: -1})
	return &mediaStore{client: client, hosts: cfg.MediaHosts, limit: cfg.MaxMedia, token: cfg.Token}
}

// Open implements [channels.Opener]. It asks for the file's address, which lasts
// some minutes, and reads it whole: from the vendor's hosts only, at most
// MaxMedia, and with the announced checksum. A content that is evidently of
// another kind than announced is ErrMediaChanged.
func (c *Channel) Open(ctx context.Context, a channels.Attachment) (io.ReadCloser, error) {
	var info struct {
		URL      string `json:"url"`
		MIMEType string `json:"mime_type"`
		SHA256   string `json:"sha256"`
		Size     int64  `json:"file_size"`
	}
	if err := c.graph.Get(ctx, "/"+url.PathEscape(a.ID), &info); err != nil {
		return nil, fmt.Errorf("whatsapp: file %s: %w", a.ID, err)
	}
	if info.Size > c.media.limit {
		return nil, fmt.Errorf("%w: %d bytes", ErrMediaTooLarge, info.Size)
	}
	data, err := c.media.fetch(ctx, info.URL)
	if err != nil {
		return nil, err
	}
	if sum := sha256.Sum256(data); info.SHA256 != "" && !strings.EqualFold(info.SHA256, hex.EncodeToString(sum[:])) {
		return nil, fmt.Errorf("%w: checksum differs", ErrMediaChanged)
	}
	if !plausible(info.MIMEType, data) {
		return nil, fmt.Errorf("%w: announced as %q", ErrMediaChanged, info.MIMEType)
	}
	return io.NopCloser(bytes.NewReader(data)), nil
}

func (m *mediaStore) fetch(ctx context.Context, address string) ([]byte, error) {
	u, err := url.Parse(address)
	if err != nil || !m.allowed(u.Hostname()) {
		return nil, fmt.Errorf("%w: %q", ErrMediaHost, address)
	}
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, address, nil)
	if err != nil {
		return nil, fmt.Errorf("%w: %q", ErrMediaHost, address)
	}
	req.Header.Set("Authorization", "Bearer "+m.token)
	resp, err := m.client.DoOnce(req)
	if err != nil {
		return nil, fmt.Errorf("whatsapp: fetch file: %w", err)
	}
	defer resp.Body.Close()
	if resp.StatusCode != http.StatusOK {
		return nil, fmt.Errorf("whatsapp: fetch file: %s", resp.Status)
	}
	data, err := safehttp.ReadAll(resp.Body, m.limit)
	if errors.Is(err, safehttp.ErrTooLarge) {
		return nil, fmt.Errorf("%w: more than %d bytes", ErrMediaTooLarge, m.limit)
	}
	if err != nil {
		return nil, fmt.Errorf("whatsapp: fetch file: %w", err)
	}
	return data, nil
}

func (m *mediaStore) allowed(host string) bool {
	for _, h := range m.hosts {
		if strings.EqualFold(host, h) || len(host) > len(h) && strings.EqualFold(host[len(host)-len(h)-1:], "."+h) {
			return true
		}
	}
	return false
}

// plausible reports whether content may be of the announced media type: of what
// can be recognised, pictures must not be pages or programs.
func plausible(announced string, data []byte) bool {
	media, _, err := mime.ParseMediaType(announced)
	if err != nil {
		return announced == ""
	}
	found, _, _ := strings.Cut(http.DetectContentType(data), ";")
	kind, _, _ := strings.Cut(media, "/")
	foundKind, _, _ := strings.Cut(found, "/")
	switch kind {
	case "image", "audio", "video":
		// Containers are told apart badly: Ogg and MP4 hold either.
		moving := foundKind == "audio" || foundKind == "video" || found == "application/ogg"
		return foundKind == kind || found == "application/octet-stream" || kind != "image" && moving
	}
	return found != "text/html" || media == "text/html"
}
