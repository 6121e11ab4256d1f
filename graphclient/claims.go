package graphclient

import (
	"context"
	"errors"
	"slices"
	"strings"
	"time"

	"github.com/golang-jwt/jwt/v5"
)

// Claims are what a token says of itself. Nobody has verified them: Graph does, and this is
// for people to read.
type Claims struct {
	// Roles are the permissions of the application, Scopes those that a person has lent
	// it; sorted, and the caller's.
	Roles, Scopes         []string
	TenantID, Application string    // GUIDs
	Expires               time.Time // zero if it does not say
}

// errOpaque is the error of a token that says nothing.
var errOpaque = errors.New("the token cannot be read by anybody but Graph")

// Claims returns what the token at hand says, and signs in if there is none. The error is of type
// [*Error] if that fails; a token that nobody else can read is an error of another type.
func (c *Client) Claims(ctx context.Context) (Claims, error) {
	text, failure := c.tokens.token(ctx)
	if failure != nil {
		return Claims{}, failure
	}
	var wire struct {
		jwt.RegisteredClaims
		Roles    []string `json:"roles"`
		Scopes   string   `json:"scp"`
		TenantID string   `json:"tid"`
		AppID    string   `json:"appid"`
	}
	if _, _, err := jwt.NewParser().ParseUnverified(text, &wire); err != nil {
		return Claims{}, errOpaque // the parser's own error may quote the token
	}
	out := Claims{Roles: wire.Roles, Scopes: strings.Fields(wire.Scopes), TenantID: c.redact.clean(wire.TenantID), Application: c.redact.clean(wire.AppID)}
	for _, list := range [][]string{out.Roles, out.Scopes} {
		for i := range list {
			list[i] = c.redact.clean(list[i])
		}
		slices.Sort(list)
	}
	if wire.ExpiresAt != nil {
		out.Expires = wire.ExpiresAt.Time
	}
	return out, nil
}
