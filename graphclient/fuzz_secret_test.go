package graphclient

import (
	"slices"
	"strings"
	"testing"
	"time"

	"software.sslmate.com/src/go-pkcs12"
)

// FuzzCertificate: no file makes reading a certificate fail otherwise than with one line that holds
// nothing of the file or its password, or takes longer than its bound on iterations allows.
func FuzzCertificate(f *testing.F) {
	key := rsaKey(1)
	leaf := certify(f, &key.PublicKey, key, time.Now().AddDate(1, 0, 0))
	both := append(pemOf("CERTIFICATE", leaf.Raw), pkcs8(f, key)...)
	f.Add(both, []byte{}, "")
	f.Add(both[:1000], both[900:], "x")
	for _, encoder := range []*pkcs12.Encoder{pkcs12.LegacyRC2, pkcs12.Modern2023, pkcs12.Modern2026, pkcs12.Passwordless} {
		password := planted
		if encoder == pkcs12.Passwordless {
			password = ""
		}
		raw, err := encoder.Encode(key, leaf, nil, password)
		if err != nil {
			f.Fatal(err)
		}
		f.Add(raw, []byte{}, password)
	}
	f.Fuzz(func(t *testing.T, certificate, key []byte, password string) {
		began := cpuTime()
		c, err := ParseCertificate(certificate, key, Secret(password))
		if d := cpuTime() - began; d > 20*time.Second { // of the whole process, and with other cases
			t.Errorf("took %s", d)
		}
		if err == nil {
			if bits := c.key.N.BitLen(); bits < minKeyBits || !c.key.PublicKey.Equal(c.leaf.PublicKey) {
				t.Errorf("%d bits", bits)
			}
			return
		}
		if text := err.Error(); oneLine(text) != text || len(password) > 20 && strings.Contains(text, password) {
			t.Errorf("got %q", text)
		}
	})
}

// FuzzRedactor: of a planted word, as it is or quoted, nothing is left in a text that is cleaned; a
// text without it is left alone but for what cannot be printed.
func FuzzRedactor(f *testing.F) {
	f.Add(planted, "before ", " after")
	f.Add("abcdab", "abcd", "cdab")
	f.Add("aaaa", "aaa", "a")
	f.Add("pl4nted \x00word\n", "x", "<secret>")
	f.Add("é\xffé\xff", "", "%C3%A9")
	f.Fuzz(func(t *testing.T, word, before, after string) {
		if len(word) < shortest || strings.Contains(placeholder, printable(word)) || slices.ContainsFunc(formsOf(word), func(form string) bool { return meets(form, placeholder) }) {
			return // the placeholder itself would show it
		}
		r := &redactor{}
		r.pin(roleToken, word)
		for _, form := range formsOf(word) {
			got := r.whole(before + form + after)
			for _, left := range formsOf(word) {
				if strings.Contains(got, left) {
					t.Errorf("%q of %q left in %q", left, before+form+after, got)
				}
			}
		}
		text := before + after
		if slices.ContainsFunc(formsOf(word), func(form string) bool {
			return strings.Contains(text, form) || strings.Contains(printable(text), form)
		}) {
			return
		}
		if got := r.whole(text); got != printable(text) {
			t.Errorf("%q became %q", text, got)
		}
	})
}

// meets reports whether two texts have an end and a beginning, or all of one, in common, so that
// putting one beside the other can make more of them.
func meets(a, b string) bool {
	for n := 1; n <= min(len(a), len(b)); n++ {
		if strings.HasSuffix(a, b[:n]) || strings.HasPrefix(a, b[len(b)-n:]) {
			return true
		}
	}
	return strings.Contains(a, b) || strings.Contains(b, a)
}
