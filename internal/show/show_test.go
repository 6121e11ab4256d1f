package show

import (
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
)

// secrets are the kinds of secret that people have.
var secrets = []string{
	"8Q~dLxTqR2pVwYb7.fKzJ0aNcHs-MuE3gXo1iPy", "Sommer2026!", "hunter22x", "correct horse battery", "7c9e6679-7425-40de-944b-e07fc1f90ae7",
	"c2VjcmV0LXNlY3JldC1zZWNyZXQtc2VjcmV0", "deadbeefdeadbeefdeadbeefdeadbeef", "/x8Q~dLx/TqR2pVwYb7", "-----BEGIN PRIVATE KEY-----", "eyJhbGciOi.eyJzdWIi.c2ln",
	"1234567890", "pl4nted", "Pa55word", "ab\x00cd", "AbCdEfGh", "a secret",
}

// TestNoSecretIsRepeated shows that no kind of secret is repeated, whatever it is typed for.
func TestNoSecretIsRepeated(t *testing.T) {
	dir := t.TempDir()
	for _, secret := range secrets {
		for what, got := range map[string]string{
			"value": Value(secret), "host": Host(secret), "address": Host("https://" + secret), "port": Host("https://a.example:" + secret),
			"path": Path(secret), "path in a folder": Path(filepath.Join(dir, strings.ReplaceAll(secret, "/", ""))), "path without": Path("/none/" + secret),
			"quotation": Quotations("cannot unmarshal `" + secret + "` into int"), "flag": Quotations("unknown long flag '--" + secret + "'"),
		} {
			if strings.Contains(got, secret) || strings.Contains(got, strings.ReplaceAll(secret, "/", "")) {
				t.Errorf("%s: %q is shown as %s", what, secret, got)
			}
		}
	}
}

// TestHelp shows that what is no secret is repeated, which helps to find it.
func TestHelp(t *testing.T) {
	dir := t.TempDir()
	there := filepath.Join(dir, "8Q~dLx TqR2")
	if err := os.WriteFile(there, nil, 0o600); err != nil {
		t.Fatal(err)
	}
	for got, want := range map[string]string{
		Value(""): `""`, Value("soon"): `"soon"`, Value("-1s"): `"-1s"`, Value("1d12h"): `"1d12h"`, Value("100001"): `"100001"`, Value("0.5"): `"0.5"`,
		Value("contoso-eu2"): `"contoso-eu2"`, Value("usgov_dod"): `"usgov_dod"`, Value("contoso.example"): `"contoso.example"`, Value("Contoso"): `"Contoso"`, Value("10 m"): `"10 m"`, Value("1:\n"): "(3 characters, not shown)",
		Value(strings.Repeat("abc-", 15) + "abc"):     "(63 characters, not shown)",
		Path(dir + "/a\n/secret"):                     "(" + strconv.Itoa(len(dir)+10) + " characters, not shown)",
		Value("Straße!"):                              "(7 characters, not shown)",
		Host("http://graph.microsoft.com"):            `"http://graph.microsoft.com"`,
		Host("login.microsoftonline.com"):             `"login.microsoftonline.com"`,
		Host("ftp://[::1]:80/"):                       `"ftp://[::1]:80/"`,
		Path(there):                                   there,
		Path(dir + "/client-secret.txt"):              dir + "/client-secret.txt",
		Path("/run/none/exporter.pem"):                "/run/none/exporter.pem",
		Path("exporter2.pem"):                         "exporter2.pem",
		Path(dir + "/8Q~dLx"):                         dir + "/(6 characters, not shown)",
		Path("8Q~dLx"):                                "(6 characters, not shown)",
		Path("/8Q~/x"):                                "(6 characters, not shown)",
		Quotations("unknown long flag '--grap'"):      "unknown long flag '--grap'",
		Quotations("cannot read `abc` and 'X1ab2cd'"): "cannot read `abc` and (7 characters, not shown)",
		Quotations("line 3: field a b not found"):     "line 3: field a b not found",
	} {
		if got != want {
			t.Errorf("got %s, want %s", got, want)
		}
	}
}

// TestLongest shows where what is repeated ends: at forty characters of a name, and at the longest path that a system
// has.
func TestLongest(t *testing.T) {
	name := strings.Repeat("a", 20) + "-" + strings.Repeat("b", 19)
	for _, c := range []struct{ name, want string }{
		{name, "'--" + name + "'"},
		{name + "b", "(43 characters, not shown)"},
	} {
		if got := Quotations("'--" + c.name + "'"); got != c.want {
			t.Errorf("got %s, want %s", got, c.want)
		}
	}
	folder := "/none1" + strings.Repeat("/.", 2039)
	for _, c := range []struct{ path, want string }{
		{folder + "/secret.txt2", folder + "/secret.txt2"},
		{folder + "/secret.txt22", "(4097 characters, not shown)"},
	} {
		if got := Path(c.path); got != c.want {
			t.Errorf("of %d characters: got %s, want %s", len(c.path), got, c.want)
		}
	}
}
