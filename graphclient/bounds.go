package graphclient

import (
	"fmt"
	"strings"
)

// The bounds on what a server sends, so that no answer costs more than 128 MiB of memory and two
// seconds of CPU time. docs/security.md lists them with their tests. Graph itself stays far below:
// fifty incidents are up to 150 KB.
const (
	maxBody      = 8 << 20   // bytes of an answer, both as it is sent and decompressed
	smallBody    = 1 << 20   // bytes of answers that may be read at once; longer ones go one by one
	maxErrorBody = 64 << 10  // bytes of the body of an error
	maxTokenBody = 64 << 10  // bytes of an answer to a sign-in
	maxToken     = 32 << 10  // bytes of a token
	maxHeader    = 64 << 10  // bytes of an answer's headers
	maxDepth     = 32        // of JSON
	maxParts     = 200_000   // values and names of JSON, about
	maxRows      = 500       // incidents on a page; Graph sends at most 50
	maxText      = 512 << 10 // bytes of text that the incidents of a page hold
	maxPages     = 200       // of a listing
	maxLink      = 8 << 10   // bytes of a nextLink

	maxID    = 64   // bytes of an id; Graph's have a few digits
	maxDate  = 64   // bytes of a timestamp
	maxEnum  = 64   // bytes of an enumeration's value, which is cut there
	maxOwner = 320  // bytes of an owner, who is cut there
	maxURL   = 2048 // bytes of an incident's address, which is left out if it is longer
	maxTags  = 100  // tags of an incident; what is more is left out
	maxTag   = 256  // bytes of a tag, which is left out if it is longer

	maxMessage = 300 // characters of a text that is shown
	maxCode    = 80  // characters of an error's code
)

var (
	errTooDeep     = fmt.Errorf("JSON more than %d levels deep", maxDepth)
	errTooMany     = fmt.Errorf("JSON of more than %d parts", maxParts)
	errTooMuch     = fmt.Errorf("more than %d KiB of text in the incidents of one page", maxText>>10)
	errTooManyRows = fmt.Errorf("more than %d rows in one page", maxRows)
	errLongID      = fmt.Errorf("an incident with an id of more than %d bytes", maxID)
	errLongLink    = fmt.Errorf("nextLink is longer than %d KiB", maxLink>>10)
)

// checkShape bounds the work that JSON can cause, before anything is made of it. Whether it is JSON
// at all is for the parser to say.
func checkShape(body []byte) error {
	depth, parts := 0, 0
	for i := 0; i < len(body); i++ {
		switch body[i] {
		case '"':
			i = endOfString(body, i)
		case '{', '[':
			depth++
			parts++
		case '}', ']':
			depth--
		case ',', ':':
			parts++
		}
		if depth > maxDepth {
			return errTooDeep
		}
		if parts > maxParts {
			return errTooMany
		}
	}
	return nil
}

// endOfString returns where the string that begins at body[i] ends.
func endOfString(body []byte, i int) int {
	for i++; i < len(body) && body[i] != '"'; i++ {
		if body[i] == '\\' {
			i++
		}
	}
	return i
}

// truncate returns the first n bytes of s, if it is longer, and keeps nothing of the rest alive.
func truncate(s string, n int) string {
	if len(s) <= n {
		return s
	}
	return strings.Clone(strings.ToValidUTF8(s[:n], ""))
}

// dropLonger returns s, or nothing if it is longer than n bytes.
func dropLonger(s string, n int) string {
	if len(s) > n {
		return ""
	}
	return s
}
