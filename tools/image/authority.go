package main

import (
	"bytes"
	"encoding/pem"
	"os"
	"path/filepath"

	"golang.org/x/crypto/x509roots/fallback/bundle"
)

// authorities writes the certificate authorities that Mozilla trusts without reservation
// where Go looks for them. They come with a module, pinned in go.sum, and not from the
// machine that builds, which may trust others.
func authorities(root string) error {
	var text bytes.Buffer
	for a := range bundle.Roots() {
		if a.Constraint != nil {
			continue // trusted for older certificates only, which a list cannot say
		}
		if err := pem.Encode(&text, &pem.Block{Type: "CERTIFICATE", Bytes: a.Certificate}); err != nil {
			return err
		}
	}
	return write(filepath.Join(root, "etc/ssl/certs/ca-certificates.crt"), text.Bytes())
}

// write writes a file, and the folders that it lies in.
func write(name string, content []byte) error {
	if err := os.MkdirAll(filepath.Dir(name), 0o755); err != nil {
		return err
	}
	return os.WriteFile(name, content, 0o644)
}
