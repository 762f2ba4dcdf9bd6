package crawl_test

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"net/http/httptest"
	"net/netip"
	"net/url"
	"strconv"
	"time"

	"github.com/kundeagent/kundeagent/knowledge"
	"github.com/kundeagent/kundeagent/knowledge/crawl"
)

// shop is a site of two pages to read, and one to leave alone.
func shop() *httptest.Server {
	mux := http.NewServeMux()
	mux.HandleFunc("/robots.txt", func(w http.ResponseWriter, r *http.Request) {
		fmt.Fprint(w, "User-agent: *\nDisallow: /cart\n")
	})
	mux.HandleFunc("/{$}", func(w http.ResponseWriter, r *http.Request) {
		fmt.Fprint(w, `<html lang="en"><head><title>Shop help</title></head><body><main><h1>Shop help</h1>
<p>We send parcels on every working day, and orders placed before noon leave the same afternoon.</p></main>
<footer><a href="/returns">Returns</a> <a href="/cart">Cart</a></footer></body></html>`)
	})
	mux.HandleFunc("/returns", func(w http.ResponseWriter, r *http.Request) {
		fmt.Fprint(w, `<html lang="en"><head><title>Returns</title></head><body><main><h1>Returns</h1>
<p>You may return what you bought within thirty days. The label is in the parcel, and returning is free.</p></main></body></html>`)
	})
	return httptest.NewServer(mux)
}

func portOf(raw string) uint16 {
	u, _ := url.Parse(raw)
	n, _ := strconv.Atoi(u.Port())
	return uint16(n)
}

func Example() {
	srv := shop()
	defer srv.Close()
	source, err := crawl.New(crawl.Config{
		ID: "shop", URL: srv.URL, Related: true,
		Delay: time.Millisecond, // for a site of one's own; the default is a second
		// A site on the public internet needs neither of these.
		Allow: []netip.Prefix{netip.MustParsePrefix("127.0.0.0/8")}, Ports: []uint16{portOf(srv.URL)},
	})
	if err != nil {
		fmt.Println(err)
		return
	}
	for change, err := range source.Documents(context.Background(), knowledge.Manifest{}) {
		var skip *crawl.Skip
		switch {
		case err != nil:
			fmt.Println(err)
		case change.Kind == knowledge.Upsert:
			fmt.Println("document:", change.Document.Title)
		case errors.As(change.Err, &skip):
			fmt.Println("left out:", skip.Outcome, "-", skip.Detail)
		case change.Kind == knowledge.Complete:
			fmt.Println("complete")
		}
	}
	// Output:
	// document: Shop help
	// document: Returns
	// left out: robots - rule /cart
	// complete
}

func ExampleNew() {
	_, err := crawl.New(crawl.Config{ID: "help", URL: "https://help.example.com:8443/"})
	fmt.Println(err)
	_, err = crawl.New(crawl.Config{ID: "help", URL: "https://help.example.com:8443/", Ports: []uint16{8443}})
	fmt.Println(err)
	// Output:
	// crawl: URL "https://help.example.com:8443/": port 8443 is not among Ports
	// <nil>
}
