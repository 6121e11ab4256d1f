package server

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"net"
	"net/http"
	"os"
	"strings"
	"time"

	"github.com/prometheus/exporter-toolkit/web"
	"go.yaml.in/yaml/v4"
)

// healthTimeout is how long a running exporter may take to answer.
const healthTimeout = 5 * time.Second

// Healthcheck asks the exporter that runs on this host with the same flags of the web whether it
// is healthy. An exporter that asks for a password is healthy: it answers.
func Healthcheck(ctx context.Context, flags *web.FlagConfig) error {
	where, err := healthURL(flags)
	if err != nil {
		return fmt.Errorf("--healthcheck: %w", err)
	}
	ctx, cancel := context.WithTimeout(ctx, healthTimeout)
	defer cancel()
	request, err := http.NewRequestWithContext(ctx, http.MethodGet, where, nil)
	if err != nil {
		return fmt.Errorf("--healthcheck: %w", err)
	}
	// The name in the certificate is that of the host, and asked is an address of this one.
	ours := &http.Transport{TLSClientConfig: &tls.Config{InsecureSkipVerify: true}}
	defer ours.CloseIdleConnections()
	answer, err := ours.RoundTrip(request)
	if err != nil {
		return fmt.Errorf("--healthcheck: %w", err)
	}
	defer answer.Body.Close()
	if answer.StatusCode != http.StatusOK && answer.StatusCode != http.StatusUnauthorized {
		return fmt.Errorf("--healthcheck: %s answered %s", where, answer.Status)
	}
	return nil
}

// healthURL returns where the exporter with these flags says whether it is healthy: at the
// first of its addresses, and on this host if that is every address.
func healthURL(flags *web.FlagConfig) (string, error) {
	address := (*flags.WebListenAddresses)[0]
	if *flags.WebSystemdSocket || strings.Contains(address, "://") {
		return "", errors.New("asks at TCP addresses only")
	}
	host, port, err := net.SplitHostPort(address)
	if err != nil {
		return "", err
	}
	if ip := net.ParseIP(host); host == "" || ip.IsUnspecified() {
		host = "localhost"
	}
	scheme, err := schemeOf(*flags.WebConfigFile)
	if err != nil {
		return "", err
	}
	return scheme + "://" + net.JoinHostPort(host, port) + "/-/healthy", nil
}

// schemeOf returns how a server with this configuration file is spoken to.
func schemeOf(webConfig string) (string, error) {
	if webConfig == "" {
		return "http", nil
	}
	text, err := os.ReadFile(webConfig)
	if err != nil {
		return "", err
	}
	var said struct {
		TLS map[string]any `yaml:"tls_server_config"`
	}
	if err := yaml.Unmarshal(text, &said); err != nil {
		return "", err
	}
	if len(said.TLS) == 0 {
		return "http", nil
	}
	return "https", nil
}
