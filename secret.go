package main

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"

	"msgraph_security_exporter/graphclient"
)

// maxSecret is longer than any client secret: Entra's have 40 characters.
const maxSecret = 64 << 10

// reader returns what reads the client secret each time that it is needed.
func (s *signIn) reader() func() (graphclient.Secret, error) {
	if s.ClientSecretFile != "" {
		return secretIn(s.ClientSecretFile)
	}
	return func() (graphclient.Secret, error) { return s.secret, nil }
}

// secretIn returns what reads the secret in a file, as it is each time.
func secretIn(path string) func() (graphclient.Secret, error) {
	return func() (graphclient.Secret, error) {
		secret, err := readSecret(path)
		if err != nil {
			return "", fmt.Errorf("client secret file %s: %w", path, err)
		}
		return secret, nil
	}
}

// readSecret reads a secret from a file, without the line end that editors and
// echo add. Its errors tell nothing of what is in the file.
func readSecret(path string) (graphclient.Secret, error) {
	raw, err := readRegular(path, maxSecret)
	if err != nil {
		return "", cause(err)
	}
	secret := bytes.TrimRight(raw, "\r\n")
	if len(bytes.TrimSpace(secret)) == 0 {
		return "", errors.New("is empty")
	}
	return graphclient.Secret(secret), nil
}

// readRegular reads a file of a limited size. Pipes are refused: one can be read a
// single time, and before anybody writes to it not at all.
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

// cause returns what was wrong with a file without the file's name, which the
// message around it gives.
func cause(err error) error {
	if e, ok := errors.AsType[*fs.PathError](err); ok {
		return e.Err
	}
	return err
}
