package graphclient

import (
	"encoding/json"
	"fmt"
	"regexp"
	"strings"
	"time"
)

// tokenError is the body of a sign-in refused by Entra:
//
//	{"error":"invalid_client","error_description":"AADSTS7000215: Invalid client secret provided. …","error_codes":[7000215],…}
type tokenError struct {
	Error       text          `json:"error"`
	Description text          `json:"error_description"`
	Codes       []json.Number `json:"error_codes"`
}

// tokenResponseError judges an answer other than a token.
func tokenResponseError(x *exchange, body []byte) *Error {
	e := &Error{Operation: OperationToken, Status: x.status, Reason: reasonOf(x.status, OperationToken), RetryAfter: retryAfter(x.header, time.Now())}
	if x.status >= 300 && x.status < 400 {
		e.Message = redirectMessage(x.header)
		return e
	}
	var wire tokenError
	if json.Unmarshal(body, &wire) != nil || wire.Error == "" {
		e.Message = fmt.Sprintf("answer of type %q: is this the sign-in service?", x.header.Get("Content-Type"))
		return e
	}
	e.Code, e.Message = string(wire.Error), string(wire.Description)
	if number := wire.number(); number != "" {
		e.Code = "AADSTS" + number
		e.Message = withCause(number, strings.TrimPrefix(e.Message, e.Code+": "))
	}
	if e.Reason != ReasonThrottled && e.Reason != ReasonServerError {
		e.Reason = ReasonCredential
	}
	return e
}

var aadsts = regexp.MustCompile(`^AADSTS(\d+)`)

// number returns Entra's number of the error, empty when it has none.
func (t *tokenError) number() string {
	if m := aadsts.FindStringSubmatch(string(t.Description)); m != nil {
		return m[1]
	}
	if len(t.Codes) > 0 {
		return t.Codes[0].String()
	}
	return ""
}

// entraCauses are the sign-in errors that people meet, in plain words.
var entraCauses = map[string]string{
	"7000215": "wrong client secret (often the secret's id in place of its value)",
	"7000222": "the client secret has expired",
	"700016":  "no such application in this tenant (wrong client id, or wrong tenant)",
	"90002":   "no such tenant (wrong tenant id, or wrong cloud)",
	"900023":  "the tenant id is neither a GUID nor a domain",
	"7000112": "the application is disabled",
	"700027":  "the certificate or its assertion is not accepted (not uploaded to the application, ended, or of another one?)",
	"700024":  "the assertion is not within its time of validity (is the clock right?)",
	"65001":   "nobody has consented to what is asked for (admin consent)",
	"70021":   "no federated credential of the application fits the token",
	"700211":  "no federated credential of the application has the token's issuer",
	"700212":  "no federated credential of the application has the token's audience",
	"700213":  "no federated credential of the application has the token's subject",
	"500011":  "Graph is not known in this tenant (wrong cloud)",
	"53003":   "blocked by conditional access",
}

// withCause puts a known cause before Entra's own words.
func withCause(number, description string) string {
	if cause, ok := entraCauses[number]; ok {
		return cause + ": " + description
	}
	return description
}
