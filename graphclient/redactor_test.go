package graphclient

import (
	"fmt"
	"net/http"
	"strings"
	"testing"
)

// TestRedactor: known words are replaced before a text is cut, in every form that servers and
// libraries quote them in, the last few of them are known, and words too short to be secrets are
// left alone.
func TestRedactor(t *testing.T) {
	r := &redactor{}
	r.hide("")
	r.hide("s")
	r.hide("a secret~")
	r.hide(`<a "secret"&/`)
	long := strings.Repeat("x", maxMessage-5)
	for in, want := range map[string]string{
		"is this a secret~?":    "is this <secret>?",
		"a+secret~ a%20secret~": "<secret> <secret>",
		"a\nsecret~":            "<secret>",
		long + "a secret~":      long + "<sec…",
		`\u003ca \"secret\"\u0026/ &lt;a &#34;secret&#34;&amp;/`: "<secret> <secret>",
		"%3ca%20%22secret%22&%2f %3Ca+%22secret%22%26%2F":        "<secret> <secret>",
		"PGEgInNlY3JldCImLw== 3c612022736563726574222":           "<secret>== 3c612022736563726574222",
		"3c6120227365637265742226" + "2f":                        "<secret>",
		"nothing of it":                                          "nothing of it",
	} {
		if got := r.clean(in); got != want {
			t.Errorf("%q: got %q, want %q", in, got, want)
		}
	}
	for i := range remembered - 2 {
		r.hide(fmt.Sprintf("word%02d", i))
	}
	if got := r.clean("a secret~"); got != "<secret>" {
		t.Errorf("forgotten: %q", got)
	}
	for i := range 1000 {
		r.hide(fmt.Sprintf("word%d", i))
	}
	if len(r.recent) > remembered {
		t.Errorf("%d words", len(r.recent))
	}
}

// TestRedactorKeepsWhatIsInUse: a word in use is known however many others come, and for some time
// after another has taken its place.
func TestRedactorKeepsWhatIsInUse(t *testing.T) {
	r := &redactor{}
	r.pin(roleToken, "the token")
	r.pin(roleOther, "a password", "another one")
	for i := range 100 {
		r.hide(fmt.Sprintf("attempt%d", i))
	}
	if got := r.clean("the token, a password, another one, attempt99"); got != "<secret>, <secret>, <secret>, <secret>" {
		t.Errorf("got %q", got)
	}
	r.pin(roleToken, "the next")
	if got := r.clean("the token, the next"); got != "<secret>, <secret>" {
		t.Errorf("after the change: got %q", got)
	}
}

// TestRedactorOverlap: of words that overlap in a text no part is left.
func TestRedactorOverlap(t *testing.T) {
	r := &redactor{}
	r.hide("abcdab")
	r.hide("abcd")
	r.hide("dabx")
	if got, want := r.clean("-abcdabcdab-abcdabx-"), "-<secret>-<secret>-"; got != want {
		t.Errorf("got %q, want %q", got, want)
	}
}

// TestClientKeepsWhatIsInUse: the token and the secret in use are hidden after any number of others.
func TestClientKeepsWhatIsInUse(t *testing.T) {
	client := connect(t, graphOnly(func(r *http.Request) (*http.Response, error) { return answer(r, http.StatusOK, emptyBody) }))
	if _, _, err := list(t.Context(), client, Query{}); err != nil {
		t.Fatal(err)
	}
	for i := range 100 {
		client.redact.hide(fmt.Sprintf("attempt%d", i))
	}
	if got := client.redact.clean("the-token " + planted); got != "<secret> <secret>" {
		t.Errorf("got %q", got)
	}
}
