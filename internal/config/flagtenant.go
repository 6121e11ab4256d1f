package config

import (
	"cmp"
	"errors"
	"slices"
	"strings"
	"time"
	"unicode/utf8"

	"msgraph_security_exporter/graphclient"
	"msgraph_security_exporter/internal/configfile"
	"msgraph_security_exporter/internal/credential"
)

// checkTenant checks the flags and variables that describe a tenant.
func (v *validator) checkTenant() {
	v.flagTenant = &Tenant{}
	if v.flags.demo {
		v.checkDemo()
	} else {
		v.checkDirectory()
		v.checkSignIn()
		v.checkCloud()
	}
	v.flagTenant.RequestsPerMinute = v.number("--graph.requests-per-minute", v.flags.requestsPerMinute, minRequests, maxRequests)
	v.checkTimes()
	v.checkOnDemand()
}

func (v *validator) checkDirectory() {
	name, tenant := v.flagOrVariable("--graph.tenant-id", v.flags.tenantID, "AZURE_TENANT_ID")
	switch {
	case tenant == "":
		v.mistake("--graph.tenant-id or AZURE_TENANT_ID", "missing; --demo needs no account")
	case !configfile.IsGUID(tenant) && !configfile.IsDomain(tenant):
		v.wrongValue(name, tenant, "want the directory (tenant) id, a GUID, or a domain of the tenant such as contoso.onmicrosoft.com")
	}
	v.flagTenant.TenantID = tenant
}

// checkSignIn finds out how to sign in, and as which application. It reads the files once, so
// that a file that cannot be read is reported at the start.
func (v *validator) checkSignIn() {
	v.checkMethod()
	v.checkClient()
	if e, ok := errors.AsType[*credential.FileError](credential.NewSource(v.flagTenant.SignIn, time.Time{}, nil).CheckFiles()); ok && e.Path != "" {
		v.wrongFile(v.flagTenant.SignIn.Sources[0], e.Path, e.Cause)
	}
}

// checkMethod finds out how to sign in.
func (v *validator) checkMethod() {
	asked := configfile.Method(v.flags.authMethod)
	if !slices.Contains(methods(), v.flags.authMethod) {
		v.wrongValue("--graph.auth-method", v.flags.authMethod, "want one of %s", strings.Join(methods(), ", "))
		return
	}
	var err error
	switch v.flagTenant.SignIn, err = v.credentials().choose(asked, "--graph.auth-method"); {
	case errors.Is(err, errNoCredential):
		v.mistake("--graph.client-secret-file, --graph.client-certificate-file, their variables or --graph.auth-method", "missing")
	case err != nil:
		v.mistakes = append(v.mistakes, err) // the error names the flags
	}
}

// credentials returns the credentials that flags and variables name. A flag that does not
// belong to the method asked for is a mistake. A variable is none: it may be meant for
// another program.
func (v *validator) credentials() available {
	o := v.environment.credentials()
	for _, f := range []struct {
		file   *setting
		method configfile.Method
		flag   setting
	}{
		{&o.secretFile, configfile.MethodSecret, setting{"--graph.client-secret-file", v.flags.secretFile}},
		{&o.certificateFile, configfile.MethodCertificate, setting{"--graph.client-certificate-file", v.flags.certificateFile}},
	} {
		if f.flag.value == "" {
			if f.file.value == "" {
				f.file.name = f.flag.name + " or " + f.file.name
			}
			continue
		}
		*f.file = f.flag
		if asked := configfile.Method(v.flags.authMethod); asked != configfile.MethodAuto && asked != f.method {
			v.mistake(f.flag.name, "not with --graph.auth-method=%s", asked)
		}
	}
	return o
}

// checkClient finds out which application signs in. A managed identity needs no client id if
// the platform has one identity only, and the Azure CLI has a client id of its own.
func (v *validator) checkClient() {
	name, client := v.flagOrVariable("--graph.client-id", v.flags.clientID, "AZURE_CLIENT_ID")
	optional := v.flagTenant.SignIn.Method == configfile.MethodManagedIdentity || v.flagTenant.SignIn.Method == configfile.MethodAzureCLI
	switch {
	case client == "" && !optional:
		v.mistake("--graph.client-id or AZURE_CLIENT_ID", "missing")
	case client != "" && !configfile.IsGUID(client):
		v.wrongValue(name, client, "want the application (client) id, the GUID on the overview page of the app registration")
	}
	v.flagTenant.ClientID = client
}

// checkCloud finds out where Graph and the sign-in service are. A cloud that a flag names
// takes precedence over the variable for the sign-in service.
func (v *validator) checkCloud() {
	v.flagTenant.Cloud = v.flags.cloud
	cloud, err := graphclient.CloudNamed(v.flagTenant.Cloud)
	if err != nil {
		v.mistake("--graph.cloud", "%v", err)
	}
	name, authority := "--graph.authority", v.flags.authority
	if authority == "" && v.flagTenant.Cloud == graphclient.Clouds()[0].Name {
		name, authority = authorityVariable, v.environment(authorityVariable)
	}
	v.flagTenant.Endpoint = v.endpointOr("--graph.endpoint", v.flags.endpoint, cloud.Endpoint)
	v.flagTenant.Authority = v.endpointOr(name, authority, cloud.Authority)
}

// endpointOr returns the root of a service that is given, or the default.
func (v *validator) endpointOr(name, given, otherwise string) string {
	if given != "" {
		if _, err := graphclient.ParseEndpoint(given); err != nil {
			v.mistake(name, "%v", err) // the error shows no password
		}
	}
	return cmp.Or(given, otherwise)
}

// checkDemo refuses the flags that choose a tenant: the demo serves a simulated one. It does
// not look at variables, which may be meant for another program.
func (v *validator) checkDemo() {
	for name, given := range map[string]bool{"--check": v.flags.check, "--check.contract": v.flags.checkContract} {
		if given {
			v.mistake(name, "not with --demo, which has nothing to check")
		}
	}
	for _, f := range []struct{ name, value string }{
		{"--graph.tenant-id", v.flags.tenantID},
		{"--graph.client-id", v.flags.clientID},
		{"--graph.client-secret-file", v.flags.secretFile},
		{"--graph.client-certificate-file", v.flags.certificateFile},
		{"--graph.auth-method", strings.TrimPrefix(v.flags.authMethod, "auto")},
		{"--graph.cloud", strings.TrimPrefix(v.flags.cloud, "public")},
		{"--graph.endpoint", v.flags.endpoint},
		{"--graph.authority", v.flags.authority},
	} {
		if f.value != "" {
			v.mistake(f.name, "not with --demo, which serves a simulated tenant")
		}
	}
}

func (v *validator) checkTimes() {
	flagTenant := v.flagTenant
	flagTenant.SweepInterval = v.duration("--collector.sweep-interval", v.flags.sweepInterval, 10*time.Second)
	flagTenant.MaxAge = v.duration("--collector.max-age", v.flags.maxAge, 10*time.Second)
	flagTenant.MinRefreshInterval = v.duration("--collector.min-refresh-interval", v.flags.minRefreshInterval, 0)
	if flagTenant.MaxAge > 0 && flagTenant.MinRefreshInterval >= flagTenant.MaxAge {
		v.wrongValue("--collector.min-refresh-interval", v.flags.minRefreshInterval, "want less than --collector.max-age")
	}
}

// The bounds of the ceiling of the limiter. Below the least one every pull waits until its deadline.
const minRequests, maxRequests = 10, 100_000

// The bounds of the series on demand. They keep a page within what Prometheus takes easily.
const maxIncidentInfo, maxTags, maxTag = 100, 20, 100

// checkOnDemand checks the flags of the series on demand.
func (v *validator) checkOnDemand() {
	v.flagTenant.IncidentInfo = v.number("--collector.incident-info", v.flags.incidentInfo, 0, maxIncidentInfo)
	if v.flags.tags == "" {
		return
	}
	v.flagTenant.Tags = strings.Split(v.flags.tags, ",")
	seen := map[string]bool{}
	for i, tag := range v.flagTenant.Tags {
		tag = strings.TrimSpace(tag)
		v.flagTenant.Tags[i] = tag
		lower := strings.ToLower(tag)
		if tag == "" || len(tag) > maxTag || !utf8.ValidString(tag) || seen[lower] {
			v.wrongValue("--collector.tags", v.flags.tags, "want different tags of 1 to %d characters, with commas between", maxTag)
			return
		}
		seen[lower] = true
	}
	if len(v.flagTenant.Tags) > maxTags {
		v.wrongValue("--collector.tags", v.flags.tags, "want at most %d tags", maxTags)
	}
}
