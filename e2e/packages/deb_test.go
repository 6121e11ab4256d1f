package packages

import (
	"archive/zip"
	"maps"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// scraped is a line that succeeds once the exporter serves numbers.
const scraped = `curl -sf http://localhost:10365/metrics | grep -qx "msgraph_security_up 1"`

// files lists what lies on a host, but for what notes each installation: logs, caches, and the
// package manager's own records.
const files = `find / -xdev \( -path /proc -o -path /sys -o -path /run -o -path /tmp -o -path /root -o -path '/var/log' -o -path '/var/cache' -o -path '/var/lib/dpkg' -o -path '/var/lib/systemd' -o -path /dev \) -prune -o -print | sort`

// TestDeb installs the deb, starts it in the sandbox of its unit, pulls it, upgrades and removes
// it: nothing is left. User namespaces are all of the sandbox that a container cannot have.
func TestDeb(t *testing.T) {
	h := boot(t)
	h.must(`mkdir -p /run/systemd/system/` + name + `.service.d && printf '[Service]\nPrivateUsers=no\n' >/run/systemd/system/` + name + `.service.d/container.conf`)
	before := h.must(files)
	h.put(one(t, "*_amd64.deb"), "/root/exporter.deb")
	h.must("dpkg --install /root/exporter.deb")
	if out, err := h.sh("systemctl is-active " + name); err == nil {
		t.Errorf("the exporter is %s before anybody said so", out)
	}
	h.must("systemctl enable --now " + name)
	h.await("the exporter serves", scraped)
	h.await("processes are measured in the sandbox", `curl -s http://localhost:10365/metrics | grep -q ^process_start_time_seconds`)
	if user := h.must("ps -o user= -C msgraph_security_exporter || stat -c %U /proc/$(systemctl show -p MainPID --value " + name + ")"); user == "root" {
		t.Error("the exporter is root's")
	}
	h.must("test -s /usr/share/bash-completion/completions/msgraph_security_exporter && man --where msgraph_security_exporter")

	h.must(`mkdir /root/newer && dpkg-deb --raw-extract /root/exporter.deb /root/newer && sed -i 's/^Version: .*/Version: 99/' /root/newer/DEBIAN/control && dpkg-deb --build /root/newer /root/newer.deb`)
	pid := h.must("systemctl show --property=MainPID --value " + name)
	h.must("echo '# mine' >>/etc/default/" + name + " && dpkg --install /root/newer.deb && grep -q '# mine' /etc/default/" + name)
	if again := h.must("systemctl show --property=MainPID --value " + name); again == pid || again == "0" {
		t.Errorf("the upgrade has left process %s running, now %s", pid, again)
	}
	h.await("the upgraded exporter serves", scraped)

	h.must("dpkg --purge " + name)
	if diff := cmp.Diff(strings.Split(before, "\n"), strings.Split(h.must(files), "\n")); diff != "" {
		t.Errorf("after a purge (-before +after):\n%s", diff)
	}
	if out, err := h.sh("pidof msgraph_security_exporter"); err == nil {
		t.Errorf("process %s is left", out)
	}
}

// TestUnit shows that the unit can be started by its socket, and how exposed it is by systemd's own
// measure. Credentials are not shown: systemd cannot pass any on in a container.
func TestUnit(t *testing.T) {
	h := boot(t)
	h.must(`mkdir -p /run/systemd/system/` + name + `.service.d && printf '[Service]\nPrivateUsers=no\n' >/run/systemd/system/` + name + `.service.d/container.conf`)
	h.put(one(t, "*_amd64.deb"), "/root/exporter.deb")
	h.must("dpkg --install /root/exporter.deb")
	h.must(`echo 'ARGS="--demo --web.systemd-socket"' >/etc/default/` + name)
	h.must("systemctl start " + name + ".socket")
	h.await("the socket starts the exporter", scraped)

	h.must("rm -r /run/systemd/system/" + name + ".service.d && systemctl daemon-reload")
	said := h.must("systemd-analyze security " + name + ".service | tail -1")
	number := regexp.MustCompile(`: ([0-9.]+) `).FindStringSubmatch(said)
	if number == nil {
		t.Fatal(said)
	}
	exposure, err := strconv.ParseFloat(number[1], 64)
	if err != nil || exposure >= 2 {
		t.Errorf("%s, want below 2.0 (%v)", said, err)
	}
	t.Log(said)
}

// TestRPM compares what the rpm installs with what the deb does.
func TestRPM(t *testing.T) {
	var deb []string
	for line := range strings.Lines(output(t, "dpkg-deb", "--contents", one(t, "*_amd64.deb"))) {
		fields := strings.Fields(line)
		if path := strings.TrimPrefix(fields[5], "."); !strings.HasSuffix(path, "/") {
			deb = append(deb, path)
		}
	}
	var rpm []string
	for line := range strings.Lines(output(t, "rpm", "-qp", "--qf", "[%{FILEMODES:perms} %{FILENAMES}\n]", one(t, "*.x86_64.rpm"))) {
		if mode, path, _ := strings.Cut(strings.TrimSpace(line), " "); !strings.HasPrefix(mode, "d") {
			rpm = append(rpm, path)
		}
	}
	slices.Sort(deb)
	slices.Sort(rpm)
	if diff := cmp.Diff(deb, rpm); diff != "" {
		t.Errorf("the rpm has other files (-deb +rpm):\n%s", diff)
	}
	if scripts := output(t, "rpm", "-qp", "--scripts", one(t, "*.x86_64.rpm")); strings.Count(scripts, "scriptlet") != 3 {
		t.Errorf("want three scripts:\n%s", scripts)
	}
}

// TestArchives shows what is in the archive for Windows, and that SHA256SUMS is about every file.
func TestArchives(t *testing.T) {
	archive, err := zip.OpenReader(one(t, "*.windows-amd64.zip"))
	if err != nil {
		t.Fatal(err)
	}
	defer archive.Close()
	has := map[string]bool{}
	for _, f := range archive.File {
		_, inside, _ := strings.Cut(f.Name, "/")
		has[inside] = true
	}
	for _, want := range []string{"msgraph_security_exporter.exe", "LICENSE", "docs/install.md", "licenses/go/LICENSE", "completions/msgraph_security_exporter.bash"} {
		if !has[want] {
			t.Errorf("%s is not in the archive for Windows", want)
		}
	}
	table, err := os.ReadFile("../../docs/dependencies.md")
	if err != nil {
		t.Fatal(err)
	}
	linked, _, _ := strings.Cut(string(table), "\n## In tests alone\n")
	modules := regexp.MustCompile("(?m)^\\| `([^`]+)` \\|").FindAllStringSubmatch(linked, -1)
	if len(modules) < 30 {
		t.Errorf("docs/dependencies.md lists %d modules", len(modules))
	}
	for _, m := range modules {
		if !slices.ContainsFunc(slices.Collect(maps.Keys(has)), func(name string) bool { return strings.HasPrefix(name, "licenses/"+m[1]+"/") }) {
			t.Errorf("the licence of %s is not in the archive for Windows", m[1])
		}
	}
	sums, err := os.ReadFile(filepath.Join(dist, "SHA256SUMS"))
	if err != nil {
		t.Fatal(err)
	}
	if n := strings.Count(string(sums), "\n"); n < 9 {
		t.Errorf("SHA256SUMS has %d lines:\n%s", n, sums)
	}
	output(t, "sh", "-c", "cd "+dist+" && sha256sum --check --strict SHA256SUMS")
}
