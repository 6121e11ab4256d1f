package graphclient

import (
	"encoding/base64"
	"errors"
	"fmt"
	"net/url"
	"slices"
)

// CheckProxies checks the proxies that the environment names, and returns what of them is secret,
// for [Config.Hidden]. [http.ProxyFromEnvironment] ignores what it cannot parse: requests would
// pass the proxy by, without a word. The error names the variable and shows nothing of its value.
func CheckProxies(getenv func(name string) string) ([]Secret, error) {
	var hidden []Secret
	var errs []error
	for _, names := range [][2]string{{"HTTPS_PROXY", "https_proxy"}, {"HTTP_PROXY", "http_proxy"}} {
		for _, name := range names {
			value := getenv(name)
			if value == "" {
				continue
			}
			u := parseProxy(value)
			if u == nil {
				errs = append(errs, fmt.Errorf("%s: is not the address of a proxy: want http://host:port, and a password in it percent-encoded", name))
			} else {
				hidden = append(hidden, secretsOf(u)...)
			}
			break // the lower case counts only without the other
		}
	}
	return hidden, errors.Join(errs...)
}

// parseProxy parses the address of a proxy, which may lack a scheme as it may for net/http; nil:
// it is none.
func parseProxy(value string) *url.URL {
	u, err := url.Parse(value)
	if err != nil || u.Scheme == "" || u.Host == "" {
		u, err = url.Parse("http://" + value)
	}
	if err != nil || u.Hostname() == "" || !validPort(u) || !slices.Contains([]string{"http", "https", "socks5", "socks5h"}, u.Scheme) {
		return nil
	}
	return u
}

// secretsOf returns what is secret in a proxy's address: the password, or the name where that is
// all there is, and both as the proxy is sent them.
func secretsOf(u *url.URL) []Secret {
	if u.User == nil {
		return nil
	}
	name := u.User.Username()
	password, ok := u.User.Password()
	if !ok {
		password = name
	}
	return []Secret{Secret(password), Secret(base64.StdEncoding.EncodeToString([]byte(name + ":" + password)))}
}
