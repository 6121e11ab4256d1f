package graphclient

import (
	"errors"
	"fmt"
	"net/url"
	"strings"
)

// nextLink checks where a nextLink leads: the token goes to the configured host and to nothing else,
// and a list of incidents goes on as one. Graph's links are positions in the list ($skip=50); one
// that lost the filter gets it back, or it would count positions in another list.
func (c *Client) nextLink(link string, q Query) (*url.URL, error) {
	if len(link) > maxLink {
		return nil, errLongLink
	}
	u, err := url.Parse(link)
	if err != nil {
		return nil, errors.New("nextLink is not a URL")
	}
	u = c.root.ResolveReference(u)
	if !sameOrigin(u, c.root) || u.User != nil {
		return nil, fmt.Errorf("nextLink leads to %s://%s instead of %s://%s: not followed", u.Scheme, u.Host, c.root.Scheme, c.root.Host)
	}
	if !equalASCII(u.EscapedPath(), c.root.EscapedPath()) {
		return nil, fmt.Errorf("nextLink leads to %s instead of %s: not followed", u.Path, c.root.Path)
	}
	next := new(*c.root)
	next.RawQuery = escapeQuery(u.RawQuery)
	if query := u.Query(); q.Filter != "" && query.Has("$skip") && !query.Has("$filter") {
		query.Set("$filter", q.Filter)
		next.RawQuery = encode(query)
	}
	return next, nil
}

// encode writes a query with %20 for a blank, which every server reads, and $ as it is.
func encode(v url.Values) string {
	return strings.NewReplacer("+", "%20", "%24", "$").Replace(v.Encode())
}

// escapeQuery encodes what no request line can carry, such as the blanks of a filter that the
// server did not encode itself, and leaves the rest as it is.
func escapeQuery(query string) string {
	const digits = "0123456789ABCDEF"
	var b strings.Builder
	for i := range len(query) {
		if c := query[i]; c <= ' ' || c > '~' || strings.IndexByte("\"<>\\^`{|}", c) >= 0 {
			b.Write([]byte{'%', digits[c>>4], digits[c&15]})
		} else {
			b.WriteByte(c)
		}
	}
	return b.String()
}

// equalASCII reports whether two texts are equal but for the case of ASCII letters, unlike
// [strings.EqualFold], to which a Kelvin sign is a k.
func equalASCII(a, b string) bool {
	lower := func(c byte) byte {
		if 'A' <= c && c <= 'Z' {
			return c + 'a' - 'A'
		}
		return c
	}
	if len(a) != len(b) {
		return false
	}
	for i := range len(a) {
		if lower(a[i]) != lower(b[i]) {
			return false
		}
	}
	return true
}
