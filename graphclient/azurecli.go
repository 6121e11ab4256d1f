package graphclient

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"os/exec"
	"time"
)

// AzureCLI returns the credential that is the person who is signed in to the Azure CLI,
// for trying things out. It runs the command az.
func AzureCLI() Credential { return azureCLI{} }

// azureCLI runs az itself: what Azure's library runs through a shell leaves az and its children
// behind when it hangs.
type azureCLI struct{}

// errNoAzureCLI is the error where the command is not there.
var errNoAzureCLI = errors.New("the Azure CLI (az) is not found on the path")

func (azureCLI) requestToken(ctx context.Context, s *signIn, x *exchange) (accessToken, *Error) {
	sent := time.Now()
	out, err := runAzureCLI(ctx, "account", "get-access-token", "-o", "json", "--resource", s.resource, "--tenant", s.cfg.TenantID)
	switch {
	case ctx.Err() != nil:
		return accessToken{}, &Error{Reason: ReasonTimeout, Operation: OperationToken, Message: "az has not ended within " + requestLimit.String()}
	case err != nil:
		return accessToken{}, credentialError(err)
	}
	var wire struct {
		Token   string `json:"accessToken"`
		Expires int64  `json:"expires_on"` // since the epoch, as of version 2.54
		Local   string `json:"expiresOn"`  // local time without a zone, where that is all there is
	}
	if err := json.Unmarshal(out, &wire); err != nil {
		return accessToken{}, malformedToken(x, "az printed something other than a token in JSON")
	}
	ends := time.Unix(wire.Expires, 0)
	if wire.Expires == 0 {
		ends, _ = time.ParseInLocation("2006-01-02 15:04:05", wire.Local, time.Local)
	}
	return s.checkToken(x, wire.Token, "Bearer", time.Until(ends), sent)
}

// runAzureCLI runs az and returns what it prints. When ctx ends, az ends with all that it began.
func runAzureCLI(ctx context.Context, args ...string) ([]byte, error) {
	cmd := exec.CommandContext(ctx, "az", args...)
	endWithChildren(cmd)
	cmd.WaitDelay = time.Second // for pipes that a child of its own session holds open
	var printed, complaint cappedBuffer
	cmd.Stdout, cmd.Stderr = &printed, &complaint
	err := cmd.Run()
	switch {
	case errors.Is(err, exec.ErrNotFound):
		return nil, errNoAzureCLI
	case errors.Is(err, exec.ErrWaitDelay): // it has printed all there is
	case err != nil && len(bytes.TrimSpace(complaint.text)) > 0:
		return nil, errors.New(string(complaint.text))
	case err != nil:
		return nil, err
	case printed.cut:
		return nil, lengthError(maxTokenBody)
	}
	return printed.text, nil
}

// A cappedBuffer keeps the beginning of what is written to it, up to [maxTokenBody].
type cappedBuffer struct {
	text []byte
	cut  bool
}

// Write implements [io.Writer]. It never fails.
func (h *cappedBuffer) Write(b []byte) (int, error) {
	room := maxTokenBody - len(h.text)
	h.cut = h.cut || len(b) > room
	h.text = append(h.text, b[:min(len(b), room)]...)
	return len(b), nil
}
