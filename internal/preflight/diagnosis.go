package preflight

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"msgraph_security_exporter/graphclient"
	"msgraph_security_exporter/internal/config"
	"msgraph_security_exporter/internal/configfile"
	"msgraph_security_exporter/internal/tenant"
)

// A question is what --check finds out about a tenant.
type question string

// The questions, each of which makes no sense before those above it are answered.
const (
	askConfiguration question = "configuration"
	askReachability  question = "reachability"
	askSignIn        question = "sign_in"
	askPermission    question = "permission"
	askIncidents     question = "incidents"
	askScores        question = "scores"
)

// A result is how the answer to a question is to be taken.
type result string

const (
	good    result = "ok"
	warning result = "warning"
	failed  result = "failed"
	skipped result = "skipped"
)

// A finding is the answer to a question, in plain words.
type finding struct {
	Question question `json:"check"`
	Result   result   `json:"result"`
	Detail   string   `json:"detail"`
}

// A diagnosis is what is found out about one tenant.
type diagnosis struct {
	Tenant   string     `json:"tenant,omitempty"` // empty: that of the flags
	TenantID string     `json:"tenant_id"`
	ClientID string     `json:"client_id,omitempty"`
	OK       bool       `json:"ok"` // nothing has failed
	Findings []finding  `json:"checks"`
	Open     *openCount `json:"open_incidents,omitempty"` // none before they were all read

	account *config.Tenant
	claims  *graphclient.Claims // nil: nobody but Graph can read the token
}

// diagnose answers every question about the tenant. It asks Graph for all open
// incidents, as a start of the exporter does.
func diagnose(ctx context.Context, a *config.Tenant, opts tenant.Options) (*diagnosis, error) {
	d := &diagnosis{Tenant: a.Name, TenantID: a.TenantID, ClientID: a.ClientID, account: a}
	t, err := tenant.New(ctx, a, opts)
	if err != nil {
		return nil, err
	}
	defer t.Close()
	if d.configuration(t, time.Now()) && d.signIn(ctx, t) && d.firstPage(ctx, t) {
		d.incidents(ctx, t)
	}
	d.conclude()
	return d, nil
}

func (d *diagnosis) find(q question, r result, format string, args ...any) {
	d.Findings = append(d.Findings, finding{q, r, strings.Join(strings.Fields(fmt.Sprintf(format, args...)), " ")})
}

// conclude puts the findings in order, and marks what could not be asked any more.
func (d *diagnosis) conclude() {
	questions := []question{askConfiguration, askReachability, askSignIn, askPermission, askIncidents, askScores}
	d.OK = !slices.ContainsFunc(d.Findings, func(f finding) bool { return f.Result == failed })
	for _, q := range questions {
		if !slices.ContainsFunc(d.Findings, func(f finding) bool { return f.Question == q }) {
			d.find(q, skipped, "not asked, because of what failed before")
		}
	}
	slices.SortStableFunc(d.Findings, func(a, b finding) int {
		return cmp.Compare(slices.Index(questions, a.Question), slices.Index(questions, b.Question))
	})
}

// soon is how long before its end a credential is worth a word.
const soon = 30 * 24 * time.Hour

// configuration finds out whether what the exporter signs in with can be read.
func (d *diagnosis) configuration(t *tenant.Tenant, now time.Time) bool {
	if err := t.Credential.Readable(); err != nil {
		d.find(askConfiguration, failed, "%v", err)
		return false
	}
	r, detail := good, d.account.SignIn.String()
	for kind, end := range t.Credential.Ends() {
		if end.IsZero() {
			continue
		}
		if now.Add(soon).After(end) {
			r = warning
		}
		verb := "ends"
		if now.After(end) {
			verb = "has ended"
		}
		detail += fmt.Sprintf("; the %s %s on %s", kind, verb, end.UTC().Format("2006-01-02 15:04 MST"))
	}
	d.find(askConfiguration, r, "%s", detail)
	return true
}

// signIn finds out whether there is a token to be had, and what it is good for.
func (d *diagnosis) signIn(ctx context.Context, t *tenant.Tenant) bool {
	claims, err := t.Graph.Claims(ctx)
	if failure, ok := errors.AsType[*graphclient.Error](err); ok {
		d.blame(failure)
		return false
	}
	switch {
	case err != nil:
		d.find(askSignIn, good, "there is a token, which only Graph can read")
		return true
	case claims.TenantID != "" && configfile.IsGUID(d.TenantID) && !strings.EqualFold(claims.TenantID, d.TenantID):
		d.find(askSignIn, failed, "the token is of tenant %s, not of %s", claims.TenantID, d.TenantID)
		return false
	}
	d.claims = &claims
	d.find(askSignIn, good, "there is a token for application %s of tenant %s",
		cmp.Or(claims.Application, d.ClientID, "unknown"), cmp.Or(claims.TenantID, d.TenantID))
	return true
}

// firstPage finds out whether Graph lets the token's bearer read incidents at all.
func (d *diagnosis) firstPage(ctx context.Context, t *tenant.Tenant) bool {
	var failure *graphclient.Error
	for _, err := range t.Graph.Incidents(ctx, graphclient.Query{Operation: graphclient.OperationSweep}) {
		failure, _ = errors.AsType[*graphclient.Error](err)
		break
	}
	if failure == nil || failure.Status != 0 {
		d.find(askReachability, good, "an answer from %s", strings.Join(d.reached(), " and from "))
	}
	if failure == nil || failure.Reason != graphclient.ReasonForbidden {
		d.permission(failure == nil)
	}
	if failure != nil {
		d.blame(failure)
	}
	return failure == nil
}

// reached returns the services that a token and a page have come from.
func (d *diagnosis) reached() []string {
	switch d.account.SignIn.Method {
	case configfile.MethodManagedIdentity, configfile.MethodAzureCLI:
		return []string{d.account.Endpoint}
	}
	return []string{d.account.Authority, d.account.Endpoint}
}

// blame finds what question an error is the answer to.
func (d *diagnosis) blame(e *graphclient.Error) {
	switch {
	case e.Status == 0 && (e.Reason == graphclient.ReasonUnreachable || e.Reason == graphclient.ReasonTimeout):
		d.find(askReachability, failed, "%s: %v", d.asked(e), e)
	case e.Operation == graphclient.OperationToken:
		d.find(askSignIn, failed, "%v", e)
	case e.Reason == graphclient.ReasonUnauthorized:
		d.find(askSignIn, failed, "Graph does not take the token (wrong cloud, or another audience?): %v", e)
	case e.Reason == graphclient.ReasonForbidden:
		d.find(askPermission, failed, "%s is missing, or has no admin consent, or the tenant no licence for Defender XDR; the token has: %s: %v", readAll, d.roles(), e)
	default:
		d.find(askIncidents, failed, "%v", e)
	}
}

// asked returns who has not answered.
func (d *diagnosis) asked(e *graphclient.Error) string {
	switch {
	case e.Operation != graphclient.OperationToken:
		return d.account.Endpoint
	case d.account.SignIn.Method == configfile.MethodManagedIdentity:
		return "the platform's service for managed identities"
	}
	return d.account.Authority
}

// incidents reads every open incident, as the exporter does, and counts them.
func (d *diagnosis) incidents(ctx context.Context, t *tenant.Tenant) {
	t.Begin()
	report, err := await(ctx, t.Mirror)
	if err != nil {
		d.find(askIncidents, failed, "%v", err)
		return
	}
	d.Open = countOpen(report.Snapshot.Open)
	d.find(askIncidents, good, "%d open incidents", d.Open.Total)
	if skew := report.ClockSkew.Round(time.Second); report.SkewKnown && skew.Abs() > 30*time.Second {
		d.find(askIncidents, warning, "the clock of this host differs from Graph's by %s", skew.Abs())
	}
	switch {
	case d.Open.Total == 0:
		d.find(askScores, warning, "no incident is open, so that nobody knows whether they have priority scores")
	case d.Open.Scored == 0:
		d.find(askScores, warning, "no open incident has a priority score: the priority is none for all, so alert by severity")
	default:
		d.find(askScores, good, "%d of %d open incidents have a priority score", d.Open.Scored, d.Open.Total)
	}
}
