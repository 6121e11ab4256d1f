package credential

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"os"

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
func readText(what, path string) (graphclient.Secret, error) {
	raw, err := readFile(what, path)
	if err != nil {
		return "", err
	}
	text := bytes.TrimRight(raw, "\r\n")
	if len(bytes.TrimSpace(text)) == 0 {
		return "", &FileError{what, path, errors.New("is empty")}
	}
	return graphclient.Secret(text), nil
}

// readFile reads a file. Its errors are of type [*FileError].
func readFile(what, path string) ([]byte, error) {
	raw, err := readRegular(path, maxFileSize)
	if err != nil {
		return nil, &FileError{what, path, configfile.Cause(err)}
	}
	return raw, nil
}

// readRegular reads a regular file of a limited size. It refuses pipes: a pipe can be read
// once only, and blocks until somebody writes to it.
func readRegular(path string, limit int64) ([]byte, error) {
	info, err := os.Stat(path)
	switch {
	case err != nil:
		return nil, err
	case info.IsDir():
		return nil, errors.New("is a directory")
	case !info.Mode().IsRegular():
		return nil, errors.New("is not a regular file, which could be read anew at each sign-in")
	case info.Size() > limit:
		return nil, fmt.Errorf("is longer than %d KiB", limit>>10)
	}
	f, err := os.Open(path)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	return io.ReadAll(io.LimitReader(f, limit))
}
