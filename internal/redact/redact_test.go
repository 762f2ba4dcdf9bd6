package redact

import (
	"strings"
	"testing"
	"unicode/utf8"
)

func TestPersonalDataIsReplaced(t *testing.T) {
	r := New(Config{})
	for in, want := range map[string]string{
		"Write to anna.berg+shop@mail.example.":           "Write to [email].",
		"メールは anna@mail.example です":                       "メールは [email] です",
		"(jörg@müller.example)":                           "([email])",
		"Call +45 70 10 20 30 today":                      "Call [phone] today",
		"+4570102030":                                     "[phone]",
		"+1 (555) 010-0199, please":                       "[phone], please",
		"0045 70 10 20 30":                                "[phone]",
		"Tel. 70102030":                                   "Tel. [phone]",
		"ring på 7010 2030":                               "ring på [phone]",
		"70 10 20 30":                                     "[phone]",
		"040 123 456 78":                                  "[phone]",
		"06 12 34 56 78":                                  "[phone]",
		"03-1234-5678まで":                                  "[phone]まで",
		"電話 0120-000-123":                                 "電話 [phone]",
		"(020) 7946 0018":                                 "[phone]",
		"555-010-0199":                                    "[phone]",
		"هاتف: 0551234567":                                "هاتف: [phone]",
		"手机电话13800138000":                                 "手机电话[phone]",
		"card 4111 1111 1111 1111 exp":                    "card [card] exp",
		"5500-0000-0000-0004":                             "[card]",
		"378282246310005":                                 "[card]",
		"IBAN DE89 3704 0044 0532 0130 00 for":            "IBAN [iban] for",
		"GB82WEST12345698765432":                          "[iban]",
		"dk5000400440116243":                              "[iban]",
		"from 192.0.2.17:8080":                            "from [ip]:8080",
		"at 2001:db8::8a2e:370:7334.":                     "at [ip].",
		"::1":                                             "[ip]",
		"a@b.example and +45 70 10 20 30 and 203.0.113.9": "[email] and [phone] and [ip]",
	} {
		if got := r.Redact(in); got != want {
			t.Errorf("%q became %q, want %q", in, got, want)
		}
	}
}

// What looks like personal data and is none stays.
func TestOrdinaryNumbersStay(t *testing.T) {
	r := New(Config{})
	for _, s := range []string{
		"Order 4711", "order 88213377", "Bestellung 2026-000123", "Auftrag 10020030", "ordrenummer 1234567890", "#100-2233-44", "invoice INV-2026-00042", "SKU 40-2210-B",
		"It costs 1,299.00 DKK", "1.299.000 kr.", "1 299 000 kr", "1.500 €", "€ 12.345,67", "100 000 000 people", "25,000,000", "0.123456789", "¥10,000",
		"on 2026-03-01", "01.03.2026", "01-03-2026", "3/1/2026", "20260301", "2026-03-01T10:00:00Z", "2026-03-01 14:30:00", "at 10:30", "9-17.30", "10:30:00", "1998-2026",
		"version 2.4.1", "v2.4.1.0", "Version 10.2.33.4", "firmware 3.2.0.1", "RFC 5322 section 3.4.1", "§ 12.3.4", "ISO 27001", "AES-256",
		"4111 1111 1111 1112", "1234567890123456", "tracking 00340434161094021501", "EAN 5901234123457", "ISBN 978-3-16-148410-0",
		"DE89 3704 0044 0532 0130 01", "XX12 3456 7890 1234", "CVR 10203044", "sizes 38 40 42 44 46", "2 x 49 = 98", "24/7", "me@", "@home", "std::string", "a::b", "ratio 16:9", "8000 Aarhus C", "20457 Hamburg", "SW1A 1AA",
		"12 34 56", "deadbeef0123456789", "550e8400-e29b-41d4-a716-446655440000", "step 1. 2. 3. 4. 5. 6. 7. 8.", "x_0123456789",
	} {
		if got := r.Redact(s); got != s {
			t.Errorf("%q became %q", s, got)
		}
	}
}

func TestKeptKindsStay(t *testing.T) {
	r := New(Config{Keep: []Kind{Phone, IP}})
	if got := r.Redact("anna@mail.example +45 70 10 20 30 192.0.2.1"); got != "[email] +45 70 10 20 30 192.0.2.1" {
		t.Error(got)
	}
}

func FuzzRedact(f *testing.F) {
	for _, s := range []string{"anna@mail.example", "+45 70 10 20 30", "DE89 3704 0044 0532 0130 00", "4111111111111111", "2001:db8::1", "192.0.2.1", "tel 1\xff234567", "aa00[]", "::.", "AA11 11111111111"} {
		f.Add(s)
	}
	r := New(Config{})
	f.Fuzz(func(t *testing.T, s string) {
		got := r.Redact(s)
		if utf8.ValidString(s) && !utf8.ValidString(got) {
			t.Errorf("%q became invalid: %q", s, got)
		}
		if !strings.ContainsAny(s, "@0123456789:") && got != s {
			t.Errorf("%q became %q", s, got)
		}
	})
}

func BenchmarkRedact(b *testing.B) {
	r := New(Config{})
	s := strings.Repeat("My order 4711 of 2026-03-01 for 1,299.00 DKK has not come. Write to anna@mail.example or call +45 70 10 20 30. ", 10)
	b.SetBytes(int64(len(s)))
	b.ReportAllocs()
	for b.Loop() {
		r.Redact(s)
	}
}
