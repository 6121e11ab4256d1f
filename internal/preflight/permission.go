package preflight

import (
	"cmp"
	"fmt"
	"slices"
	"strings"

	"msgraph_security_exporter/graphclient"
)

// The permissions that let an application read incidents. The exporter needs the first only.
const (
	readAll      = "SecurityIncident.Read.All"
	readWriteAll = "SecurityIncident.ReadWrite.All"
)

// judgePermissions judges the permissions that a token carries. answered says whether Graph
// has let the exporter read.
func judgePermissions(claims *graphclient.Claims, answered bool) (outcome, string) {
	if claims == nil {
		return warning, "which permissions the token carries cannot be seen, only that Graph answers"
	}
	all := append(slices.Clone(claims.Roles), claims.Scopes...)
	more := slices.DeleteFunc(slices.Clone(all), func(p string) bool {
		return p == readAll || slices.Contains([]string{"openid", "profile", "email", "offline_access"}, p)
	})
	switch {
	case !slices.Contains(all, readAll) && !slices.Contains(all, readWriteAll):
		o := failed
		if answered {
			o = warning
		}
		return o, fmt.Sprintf("%s is not among the token's permissions (%s): grant it as an application permission of Microsoft Graph, with admin consent",
			readAll, cmp.Or(strings.Join(all, ", "), "it has none"))
	case !slices.Contains(all, readAll):
		return warning, fmt.Sprintf("more than needed: %s; grant %s in its place", strings.Join(all, ", "), readAll)
	case len(more) > 0:
		return warning, fmt.Sprintf("%s is there; more than needed: %s", readAll, strings.Join(more, ", "))
	}
	return good, readAll + ", and nothing else"
}

// held returns the permissions that a token carries, in words.
func held(claims *graphclient.Claims) string {
	if claims == nil {
		return "what cannot be seen"
	}
	return cmp.Or(strings.Join(append(slices.Clone(claims.Roles), claims.Scopes...), ", "), "none")
}
