package preflight

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"strings"
	"time"

	"msgraph_security_exporter/graphclient"
	"msgraph_security_exporter/internal/buildinfo"
	"msgraph_security_exporter/internal/config"
	"msgraph_security_exporter/internal/configfile"
	"msgraph_security_exporter/internal/contract"
	"msgraph_security_exporter/internal/tenant"
)

// A checker takes the steps of --check for one tenant.
type checker struct {
	tenantReport
	cfg    *config.Tenant
	tenant *tenant.Tenant
	claims *graphclient.Claims // nil if only Graph can read the token
}

// checkTenant takes every step. It reads all open incidents, as the exporter does at its start. If it is
// to and nothing has failed, it asks about the contract afterwards.
func checkTenant(ctx context.Context, cfg *config.Tenant, opts tenant.Options, withContract bool) (*tenantReport, error) {
	t, err := tenant.New(ctx, cfg, opts)
	if err != nil {
		return nil, err
	}
	defer t.Close()
	c := &checker{
		tenantReport: tenantReport{Tenant: cfg.Name, TenantID: cfg.TenantID, ClientID: cfg.ClientID},
		cfg:          cfg,
		tenant:       t,
	}
	if c.checkConfiguration(time.Now()) && c.checkSignIn(ctx) && c.checkFirstPage(ctx) {
		c.checkIncidents(ctx)
	}
	c.finish()
	if withContract && c.OK {
		tenant.Logger(opts.Logger, cfg).InfoContext(ctx, "Asking Graph about its contract, which takes a minute or two")
		c.askContract(ctx)
	}
	return &c.tenantReport, nil
}

// askContract asks Graph about its contract, with the limiter of the check and while the mirror rests.
func (c *checker) askContract(ctx context.Context) {
	c.tenant.Rest()
	subject := contract.Subject{Graph: c.tenant.Graph, Version: buildinfo.Version()}
	for _, cloud := range graphclient.Clouds() {
		if cloud.Endpoint == c.cfg.Endpoint {
			subject.Cloud = "the cloud " + cloud.Name
		}
	}
	c.contract, c.contractErr = contract.Ask(ctx, subject)
}

// endsSoon is how long before its end a credential gets a warning.
const endsSoon = 30 * 24 * time.Hour

// checkConfiguration finds out whether the files of the credential can be read.
func (c *checker) checkConfiguration(now time.Time) bool {
	if err := c.tenant.Credential.CheckFiles(); err != nil {
		c.add(stepConfiguration, failed, "%v", err)
		return false
	}
	o, detail := good, c.cfg.SignIn.String()
	for kind, end := range c.tenant.Credential.Ends(c.tenant.Graph.CredentialState()) {
		if end.IsZero() {
			continue
		}
		if now.Add(endsSoon).After(end) {
			o = warning
		}
		verb := "ends"
		if now.After(end) {
			verb = "has ended"
		}
		detail += fmt.Sprintf("; the %s %s on %s", kind, verb, end.UTC().Format("2006-01-02 15:04 MST"))
	}
	c.add(stepConfiguration, o, "%s", detail)
	return true
}

// checkSignIn finds out whether the exporter gets a token, and for which tenant it is.
func (c *checker) checkSignIn(ctx context.Context) bool {
	claims, err := c.tenant.Graph.Claims(ctx)
	if failure, ok := errors.AsType[*graphclient.Error](err); ok {
		c.explain(failure)
		return false
	}
	switch {
	case err != nil:
		c.add(stepSignIn, good, "there is a token, which only Graph can read")
		return true
	case claims.TenantID != "" && configfile.IsGUID(c.TenantID) && !strings.EqualFold(claims.TenantID, c.TenantID):
		c.add(stepSignIn, failed, "the token is of tenant %s, not of %s", claims.TenantID, c.TenantID)
		return false
	}
	c.claims = &claims
	c.add(stepSignIn, good, "there is a token for application %s of tenant %s",
		cmp.Or(claims.Application, c.ClientID, "unknown"), cmp.Or(claims.TenantID, c.TenantID))
	return true
}

// checkFirstPage finds out whether Graph answers, and lets the exporter read incidents.
func (c *checker) checkFirstPage(ctx context.Context) bool {
	var failure *graphclient.Error
	for _, err := range c.tenant.Graph.Incidents(ctx, graphclient.Query{Operation: graphclient.OperationSweep}) {
		failure, _ = errors.AsType[*graphclient.Error](err)
		break
	}
	if failure == nil || failure.Status != 0 {
		c.add(stepReachability, good, "an answer from %s", strings.Join(c.reached(), " and from "))
	}
	if failure == nil || failure.Reason != graphclient.ReasonForbidden {
		o, detail := judgePermissions(c.claims, failure == nil)
		c.add(stepPermission, o, "%s", detail)
	}
	if failure != nil {
		c.explain(failure)
	}
	return failure == nil
}

// reached returns the services that have answered.
func (c *checker) reached() []string {
	switch c.cfg.SignIn.Method {
	case configfile.MethodManagedIdentity, configfile.MethodAzureCLI:
		return []string{c.cfg.Endpoint}
	}
	return []string{c.cfg.Authority, c.cfg.Endpoint}
}

// explain adds an error as the result of the step that it belongs to.
func (c *checker) explain(e *graphclient.Error) {
	switch {
	case e.Status == 0 && (e.Reason == graphclient.ReasonUnreachable || e.Reason == graphclient.ReasonTimeout):
		c.add(stepReachability, failed, "%s: %v", c.unanswered(e), e)
	case e.Operation == graphclient.OperationToken:
		c.add(stepSignIn, failed, "%v", e)
	case e.Reason == graphclient.ReasonUnauthorized:
		c.add(stepSignIn, failed, "Graph does not take the token (wrong cloud, or another audience?): %v", e)
	case e.Reason == graphclient.ReasonForbidden:
		c.add(stepPermission, failed, "%s is missing, or has no admin consent, or the tenant no licence for Defender XDR; the token has: %s: %v", readAll, held(c.claims), e)
	default:
		c.add(stepIncidents, failed, "%v", e)
	}
}

// unanswered returns the service that has not answered.
func (c *checker) unanswered(e *graphclient.Error) string {
	switch {
	case e.Operation != graphclient.OperationToken:
		return c.cfg.Endpoint
	case c.cfg.SignIn.Method == configfile.MethodManagedIdentity:
		return "the platform's service for managed identities"
	}
	return c.cfg.Authority
}

// checkIncidents reads every open incident, as the exporter does, and counts them.
func (c *checker) checkIncidents(ctx context.Context) {
	c.tenant.Start()
	report, err := waitForSnapshot(ctx, c.tenant.Mirror)
	if err != nil {
		c.add(stepIncidents, failed, "%v", err)
		return
	}
	c.Open = countOpen(report.Snapshot.Open)
	c.add(stepIncidents, good, "%d open incidents", c.Open.Total)
	if skew := report.ClockSkew.Round(time.Second); report.SkewKnown && skew.Abs() > 30*time.Second {
		c.add(stepIncidents, warning, "the clock of this host differs from Graph's by %s", skew.Abs())
	}
	switch {
	case c.Open.Total == 0:
		c.add(stepScores, warning, "no incident is open, so that nobody knows whether they have priority scores")
	case c.Open.Scored == 0:
		c.add(stepScores, warning, "no open incident has a priority score: the priority is none for all, so alert by severity")
	default:
		c.add(stepScores, good, "%d of %d open incidents have a priority score", c.Open.Scored, c.Open.Total)
	}
}
