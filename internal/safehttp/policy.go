package safehttp

import (
	"fmt"
	"net/netip"
)

// class is a range of addresses that no content may lead to, and what it is
// called in an error.
type class struct {
	prefix netip.Prefix
	name   string
}

// Policy decides which addresses may be connected to: those of the public
// internet, and the holes made by Allow. The zero value has no holes. It is
// safe for concurrent use as long as nobody changes it.
//
// The ranges are those of the IANA special-purpose registries for IPv4 and
// IPv6, the multicast and reserved spaces, and the one public address that a
// large cloud uses for its machines' metadata.
type Policy struct {
	// Allow are prefixes that are let through whatever they are.
	Allow []netip.Prefix
	// NAT64 are prefixes whose addresses hold an IPv4 address (RFC 6052, of
	// length 32, 40, 48, 56, 64 or 96), as the network's operator chose them.
	// 64:ff9b::/96 is always known. The address inside is what is judged.
	NAT64 []netip.Prefix
}

// Check returns the name of the class that forbids addr, or "" when it may be
// connected to.
func (p Policy) Check(addr netip.Addr) string {
	if !addr.IsValid() {
		return "no address"
	}
	if addr.Zone() != "" {
		return "bound to a network interface"
	}
	addr = addr.Unmap()
	for _, hole := range p.Allow {
		if contains(hole, addr) {
			return ""
		}
	}
	if addr.Is4() {
		return find(v4Classes[:], addr)
	}
	if inner, ok := p.translated(addr); ok {
		if name := p.Check(inner); name != "" {
			return fmt.Sprintf("translated to %s, which is %s", inner, name)
		}
		return ""
	}
	if !globalUnicast.Contains(addr) {
		if name := find(v6Names[:], addr); name != "" {
			return name
		}
		return "outside global unicast"
	}
	return find(v6Classes[:], addr)
}

var (
	globalUnicast  = netip.MustParsePrefix("2000::/3")
	wellKnownNAT64 = netip.MustParsePrefix("64:ff9b::/96")
)

// contains compares in the family of addr, so that a hole written as an
// IPv4-mapped prefix works as well.
func contains(p netip.Prefix, addr netip.Addr) bool {
	if p.Addr().Is4In6() && p.Bits() >= 96 {
		p = netip.PrefixFrom(p.Addr().Unmap(), p.Bits()-96)
	}
	return p.Contains(addr)
}

func find(classes []class, addr netip.Addr) string {
	for _, c := range classes {
		if c.prefix.Contains(addr) {
			return c.name
		}
	}
	return ""
}

// translated returns the IPv4 address that a NAT64 address leads to.
func (p Policy) translated(addr netip.Addr) (netip.Addr, bool) {
	bytes := addr.As16()
	if wellKnownNAT64.Contains(addr) {
		return netip.AddrFrom4([4]byte(bytes[12:16])), true
	}
	for _, prefix := range p.NAT64 {
		if !prefix.Contains(addr) {
			continue
		}
		if inner, ok := embedded(bytes, prefix.Bits()); ok {
			return inner, true
		}
	}
	return netip.Addr{}, false
}

// embedded takes the IPv4 address out of an IPv6 address; bits 64 to 71 are
// skipped as RFC 6052, section 2.2 has it.
func embedded(b [16]byte, bits int) (netip.Addr, bool) {
	switch bits {
	case 32, 40, 48, 56, 64, 96:
	default:
		return netip.Addr{}, false
	}
	var v4 [4]byte
	at := bits / 8
	for i := range v4 {
		if at == 8 {
			at++
		}
		v4[i] = b[at]
		at++
	}
	return netip.AddrFrom4(v4), true
}

// in reads one of the prefixes below.
func in(p string) netip.Prefix { return netip.MustParsePrefix(p) }

var v4Classes = [...]class{
	{in("0.0.0.0/8"), "this network"},
	{in("10.0.0.0/8"), "private"},
	{in("100.64.0.0/10"), "shared by carriers"},
	{in("127.0.0.0/8"), "loopback"},
	{in("169.254.0.0/16"), "link-local"},
	{in("172.16.0.0/12"), "private"},
	{in("192.0.0.0/24"), "protocol assignment"},
	{in("192.0.2.0/24"), "documentation"},
	{in("192.31.196.0/24"), "AS112 service"},
	{in("192.52.193.0/24"), "automatic multicast tunnel"},
	{in("192.88.99.0/24"), "6to4 relay"},
	{in("192.168.0.0/16"), "private"},
	{in("192.175.48.0/24"), "AS112 service"},
	{in("198.18.0.0/15"), "benchmarking"},
	{in("198.51.100.0/24"), "documentation"},
	{in("203.0.113.0/24"), "documentation"},
	{in("224.0.0.0/4"), "multicast"},
	{in("240.0.0.0/4"), "reserved"},
	{in("168.63.129.16/32"), "cloud metadata"},
}

// v6Classes lie within global unicast.
var v6Classes = [...]class{
	{in("2001::/23"), "protocol assignment"},
	{in("2001:db8::/32"), "documentation"},
	{in("2002::/16"), "6to4"},
	{in("2620:4f:8000::/48"), "AS112 service"},
	{in("3fff::/20"), "documentation"},
}

// v6Names only name what lies outside of global unicast and is refused anyway.
var v6Names = [...]class{
	{in("::/128"), "unspecified"},
	{in("::1/128"), "loopback"},
	{in("::/96"), "IPv4-compatible"},
	{in("64:ff9b:1::/48"), "local translation"},
	{in("100::/64"), "discard"},
	{in("fc00::/7"), "private"},
	{in("fe80::/10"), "link-local"},
	{in("fec0::/10"), "site-local"},
	{in("ff00::/8"), "multicast"},
}
