package main

import (
	"io/fs"
	"net"
	"net/http"
	"net/netip"
	"time"
)

// site is the company's web site, served on loopback.
type site struct {
	*http.Server
	URL      string
	Prefixes []netip.Prefix // the address it has, which a crawl must be allowed
	Ports    []uint16
}

func serveSite() (*site, error) {
	pages, err := fs.Sub(content, "site")
	if err != nil {
		return nil, err
	}
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return nil, err
	}
	addr := l.Addr().(*net.TCPAddr).AddrPort()
	s := &site{
		Server:   &http.Server{Handler: http.FileServerFS(pages), ReadHeaderTimeout: 10 * time.Second},
		URL:      "http://" + addr.String() + "/",
		Prefixes: []netip.Prefix{netip.PrefixFrom(addr.Addr(), addr.Addr().BitLen())},
		Ports:    []uint16{addr.Port()},
	}
	go s.Serve(l) // ends with Close
	return s, nil
}
