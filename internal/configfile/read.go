package configfile

import (
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"syscall"
)

// ReadRegular reads a regular file of at most limit bytes, and returns its mode too. It refuses pipes:
// a pipe can be read once only, not anew at each reload or sign-in, whichever occasion it is read for,
// and blocks until somebody writes to it. It looks at what it has opened, which nobody can replace.
func ReadRegular(path string, limit int64, occasion string) ([]byte, fs.FileMode, error) {
	f, err := os.OpenFile(path, os.O_RDONLY|syscall.O_NONBLOCK, 0)
	if err != nil {
		return nil, 0, err
	}
	defer f.Close()
	info, err := f.Stat()
	switch {
	case err != nil:
		return nil, 0, err
	case info.IsDir():
		return nil, 0, errors.New("is a directory")
	case !info.Mode().IsRegular():
		return nil, 0, fmt.Errorf("is not a regular file, which could be read anew at each %s", occasion)
	}
	text, err := io.ReadAll(io.LimitReader(f, limit+1))
	if err == nil && int64(len(text)) > limit {
		err = fmt.Errorf("is longer than %d KiB", limit>>10)
	}
	return text, info.Mode(), err
}

// Cause returns the error of a file without the file's name, for messages that name it.
func Cause(err error) error {
	if e, ok := errors.AsType[*fs.PathError](err); ok {
		return e.Err
	}
	return err
}
