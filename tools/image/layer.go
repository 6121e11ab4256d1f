package main

import (
	"archive/tar"
	"bytes"
	"compress/gzip"
	"crypto/sha256"
	"encoding/hex"
	"io"
	"io/fs"
	"os"
	"path/filepath"
)

// A layer is the content of an image: a compressed archive, and the digest of what is in it.
type layer struct {
	blob   []byte
	digest string // of the archive before it was compressed
}

// archive packs a folder: in the order of names, owned by root, readable by everyone, at the
// beginning of time.
func archive(folder string) (layer, error) {
	var plain bytes.Buffer
	w := tar.NewWriter(&plain)
	err := filepath.WalkDir(folder, func(name string, d fs.DirEntry, err error) error {
		if err != nil || name == folder {
			return err
		}
		return add(w, folder, name, d)
	})
	if err != nil {
		return layer{}, err
	}
	if err := w.Close(); err != nil {
		return layer{}, err
	}
	blob, err := compress(plain.Bytes())
	return layer{blob, digest(plain.Bytes())}, err
}

// add writes one file or folder to an archive.
func add(w *tar.Writer, folder, name string, d fs.DirEntry) error {
	inside, err := filepath.Rel(folder, name)
	if err != nil {
		return err
	}
	info, err := d.Info()
	if err != nil {
		return err
	}
	h := &tar.Header{Name: filepath.ToSlash(inside), Format: tar.FormatUSTAR, Mode: 0o644}
	switch {
	case d.IsDir():
		h.Typeflag, h.Name, h.Mode = tar.TypeDir, h.Name+"/", 0o755
	case info.Mode()&0o100 != 0:
		h.Mode = 0o755
	}
	if !d.IsDir() {
		h.Size = info.Size()
	}
	if err := w.WriteHeader(h); err != nil || d.IsDir() {
		return err
	}
	file, err := os.Open(name)
	if err != nil {
		return err
	}
	defer file.Close()
	_, err = io.Copy(w, file)
	return err
}

func compress(plain []byte) ([]byte, error) {
	var out bytes.Buffer
	w, err := gzip.NewWriterLevel(&out, gzip.BestCompression)
	if err != nil {
		return nil, err
	}
	if _, err := w.Write(plain); err != nil {
		return nil, err
	}
	if err := w.Close(); err != nil {
		return nil, err
	}
	return out.Bytes(), nil
}

// digest names a content as registries do.
func digest(content []byte) string {
	sum := sha256.Sum256(content)
	return "sha256:" + hex.EncodeToString(sum[:])
}
