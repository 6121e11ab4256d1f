package credential

import (
	"bytes"
	"errors"
	"fmt"
	"io/fs"
	"runtime"

	"msgraph_security_exporter/graphclient"
	"msgraph_security_exporter/internal/configfile"
	"msgraph_security_exporter/internal/show"
)

// maxFileSize is the size of the largest file that is read, in bytes. A chain of certificates
// has a few KiB.
const maxFileSize = 64 << 10

// A FileError says what is wrong with a file that one signs in with.
type FileError struct {
	what  string
	Path  string
	Cause error
}

// Error implements error. It shows nothing of the content.
func (e *FileError) Error() string {
	return fmt.Sprintf("%s %s: %v", e.what, show.Path(e.Path), e.Cause)
}

// Unwrap returns the cause, such as [fs.ErrNotExist].
func (e *FileError) Unwrap() error { return e.Cause }

// readText reads a secret, a password or a token from a file. It cuts the line ends that
// editors and echo add.
func (s *Source) readText(what, path string, readers audience) (graphclient.Secret, error) {
	raw, err := s.readFile(what, path, readers)
	if err != nil {
		return "", err
	}
	text := bytes.TrimRight(raw, "\r\n")
	if len(bytes.TrimSpace(text)) == 0 {
		return "", &FileError{what, path, errors.New("is empty")}
	}
	s.hint(what, path, textHints(text))
	return graphclient.Secret(text), nil
}

// An audience says who may be able to read a file without a warning.
type audience int

const (
	owner    audience = iota // and the group
	everyone                 // Kubernetes gives tokens of service accounts such a mode
)

// readFile reads a file. Its errors are of type [*FileError].
func (s *Source) readFile(what, path string, readers audience) ([]byte, error) {
	raw, mode, err := configfile.ReadRegular(path, maxFileSize, "sign-in")
	if err != nil {
		return nil, &FileError{what, path, configfile.Cause(err)}
	}
	if readers == owner {
		s.hint(what+" mode", path, modeHints(mode))
	}
	return raw, nil
}

// modeHints returns what is doubtful about the permissions of a file. On Windows who may read it stands in
// an access list, and the mode, which Go makes up, says nothing about it.
func modeHints(mode fs.FileMode) []string {
	if mode.Perm()&0o004 != 0 && runtime.GOOS != "windows" {
		return []string{"every user of this host can read it"}
	}
	return nil
}

// textHints returns what is doubtful about a secret, none of which is shown. It is used as it is: a
// secret may hold anything, but hardly ever this.
func textHints(text []byte) []string {
	var hints []string
	add := func(doubtful bool, hint string) {
		if doubtful {
			hints = append(hints, hint)
		}
	}
	add(bytes.HasPrefix(text, []byte("\xef\xbb\xbf")), "it begins with a byte order mark, save it as UTF-8 without one")
	add(bytes.HasPrefix(text, []byte("\xff\xfe")) || bytes.HasPrefix(text, []byte("\xfe\xff")) || bytes.IndexByte(text, 0) >= 0, "it looks like UTF-16, save it as UTF-8")
	add(len(bytes.TrimSpace(text)) != len(text), "it begins or ends with a blank")
	add(bytes.ContainsAny(text, "\r\n"), "it has several lines")
	first, last := text[0], text[len(text)-1]
	add(len(text) > 1 && first == last && (first == '"' || first == '\''), "it is in quotes")
	return hints
}
