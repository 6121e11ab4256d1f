package contract

import (
	"fmt"
	"net/http"
	"slices"
	"strings"

	"msgraph_security_exporter/graphclient"
)

// codes are those of errors that are told; of others it is told that there is one.
var codes = []string{
	"BadRequest", "Request_BadRequest", "invalidRequest", "UnknownError", "InternalServerError", "generalException", "activityLimitReached",
	"TooManyRequests", "Too Many Requests", "tooManyRequests", "Forbidden", "accessDenied", "Authorization_RequestDenied", "Unauthorized",
	"InvalidAuthenticationToken", "ResourceNotFound", "NotFound", "itemNotFound", "Request_ResourceNotFound", "ServiceUnavailable",
	"serviceNotAvailable", "UnsupportedQuery", "Request_UnsupportedQuery", "notSupported", "NotImplemented", "GatewayTimeout",
}

// A codeKind says which code an error has, in words of this package.
type codeKind string

func newCode(code string) codeKind {
	switch {
	case code == "":
		return "no code"
	case slices.Contains(codes, code):
		return codeKind(code)
	}
	return "a code that the contract does not know"
}

// limitHeaders are what an answer may tell about limits, besides Retry-After.
var limitHeaders = []string{
	"RateLimit-Limit", "RateLimit-Remaining", "RateLimit-Reset", "X-Ms-Throttle-Information", "X-Ms-Throttle-Limit-Percentage",
	"X-Ms-Throttle-Scope", "X-Ms-Resource-Unit", "X-Rate-Limit-Limit", "X-Rate-Limit-Remaining", "X-Rate-Limit-Reset",
}

func newRefusal(reply *graphclient.Reply, e *graphclient.Error) refusal {
	r := refusal{status: reply.Status, code: newCode(e.Code), form: formOf(reply.Header), retryAfter: "no Retry-After"}
	switch v := strings.TrimSpace(reply.Header.Get("Retry-After")); {
	case v == "":
	case strings.Trim(v, "0123456789") == "":
		r.retryAfter = "Retry-After in seconds"
	default:
		r.retryAfter = "Retry-After of another form"
		if _, err := http.ParseTime(v); err == nil {
			r.retryAfter = "Retry-After as a date"
		}
	}
	for _, name := range limitHeaders {
		if reply.Header.Get(name) != "" {
			r.limits = append(r.limits, name)
		}
	}
	return r
}

// formOf says what kind of body an answer has, by its header.
func formOf(h http.Header) string {
	switch kind := strings.ToLower(h.Get("Content-Type")); {
	case strings.Contains(kind, "json"):
		return "JSON"
	case strings.HasPrefix(kind, "text/html"):
		return "HTML"
	case strings.HasPrefix(kind, "text/"):
		return "text"
	case kind == "":
		return "no type"
	}
	return "another type"
}

// inWords tells a refusal: the status, the code if it is one that everybody may see, and nothing of the
// message.
func inWords(reply *graphclient.Reply, e *graphclient.Error) string {
	switch {
	case e.Status == 0:
		return fmt.Sprintf("without an answer (%s)", e.Reason)
	case e.Reason == graphclient.ReasonMalformed && reply.Status == http.StatusOK:
		return "answered with 200, and not with JSON"
	case e.Reason == graphclient.ReasonMalformed && reply.Status == 0:
		return "not followed: the link leads elsewhere"
	case e.Reason == graphclient.ReasonIncomplete:
		return fmt.Sprintf("answered with %d and a warning that it is incomplete", e.Status)
	case formOf(reply.Header) != "JSON":
		return fmt.Sprintf("refused: %d, %s", e.Status, formOf(reply.Header))
	}
	return fmt.Sprintf("refused: %d, %s", e.Status, newCode(e.Code))
}
