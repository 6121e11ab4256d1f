package collector

import (
	"crypto/sha256"
	"fmt"
	"net/url"
)

const (
	// maxIdentity is the longest id that is shown whole, maxLink the longest address that is
	// shown, in bytes.
	maxIdentity = 64
	maxLink     = 512
)

// identity returns an incident's id as it is shown. Graph's are decimal digits and stay as
// they are. Of another what is no letter, digit, hyphen, dot, underscore or tilde is escaped as in
// a query of a URL, and one that is too long then ends with a digest of the whole, so that
// different incidents stay different.
func identity(id string) string {
	shown := url.QueryEscape(id)
	if len(shown) <= maxIdentity {
		return shown
	}
	const digest = 16
	sum := sha256.Sum256([]byte(id))
	return fmt.Sprintf("%s…%x", shown[:maxIdentity-2*digest], sum[:digest])
}

// link returns an address that a dashboard can safely link to, or nothing: it is a
// whole one, https, without a user in it, and not too long.
func link(address string) string {
	u, err := url.Parse(address)
	if err != nil || u.Scheme != "https" || u.Host == "" || u.User != nil {
		return ""
	}
	if link := u.String(); len(link) <= maxLink {
		return link
	}
	return ""
}
