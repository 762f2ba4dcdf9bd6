package safehttp

import (
	"net/netip"
	"testing"
)

// TestPolicyByAddressClass holds one address or more of every class of the
// IANA special-purpose registries, and public ones beside them (P12).
func TestPolicyByAddressClass(t *testing.T) {
	for _, c := range []struct {
		addr string
		open bool
	}{
		{"0.0.0.0", false}, {"0.1.2.3", false}, {"10.0.0.1", false}, {"10.255.255.255", false},
		{"100.64.0.1", false}, {"100.100.100.200", false}, {"100.127.255.254", false},
		{"127.0.0.1", false}, {"127.8.8.8", false}, {"169.254.169.254", false}, {"169.254.170.2", false},
		{"172.16.0.1", false}, {"172.31.255.255", false}, {"192.0.0.8", false}, {"192.0.0.192", false}, {"192.0.2.55", false},
		{"192.31.196.9", false}, {"192.52.193.9", false}, {"192.88.99.2", false}, {"192.168.1.1", false}, {"192.175.48.6", false},
		{"198.18.0.1", false}, {"198.19.255.255", false}, {"198.51.100.7", false}, {"203.0.113.7", false},
		{"224.0.0.251", false}, {"239.255.255.250", false}, {"240.0.0.1", false}, {"255.255.255.255", false}, {"168.63.129.16", false},
		{"::", false}, {"::1", false}, {"::127.0.0.1", false}, {"::8.8.8.8", false},
		{"::ffff:127.0.0.1", false}, {"::ffff:169.254.169.254", false}, {"::ffff:10.1.1.1", false},
		{"64:ff9b::a9fe:a9fe", false}, {"64:ff9b::7f00:1", false}, {"64:ff9b::a3f:8110", false}, {"64:ff9b:1::1", false},
		{"100::1", false}, {"2001::1", false}, {"2001:2::1", false}, {"2001:10::1", false}, {"2001:20::1", false},
		{"2001:db8::1", false}, {"2002:a9fe:a9fe::1", false}, {"2620:4f:8000::1", false}, {"3fff::1", false}, {"5f00::1", false},
		{"fc00::1", false}, {"fd00:ec2::254", false}, {"fe80::1", false}, {"fe80::1%eth0", false}, {"2606:4700::1%eth0", false},
		{"fec0::1", false}, {"ff02::1", false}, {"4000::1", false}, {"::ffff:0:7f00:1", false},

		{"8.8.8.8", true}, {"1.1.1.1", true}, {"9.255.255.255", true}, {"11.0.0.0", true}, {"100.63.255.255", true}, {"100.128.0.0", true},
		{"126.255.255.255", true}, {"128.0.0.1", true}, {"169.253.255.255", true}, {"172.15.255.255", true}, {"172.32.0.1", true},
		{"192.0.1.1", true}, {"192.167.255.255", true}, {"198.17.255.255", true}, {"198.20.0.1", true}, {"223.255.255.255", true},
		{"168.63.129.15", true}, {"168.63.129.17", true}, {"::ffff:8.8.8.8", true}, {"64:ff9b::808:808", true},
		{"2001:4860:4860::8888", true}, {"2606:4700:4700::1111", true}, {"2a00:1450:4001::1", true}, {"2001:200::1", true}, {"2620:0:2d0::1", true},
	} {
		class := Policy{}.Check(netip.MustParseAddr(c.addr))
		if (class == "") != c.open {
			t.Errorf("%s: class %q, want open %v", c.addr, class, c.open)
		}
	}
	if (Policy{}).Check(netip.Addr{}) == "" {
		t.Error("an invalid address is let through")
	}
}

func TestPolicyHolesOpenTheirPrefixOnly(t *testing.T) {
	p := Policy{Allow: []netip.Prefix{netip.MustParsePrefix("10.1.0.0/16"), netip.MustParsePrefix("::ffff:127.0.0.0/104"), netip.MustParsePrefix("fd00:1::/32"), {}}}
	for addr, open := range map[string]bool{
		"10.1.2.3": true, "::ffff:10.1.2.3": true, "10.2.0.1": false, "127.0.0.1": true, "128.0.0.1": true,
		"fd00:1::5": true, "fd00:2::5": false, "169.254.169.254": false, "64:ff9b::a01:203": true, "64:ff9b::a02:1": false,
	} {
		if class := p.Check(netip.MustParseAddr(addr)); (class == "") != open {
			t.Errorf("%s: class %q, want open %v", addr, class, open)
		}
	}
}

// TestPolicyLooksInsideTranslatedAddresses uses the spellings of RFC 6052,
// section 2.4, for each length of prefix.
func TestPolicyLooksInsideTranslatedAddresses(t *testing.T) {
	for _, c := range []struct{ prefix, private, public string }{
		{"2a01:db8::/32", "2a01:db8:a00:1::", "2a01:db8:808:808::"},
		{"2a01:db8:100::/40", "2a01:db8:10a:0:1::", "2a01:db8:108:808:8::"},
		{"2a01:db8:122::/48", "2a01:db8:122:a00:0:100::", "2a01:db8:122:808:8:800::"},
		{"2a01:db8:122:300::/56", "2a01:db8:122:30a:0:1::", "2a01:db8:122:308:8:808::"},
		{"2a01:db8:122:344::/64", "2a01:db8:122:344:a:0:100::", "2a01:db8:122:344:8:808:800::"},
		{"2a01:db8:122:344::/96", "2a01:db8:122:344::a00:1", "2a01:db8:122:344::808:808"},
		{"64:ff9b:1::/96", "64:ff9b:1::a00:1", "64:ff9b:1::808:808"},
	} {
		p := Policy{NAT64: []netip.Prefix{netip.MustParsePrefix(c.prefix)}}
		if p.Check(netip.MustParseAddr(c.private)) == "" {
			t.Errorf("%s: %s leads to 10.0.0.1 and is let through", c.prefix, c.private)
		}
		if class := p.Check(netip.MustParseAddr(c.public)); class != "" {
			t.Errorf("%s: %s leads to 8.8.8.8 and is refused: %s", c.prefix, c.public, class)
		}
	}
}

func FuzzPolicyNeverOpensLoopback(f *testing.F) {
	f.Add([]byte{127, 0, 0, 1})
	f.Add([]byte{0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xff, 0xff, 127, 0, 0, 1})
	f.Fuzz(func(t *testing.T, raw []byte) {
		addr, ok := netip.AddrFromSlice(raw)
		if !ok {
			return
		}
		plain := addr.Unmap()
		if Policy.Check(Policy{}, addr) == "" && (plain.IsPrivate() || plain.IsLoopback() || plain.IsLinkLocalUnicast() || plain.IsMulticast() || plain.IsUnspecified()) {
			t.Errorf("%s is let through", addr)
		}
	})
}

func BenchmarkPolicy(b *testing.B) {
	addr := netip.MustParseAddr("2606:4700:4700::1111")
	b.ReportAllocs()
	for b.Loop() {
		if (Policy{}).Check(addr) != "" {
			b.Fatal("refused")
		}
	}
}
