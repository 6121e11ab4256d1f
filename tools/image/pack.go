package main

import (
	"archive/tar"
	"encoding/json"
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
)

const (
	name = "msgraph_security_exporter"

	typeIndex    = "application/vnd.oci.image.index.v1+json"
	typeManifest = "application/vnd.oci.image.manifest.v1+json"
	typeConfig   = "application/vnd.oci.image.config.v1+json"
	typeLayer    = "application/vnd.oci.image.layer.v1.tar+gzip"
)

// about is what an image says of itself.
type about struct{ version, revision, source, created string }

// annotations returns it under the names that the OCI gives to it. The Dockerfile has the
// same as labels.
func (a about) annotations() map[string]string {
	all := map[string]string{
		"title":       name,
		"description": "Prometheus exporter for Microsoft Graph security incidents (Microsoft Defender XDR)",
		"licenses":    "Apache-2.0",
		"version":     a.version,
		"revision":    a.revision,
		"source":      a.source,
		"created":     a.created,
	}
	named := map[string]string{}
	for k, v := range all {
		if v != "" {
			named["org.opencontainers.image."+k] = v
		}
	}
	return named
}

// A document is a JSON object.
type document map[string]any

// An image collects the files of an OCI layout. The archive of it has what "docker load"
// reads as well: a list of the same layers.
type image struct {
	files     map[string][]byte
	manifests []document
	loadable  []document
	about     about
}

// pack writes an archive of images, one for each platform, that are one by their index.
func pack(file string, folders []string, a about) error {
	i := &image{files: map[string][]byte{"oci-layout": []byte(`{"imageLayoutVersion":"1.0.0"}`)}, about: a}
	for _, f := range folders {
		processor, folder, ok := strings.Cut(f, "=")
		if !ok {
			return fmt.Errorf("%s: want ARCH=FOLDER", f)
		}
		if err := i.add(processor, folder); err != nil {
			return err
		}
	}
	inner := i.blob(typeIndex, document{
		"schemaVersion": 2, "mediaType": typeIndex, "manifests": i.manifests, "annotations": a.annotations(),
	})
	inner["annotations"] = document{"org.opencontainers.image.ref.name": a.version}
	i.files["index.json"] = encode(document{"schemaVersion": 2, "mediaType": typeIndex, "manifests": []document{inner}})
	i.files["manifest.json"] = encode(i.loadable)
	return i.write(file)
}

// add puts the image of one platform into the layout.
func (i *image) add(processor, folder string) error {
	l, err := archive(folder)
	if err != nil {
		return err
	}
	config := i.blob(typeConfig, i.config(processor, l))
	content := i.store(typeLayer, l.blob)
	manifest := i.blob(typeManifest, document{
		"schemaVersion": 2, "mediaType": typeManifest, "config": config, "layers": []document{content},
		"annotations": i.about.annotations(),
	})
	manifest["platform"] = document{"architecture": processor, "os": "linux"}
	i.manifests = append(i.manifests, manifest)
	i.loadable = append(i.loadable, document{
		"Config": path(config), "Layers": []string{path(content)}, "RepoTags": []string{name + ":" + i.about.version + "-" + processor},
	})
	return nil
}

// config says how the image is run, as the Dockerfile does.
func (i *image) config(processor string, l layer) document {
	return document{
		"architecture": processor, "os": "linux", "created": i.about.created,
		"config": document{
			"User": "65534:65534", "ExposedPorts": document{"10365/tcp": document{}},
			"Entrypoint":  []string{"/" + name},
			"Healthcheck": document{"Test": []string{"CMD", "/" + name, "--healthcheck"}},
			"Labels":      i.about.annotations(),
		},
		"rootfs":  document{"type": "layers", "diff_ids": []string{l.digest}},
		"history": []document{{"created": i.about.created, "created_by": name + " image pack"}},
	}
}

// blob stores a document and returns its descriptor.
func (i *image) blob(mediaType string, d document) document { return i.store(mediaType, encode(d)) }

func (i *image) store(mediaType string, content []byte) document {
	descriptor := document{"mediaType": mediaType, "digest": digest(content), "size": len(content)}
	i.files[path(descriptor)] = content
	return descriptor
}

// path returns where the layout has what a descriptor names.
func path(descriptor document) string {
	return "blobs/" + strings.Replace(descriptor["digest"].(string), ":", "/", 1)
}

// encode relies on encoding/json to sort the names of an object.
func encode(v any) []byte {
	text, err := json.Marshal(v)
	if err != nil {
		panic(err) // it consists of strings and numbers
	}
	return text
}

// write writes the files in the order of their names.
func (i *image) write(to string) error {
	if err := os.MkdirAll(filepath.Dir(to), 0o755); err != nil {
		return err
	}
	file, err := os.Create(to)
	if err != nil {
		return err
	}
	defer file.Close()
	w := tar.NewWriter(file)
	for _, n := range slices.Sorted(maps.Keys(i.files)) {
		if err := w.WriteHeader(&tar.Header{Name: n, Mode: 0o644, Size: int64(len(i.files[n])), Format: tar.FormatUSTAR}); err != nil {
			return err
		}
		if _, err := w.Write(i.files[n]); err != nil {
			return err
		}
	}
	if err := w.Close(); err != nil {
		return err
	}
	return file.Close()
}
