package safehttp

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/netip"
	"strconv"
	"strings"
	"syscall"
	"time"
)

// dial connects to host:port. The policy is asked with the very address that a
// connection is opened to, so that no later DNS answer can differ.
func (c *Client) dial(ctx context.Context, network, address string) (net.Conn, error) {
	host, service, err := net.SplitHostPort(address)
	if err != nil {
		return nil, err
	}
	d := &net.Dialer{Timeout: c.cfg.ConnectTimeout, KeepAlive: 30 * time.Second}
	trusted := c.cfg.Proxy != nil && strings.EqualFold(host, c.cfg.Proxy.Hostname())
	if !trusted {
		d.ControlContext = func(_ context.Context, network, actual string, _ syscall.RawConn) error {
			return c.control(host, network, actual)
		}
	}
	if trusted || c.cfg.Lookup == nil && c.cfg.Connect == nil {
		return d.DialContext(ctx, network, address)
	}
	return c.dialEach(ctx, d, network, host, service)
}

// control is called for each address before its connection is opened.
func (c *Client) control(host, network, actual string) error {
	if network != "tcp4" && network != "tcp6" {
		return fmt.Errorf("network %s: %w", network, ErrRefusedURL)
	}
	at, err := netip.ParseAddrPort(actual)
	if err != nil {
		return fmt.Errorf("address %q: %w", actual, ErrBlockedAddress)
	}
	if class := c.policy.Check(at.Addr()); class != "" {
		return &BlockedError{Host: host, Addr: at.Addr(), Class: class}
	}
	if !c.portAllowed(strconv.Itoa(int(at.Port()))) {
		return fmt.Errorf("port %d: %w", at.Port(), ErrRefusedURL)
	}
	return nil
}

// dialEach is dial with a resolver or a way to connect of the caller's.
func (c *Client) dialEach(ctx context.Context, d *net.Dialer, network, host, service string) (net.Conn, error) {
	addrs, err := c.lookup(ctx, host)
	if err != nil {
		return nil, err
	}
	n, err := strconv.ParseUint(service, 10, 16)
	if err != nil {
		return nil, fmt.Errorf("port %q: %w", service, ErrRefusedURL)
	}
	var faults []error
	for _, addr := range addrs[:min(len(addrs), maxLookedUp)] {
		at := netip.AddrPortFrom(addr, uint16(n))
		conn, err := c.connect(ctx, d, host, at)
		if err == nil {
			return conn, nil
		}
		faults = append(faults, err)
	}
	if len(faults) == 0 {
		return nil, fmt.Errorf("host %q has no address", host)
	}
	return nil, errors.Join(faults...)
}

func (c *Client) connect(ctx context.Context, d *net.Dialer, host string, at netip.AddrPort) (net.Conn, error) {
	network := "tcp4"
	if at.Addr().Unmap().Is6() {
		network = "tcp6"
	}
	if c.cfg.Connect == nil {
		return d.DialContext(ctx, network, at.String())
	}
	if err := c.control(host, network, at.String()); err != nil {
		return nil, err
	}
	return c.cfg.Connect(ctx, network, at)
}

func (c *Client) lookup(ctx context.Context, host string) ([]netip.Addr, error) {
	if addr, err := netip.ParseAddr(host); err == nil {
		return []netip.Addr{addr}, nil
	}
	if c.cfg.Lookup != nil {
		return c.cfg.Lookup(ctx, host)
	}
	return net.DefaultResolver.LookupNetIP(ctx, "ip", host)
}
