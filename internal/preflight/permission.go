package preflight

import (
	"cmp"
	"slices"
	"strings"
)

// The permissions that have to do with incidents. The first is all that it takes.
const (
	readAll      = "SecurityIncident.Read.All"
	readWriteAll = "SecurityIncident.ReadWrite.All"
)

// permission judges what the token carries, knowing whether Graph has answered.
func (d *diagnosis) permission(answered bool) {
	if d.claims == nil {
		d.find(askPermission, warning, "which permissions the token carries cannot be seen, only that Graph answers")
		return
	}
	held := append(slices.Clone(d.claims.Roles), d.claims.Scopes...)
	more := slices.DeleteFunc(slices.Clone(held), func(p string) bool {
		return p == readAll || slices.Contains([]string{"openid", "profile", "email", "offline_access"}, p)
	})
	has := strings.Join(held, ", ")
	switch {
	case !slices.Contains(held, readAll) && !slices.Contains(held, readWriteAll):
		r := failed
		if answered {
			r = warning
		}
		d.find(askPermission, r, "%s is not among the token's permissions (%s): grant it as an application permission of Microsoft Graph, with admin consent",
			readAll, cmp.Or(has, "it has none"))
	case !slices.Contains(held, readAll):
		d.find(askPermission, warning, "more than needed: %s; grant %s in its place", has, readAll)
	case len(more) > 0:
		d.find(askPermission, warning, "%s is there; more than needed: %s", readAll, strings.Join(more, ", "))
	default:
		d.find(askPermission, good, "%s, and nothing else", readAll)
	}
}

func (d *diagnosis) roles() string {
	if d.claims == nil {
		return "what cannot be seen"
	}
	return cmp.Or(strings.Join(append(slices.Clone(d.claims.Roles), d.claims.Scopes...), ", "), "none")
}
