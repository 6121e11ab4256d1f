package containers

import (
	"archive/tar"
	"bytes"
	"debug/buildinfo"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"maps"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// limit is how large the image may become.
const limit = 25 << 20

// TestImage runs the image as docs/install.md says, without a right to anything: it serves, and
// finds itself healthy.
func TestImage(t *testing.T) {
	makes(t, root, "image")
	container := output(t, "docker", "run", "--detach", "--rm", "--read-only", "--cap-drop=ALL",
		"--security-opt=no-new-privileges", "--user=65534", "--health-interval=1s", "--publish=127.0.0.1::10365", image, "--demo")
	t.Cleanup(func() { output(t, "docker", "rm", "--force", container) })
	address := output(t, "docker", "port", container, "10365")
	await(t, "the image serves its metrics", func() error {
		page, err := fetch("http://" + address + "/metrics")
		if err == nil && !strings.Contains(page, "\nmsgraph_security_up 1\n") {
			err = errors.New("not up")
		}
		return err
	})
	await(t, "the image is healthy", func() error {
		if got := output(t, "docker", "inspect", "--format={{.State.Health.Status}}", container); got != "healthy" {
			return errors.New(got)
		}
		return nil
	})
}

// TestImageContent holds the image that the engine builds against the one that is released: the
// same files, byte for byte, although they were built apart, and no shell or secret among them.
func TestImageContent(t *testing.T) {
	makes(t, root, "image")
	container := output(t, "docker", "create", image)
	t.Cleanup(func() { output(t, "docker", "rm", container) })
	export, err := exec.Command("docker", "export", container).Output()
	if err != nil {
		t.Fatal(err)
	}
	built := files(t, bytes.NewReader(export))
	for _, engines := range []string{".dockerenv", "dev/console", "etc/hostname", "etc/hosts", "etc/resolv.conf"} {
		if len(built[engines]) > 0 {
			t.Errorf("%s is not empty", engines)
		}
		delete(built, engines)
	}
	folder := t.TempDir()
	makes(t, root, "rootfs", "OUT="+folder)
	if diff := cmp.Diff(summary(onDisk(t, folder)), summary(built)); diff != "" {
		t.Errorf("the image has other files than a release (-release +image):\n%s", diff)
	}
	size := 0
	for name, content := range built {
		size += len(content)
		if known := name == "msgraph_security_exporter" || name == "etc/ssl/certs/ca-certificates.crt" || strings.HasPrefix(name, "licenses/"); !known {
			t.Errorf("%s is in the image", name)
		}
	}
	if size > limit {
		t.Errorf("the image has %d bytes, want at most %d", size, limit)
	}
	t.Logf("%d files, %d bytes", len(built), size)
	for _, authority := range []string{"BEGIN CERTIFICATE"} {
		if n := strings.Count(string(built["etc/ssl/certs/ca-certificates.crt"]), authority); n < 100 {
			t.Errorf("only %d authorities", n)
		}
	}
}

// TestLicences compares the licences in the image with what the binary says that it was linked
// from.
func TestLicences(t *testing.T) {
	folder := t.TempDir()
	makes(t, root, "rootfs", "OUT="+folder)
	info, err := buildinfo.ReadFile(filepath.Join(folder, "msgraph_security_exporter"))
	if err != nil {
		t.Fatal(err)
	}
	linked := []string{"go", info.Main.Path}
	for _, module := range info.Deps {
		linked = append(linked, module.Path)
	}
	for _, module := range linked {
		if texts, err := filepath.Glob(filepath.Join(folder, "licenses", module, "*")); err != nil || len(texts) == 0 {
			t.Errorf("%s: no licence, %v", module, err)
		}
	}
}

// TestRelease makes the image of every platform twice, in folders apart: the archives are equal,
// the engine loads them, and each digest in them is that of what it names.
func TestRelease(t *testing.T) {
	var archives [][]byte
	for range 2 {
		folder := t.TempDir()
		takeContext(t, folder)
		makes(t, folder, "image-all", "CREATED=2026-01-02T03:04:05Z", "SOURCE=https://example.org/exporter")
		text, err := os.ReadFile(filepath.Join(folder, "dist/image.tar"))
		if err != nil {
			t.Fatal(err)
		}
		archives = append(archives, text)
	}
	if !bytes.Equal(archives[0], archives[1]) {
		t.Error("two builds of the same sources differ")
	}
	layout := files(t, bytes.NewReader(archives[0]))
	var top struct{ Manifests []descriptor }
	read(t, layout, "index.json", &top)
	var index struct {
		Manifests   []descriptor
		Annotations map[string]string
	}
	read(t, layout, top.Manifests[0].path(), &index)
	if got := index.Annotations["org.opencontainers.image.version"]; got != version {
		t.Errorf("the index is of version %q", got)
	}
	var platforms []string
	for _, m := range index.Manifests {
		platforms = append(platforms, m.Platform.OS+"/"+m.Platform.Architecture)
	}
	if want := []string{"linux/amd64", "linux/arm64"}; !slices.Equal(platforms, want) {
		t.Errorf("got %v, want %v", platforms, want)
	}
	load := exec.Command("docker", "load")
	load.Stdin = bytes.NewReader(archives[0])
	if out, err := load.CombinedOutput(); err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	out := output(t, "docker", "run", "--rm", "--read-only", "--cap-drop=ALL", image+":"+version+"-amd64", "--version")
	if !strings.Contains(out, "version "+version) {
		t.Errorf("the image that was loaded says %s", out)
	}
}

// A descriptor names a content of an OCI layout.
type descriptor struct {
	Digest   string
	Platform struct{ OS, Architecture string }
}

func (d descriptor) path() string { return "blobs/" + strings.Replace(d.Digest, ":", "/", 1) }

func read(t *testing.T, layout map[string][]byte, name string, to any) {
	t.Helper()
	if err := json.Unmarshal(layout[name], to); err != nil {
		t.Fatalf("%s: %v", name, err)
	}
}

// files returns the regular files of an archive.
func files(t *testing.T, archive io.Reader) map[string][]byte {
	t.Helper()
	all := map[string][]byte{}
	for r := tar.NewReader(archive); ; {
		h, err := r.Next()
		if errors.Is(err, io.EOF) {
			return all
		}
		if err != nil {
			t.Fatal(err)
		}
		if h.Typeflag != tar.TypeReg {
			continue
		}
		if all[h.Name], err = io.ReadAll(r); err != nil {
			t.Fatal(err)
		}
	}
}

// onDisk returns the files of a folder.
func onDisk(t *testing.T, folder string) map[string][]byte {
	t.Helper()
	var archive bytes.Buffer
	w := tar.NewWriter(&archive)
	if err := errors.Join(w.AddFS(os.DirFS(folder)), w.Close()); err != nil {
		t.Fatal(err)
	}
	return files(t, &archive)
}

// summary shortens files to what a difference can show.
func summary(all map[string][]byte) []string {
	var lines []string
	for _, name := range slices.Sorted(maps.Keys(all)) {
		lines = append(lines, fmt.Sprintf("%s %x", name, sum(all[name])))
	}
	return lines
}
