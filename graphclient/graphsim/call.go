package graphsim

import (
	"io"
	"net/http"
	"net/url"
	"strings"
)

// Operation is what a request asks for.
type Operation string

// The operations. AnyOperation is for faults; Other is whatever Graph does not have.
const (
	AnyOperation   Operation = ""
	TokenOperation Operation = "token"
	ListOperation  Operation = "list"
	GetOperation   Operation = "get"
	OtherOperation Operation = "other"
)

const incidentsPath = "/v1.0/security/incidents"

// A call is one request as the service understands it.
type call struct {
	*http.Request
	operation Operation
	base      string // scheme and host that the request came to
	id        string // the incident asked for, or the tenant of a token request
	query     url.Values
	queryErr  error
	form      url.Values
	entry     *Request // its place in the log
}

// newCall reads the request, its body included. The path alone decides what it asks for, so
// that Graph and the token endpoint may share a host.
func newCall(r *http.Request) *call {
	c := &call{Request: r, operation: OtherOperation, base: baseOf(r)}
	c.query, c.queryErr = url.ParseQuery(r.URL.RawQuery)
	if r.Body != nil {
		body, _ := io.ReadAll(io.LimitReader(r.Body, 1<<20))
		r.Body.Close()
		c.form, _ = url.ParseQuery(string(body))
	}
	path := r.URL.Path
	if tenant, ok := strings.CutSuffix(path, "/oauth2/v2.0/token"); ok && strings.Count(tenant, "/") == 1 {
		c.operation, c.id = TokenOperation, tenant[1:]
	} else if path == incidentsPath {
		c.operation = ListOperation
	} else if id, ok := strings.CutPrefix(path, incidentsPath+"/"); ok && !strings.Contains(id, "/") {
		c.operation, c.id = GetOperation, id
	}
	return c
}

func baseOf(r *http.Request) string {
	if r.URL.Host != "" {
		return r.URL.Scheme + "://" + r.URL.Host
	}
	if r.TLS != nil {
		return "https://" + r.Host
	}
	return "http://" + r.Host
}

// knowsNewMembers reports whether the client asked for the enumeration members that Graph
// added later. Others read unknownFutureValue in their place.
func (c *call) knowsNewMembers() bool {
	for _, value := range c.Header.Values("Prefer") {
		for preference := range strings.SplitSeq(value, ",") {
			if strings.TrimSpace(preference) == "include-unknown-enum-members" {
				return true
			}
		}
	}
	return false
}
