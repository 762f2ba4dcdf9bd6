package whatsapp

import (
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"net/netip"
	"net/url"
	"strconv"
	"strings"
	"testing"

	"github.com/kundeagent/kundeagent/channels"
	"github.com/kundeagent/kundeagent/internal/safehttp"
)

func TestWA21FilesAreReadWithCare(t *testing.T) {
	png := append([]byte("\x89PNG\r\n\x1a\n"), make([]byte, 100)...)
	content := map[string][]byte{"/png": png, "/page": []byte("<!DOCTYPE html><script>x</script>"), "/big": make([]byte, 5000)}
	store := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.Header.Get("Authorization") != "Bearer tok" {
			t.Errorf("no token for %s", r.URL)
		}
		if r.URL.Path == "/moved" {
			http.Redirect(w, r, "/png", http.StatusFound)
			return
		}
		w.Write(content[r.URL.Path])
	}))
	t.Cleanup(store.Close)
	address, err := url.Parse(store.URL)
	if err != nil {
		t.Fatal(err)
	}
	port, err := strconv.ParseUint(address.Port(), 10, 16)
	if err != nil {
		t.Fatal(err)
	}
	f := newFixture(t)
	f.media.limit, f.media.hosts = 4000, []string{"127.0.0.1"}
	f.media.client = safehttp.New(safehttp.Config{Allow: []netip.Prefix{netip.MustParsePrefix("127.0.0.0/8")}, Ports: []uint16{uint16(port)}, MaxRedirects: -1})
	sum := func(b []byte) string { s := sha256.Sum256(b); return hex.EncodeToString(s[:]) }
	for _, test := range []struct {
		name, info string
		err        error
	}{
		{"good", fmt.Sprintf(`{"url":"%s/png","mime_type":"image/png","sha256":%q,"file_size":108}`, store.URL, sum(png)), nil},
		{"without checksum", fmt.Sprintf(`{"url":"%s/png","mime_type":"image/png"}`, store.URL), nil},
		{"another checksum", fmt.Sprintf(`{"url":"%s/png","mime_type":"image/png","sha256":%q}`, store.URL, sum(nil)), ErrMediaChanged},
		{"a page that claims to be a picture", fmt.Sprintf(`{"url":"%s/page","mime_type":"image/png"}`, store.URL), ErrMediaChanged},
		{"a page that claims to be a document", fmt.Sprintf(`{"url":"%s/page","mime_type":"application/pdf"}`, store.URL), ErrMediaChanged},
		{"larger than announced", fmt.Sprintf(`{"url":"%s/big","mime_type":"application/pdf","file_size":10}`, store.URL), ErrMediaTooLarge},
		{"announced as too large", fmt.Sprintf(`{"url":"%s/png","mime_type":"image/png","file_size":5000}`, store.URL), ErrMediaTooLarge},
		{"another host", `{"url":"https://evil.example/png","mime_type":"image/png"}`, ErrMediaHost},
		{"a host that ends alike", `{"url":"https://evil127.0.0.1/png"}`, ErrMediaHost},
		{"no address", `{}`, ErrMediaHost},
	} {
		f.answer = func(w http.ResponseWriter, _ *http.Request) { fmt.Fprint(w, test.info) }
		r, err := f.Open(t.Context(), channels.Attachment{ID: "m1"})
		if !errors.Is(err, test.err) {
			t.Errorf("%s: error %v, want %v", test.name, err, test.err)
			continue
		}
		if err == nil {
			if data, err := io.ReadAll(r); err != nil || string(data) != string(png) {
				t.Errorf("%s: %d bytes, %v", test.name, len(data), err)
			}
		}
		if strings.Contains(fmt.Sprint(err), "tok") {
			t.Errorf("%s: the token is in %v", test.name, err)
		}
	}
	f.answer = func(w http.ResponseWriter, _ *http.Request) { fmt.Fprintf(w, `{"url":"%s/moved"}`, store.URL) }
	if _, err := f.Open(t.Context(), channels.Attachment{ID: "m1"}); err == nil {
		t.Error("a redirect was followed")
	}
	f.media.hosts = []string{"localhost"}
	if got := f.media.allowed("cdn.localhost") && f.media.allowed("LOCALHOST") && !f.media.allowed("notlocalhost"); !got {
		t.Error("hosts are not compared with their subdomains")
	}
}
