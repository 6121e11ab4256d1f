package statuspage

import (
	"net/http"
	"regexp"
)

// scrapeOne returns what makes Prometheus scrape the exporter at this address.
func scrapeOne(r *http.Request) string {
	scheme, host := addressOf(r)
	return "scrape_configs:\n  - job_name: msgraph_security\n    scheme: " + scheme + "\n" + signIn(r) +
		"    static_configs:\n      - targets: [\"" + host + "\"]\n"
}

// scrapeMany returns what makes Prometheus scrape every tenant.
func scrapeMany(r *http.Request) string {
	scheme, host := addressOf(r)
	return "scrape_configs:\n  - job_name: msgraph_security\n    scheme: " + scheme + "\n    metrics_path: /probe\n" + signIn(r) +
		"    http_sd_configs:\n      - url: " + scheme + "://" + host + "/sd\n" +
		"    relabel_configs:\n      - {source_labels: [__address__], target_label: __param_target}\n" +
		"      - {source_labels: [__address__], target_label: tenant}\n" +
		"      - {source_labels: [__address__], target_label: instance}\n" +
		"      - {target_label: __address__, replacement: \"" + host + "\"}\n"
}

// signIn returns what has to be filled in where the exporter asks for a password.
func signIn(r *http.Request) string {
	if r.Header.Get("Authorization") == "" {
		return ""
	}
	return "    basic_auth: {username: NAME, password_file: FILE}\n"
}

// plainHost matches what a host can be, for the scrape configuration to copy.
var plainHost = regexp.MustCompile(`^[a-zA-Z0-9.:\[\]-]{1,255}$`)

// addressOf returns the address at which the exporter was asked, and how.
func addressOf(r *http.Request) (scheme, host string) {
	scheme, host = "http", "localhost:10365"
	if r.TLS != nil {
		scheme = "https"
	}
	if plainHost.MatchString(r.Host) {
		host = r.Host
	}
	return scheme, host
}
