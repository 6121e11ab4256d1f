package graphclient

import (
	"context"
	"errors"
	"net/http"
	"time"

	"github.com/Azure/azure-sdk-for-go/sdk/azcore"
	"github.com/Azure/azure-sdk-for-go/sdk/azcore/policy"
	"github.com/Azure/azure-sdk-for-go/sdk/azcore/runtime"
	"github.com/Azure/azure-sdk-for-go/sdk/azidentity"
)

// ManagedIdentity returns the credential that is the identity of the machine, the
// container or the function that this runs on, asked for at the service that Azure offers
// there. With a [Config.ClientID] it is that of the user-assigned identity, else the
// system-assigned one. It is asked for without a proxy: it is next door, and the proxy's
// own identity is not the one that is asked for.
func ManagedIdentity() Credential {
	return platformCredential(func(s *signIn, x *exchange) (azcore.TokenCredential, error) {
		options := &azidentity.ManagedIdentityCredentialOptions{ClientOptions: policy.ClientOptions{
			Transport: &http.Client{Transport: proxyBypass{x}, CheckRedirect: noRedirects},
			Retry:     policy.RetryOptions{MaxRetries: -1}, // [tokenCache] does that
		}}
		if s.cfg.ClientID != "" {
			options.ID = azidentity.ClientID(s.cfg.ClientID)
		}
		return azidentity.NewManagedIdentityCredential(options)
	})
}

// platformCredential is a credential that Azure's own library knows how to use. It is made afresh for
// each sign-in.
type platformCredential func(s *signIn, x *exchange) (azcore.TokenCredential, error)

func (p platformCredential) requestToken(ctx context.Context, s *signIn, x *exchange) (accessToken, *Error) {
	credential, err := p(s, x)
	if err != nil {
		return accessToken{}, credentialError(err)
	}
	sent := time.Now()
	// Claims, even empty ones, keep the library from handing out a token that it remembers, which
	// may be the one that Graph has just refused.
	token, err := credential.GetToken(ctx, policy.TokenRequestOptions{Scopes: []string{s.scope}, Claims: "{}"})
	if err != nil {
		return accessToken{}, platformFailure(ctx, x, err)
	}
	return s.checkToken(x, token.Token, "Bearer", time.Until(token.ExpiresOn), sent)
}

// platformFailure translates an error of the library. It never wraps it: it carries the
// response, whose request may carry what the platform takes for a password.
func platformFailure(ctx context.Context, x *exchange, err error) *Error {
	if long, ok := errors.AsType[lengthError](x.err); ok {
		return malformedToken(x, long.Error())
	}
	if refused, ok := errors.AsType[*azidentity.AuthenticationFailedError](err); ok && refused.RawResponse != nil {
		body, _ := runtime.Payload(refused.RawResponse)
		return tokenResponseError(x, body)
	}
	switch {
	case ctx.Err() != nil || isTimeout(err):
		return exchangeError(ctx, OperationToken, err)
	case x.err != nil:
		return exchangeError(ctx, OperationToken, x.err)
	case x.status != 0:
		return malformedToken(x, err.Error())
	}
	return credentialError(err)
}

// proxyBypass sends requests past any proxy.
type proxyBypass struct{ base http.RoundTripper }

type proxyBypassKey struct{}

// RoundTrip implements [http.RoundTripper].
func (d proxyBypass) RoundTrip(r *http.Request) (*http.Response, error) {
	return d.base.RoundTrip(r.WithContext(context.WithValue(r.Context(), proxyBypassKey{}, true)))
}
