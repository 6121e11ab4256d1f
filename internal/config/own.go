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

// checkTenant checks the flags and variables of the one tenant that they name.
func (c *checker) checkTenant() {
	c.own = &Tenant{}
	if c.given.demo {
		c.checkDemo()
	} else {
		c.checkDirectory()
		c.checkSignIn()
		c.checkCloud()
	}
	c.own.RequestsPerMinute = c.number("--graph.requests-per-minute", c.given.requestsPerMinute, 1, 100_000)
	c.checkTimes()
	c.checkShown()
}

func (c *checker) checkDirectory() {
	name, tenant := c.from("--graph.tenant-id", c.given.tenantID, "AZURE_TENANT_ID")
	switch {
	case tenant == "":
		c.refuse("--graph.tenant-id or AZURE_TENANT_ID", "missing; --demo needs no account")
	case !configfile.IsGUID(tenant) && !configfile.IsDomain(tenant):
		c.wrong(name, tenant, "want the directory (tenant) id, a GUID, or a domain of the tenant such as contoso.onmicrosoft.com")
	}
	c.own.TenantID = tenant
}

// checkSignIn finds out how to sign in, and as which application. What is in files
// is read once, so that one that cannot be read is known before anything is served.
func (c *checker) checkSignIn() {
	c.checkMethod()
	c.checkClient()
	if e, ok := errors.AsType[*credential.FileError](credential.NewSource(c.own.SignIn, time.Time{}).Readable()); ok && e.Path != "" {
		c.wrong(c.own.SignIn.Sources[0], e.Path, "%v", e.Cause)
	}
}

// checkMethod finds out how to sign in.
func (c *checker) checkMethod() {
	asked := configfile.Method(c.given.authMethod)
	if !slices.Contains(methods(), c.given.authMethod) {
		c.wrong("--graph.auth-method", c.given.authMethod, "want one of %s", strings.Join(methods(), ", "))
		return
	}
	var err error
	switch c.own.SignIn, err = c.offer().signIn(asked, "--graph.auth-method"); {
	case errors.Is(err, errNoOffer):
		c.refuse("--graph.client-secret-file, --graph.client-certificate-file, their variables or --graph.auth-method", "missing")
	case err != nil:
		c.mistakes = append(c.mistakes, err) // which names the flags
	}
}

// offer returns what flags and variables offer to sign in with. A flag that belongs
// to another method than the one asked for is a mistake; variables may be there for
// something else.
func (c *checker) offer() offer {
	o := c.environment.offer()
	for _, f := range []struct {
		file   *given
		method configfile.Method
		flag   given
	}{
		{&o.secretFile, configfile.MethodSecret, given{"--graph.client-secret-file", c.given.secretFile}},
		{&o.certificateFile, configfile.MethodCertificate, given{"--graph.client-certificate-file", c.given.certificateFile}},
	} {
		if f.flag.value == "" {
			if f.file.value == "" {
				f.file.name = f.flag.name + " or " + f.file.name
			}
			continue
		}
		*f.file = f.flag
		if asked := configfile.Method(c.given.authMethod); asked != configfile.MethodAuto && asked != f.method {
			c.refuse(f.flag.name, "not with --graph.auth-method=%s", asked)
		}
	}
	return o
}

// checkClient finds which application signs in. A managed identity may be the only
// one that there is, and the Azure CLI brings its own.
func (c *checker) checkClient() {
	name, client := c.from("--graph.client-id", c.given.clientID, "AZURE_CLIENT_ID")
	optional := c.own.SignIn.Method == configfile.MethodManagedIdentity || c.own.SignIn.Method == configfile.MethodAzureCLI
	switch {
	case client == "" && !optional:
		c.refuse("--graph.client-id or AZURE_CLIENT_ID", "missing")
	case client != "" && !configfile.IsGUID(client):
		c.wrong(name, client, "want the application (client) id, the GUID on the overview page of the app registration")
	}
	c.own.ClientID = client
}

// checkCloud finds where Graph and the sign-in service are. Azure's own variable for
// the latter says nothing against a cloud that a flag names.
func (c *checker) checkCloud() {
	c.own.Cloud = c.given.cloud
	cloud, err := graphclient.CloudNamed(c.own.Cloud)
	if err != nil {
		c.refuse("--graph.cloud", "%v", err)
	}
	name, authority := "--graph.authority", c.given.authority
	if authority == "" && c.own.Cloud == graphclient.Clouds()[0].Name {
		name, authority = authorityVariable, c.environment(authorityVariable)
	}
	c.own.Endpoint = c.root("--graph.endpoint", c.given.endpoint, cloud.Endpoint)
	c.own.Authority = c.root(name, authority, cloud.Authority)
}

func (c *checker) root(name, given, otherwise string) string {
	if given != "" {
		if _, err := graphclient.ParseEndpoint(given); err != nil {
			c.refuse(name, "%v", err) // which shows no password
		}
	}
	return cmp.Or(given, otherwise)
}

// checkDemo refuses what would seem to choose a tenant and does not. Variables are
// not looked at: they may be there for something else.
func (c *checker) checkDemo() {
	if c.given.check {
		c.refuse("--check", "not with --demo, which has nothing to check")
	}
	for _, f := range []struct{ name, value string }{
		{"--graph.tenant-id", c.given.tenantID},
		{"--graph.client-id", c.given.clientID},
		{"--graph.client-secret-file", c.given.secretFile},
		{"--graph.client-certificate-file", c.given.certificateFile},
		{"--graph.auth-method", strings.TrimPrefix(c.given.authMethod, "auto")},
		{"--graph.cloud", strings.TrimPrefix(c.given.cloud, "public")},
		{"--graph.endpoint", c.given.endpoint},
		{"--graph.authority", c.given.authority},
	} {
		if f.value != "" {
			c.refuse(f.name, "not with --demo, which serves a simulated tenant")
		}
	}
}

func (c *checker) checkTimes() {
	own := c.own
	own.SweepInterval = c.duration("--collector.sweep-interval", c.given.sweepInterval, 10*time.Second)
	own.MaxAge = c.duration("--collector.max-age", c.given.maxAge, 10*time.Second)
	own.MinRefreshInterval = c.duration("--collector.min-refresh-interval", c.given.minRefreshInterval, 0)
	if own.MaxAge > 0 && own.MinRefreshInterval >= own.MaxAge {
		c.wrong("--collector.min-refresh-interval", c.given.minRefreshInterval, "want less than --collector.max-age")
	}
}

// The bounds of what is shown on demand, so that no page grows beyond what a
// Prometheus takes easily.
const maxInfo, maxTags, maxTag = 100, 20, 100

// checkShown checks what is shown on demand only.
func (c *checker) checkShown() {
	c.own.IncidentInfo = c.number("--collector.incident-info", c.given.incidentInfo, 0, maxInfo)
	if c.given.tags == "" {
		return
	}
	c.own.Tags = strings.Split(c.given.tags, ",")
	seen := map[string]bool{}
	for i, tag := range c.own.Tags {
		tag = strings.TrimSpace(tag)
		c.own.Tags[i] = tag
		lower := strings.ToLower(tag)
		if tag == "" || len(tag) > maxTag || !utf8.ValidString(tag) || seen[lower] {
			c.wrong("--collector.tags", c.given.tags, "want different tags of 1 to %d characters, with commas between", maxTag)
			return
		}
		seen[lower] = true
	}
	if len(c.own.Tags) > maxTags {
		c.wrong("--collector.tags", c.given.tags, "want at most %d tags", maxTags)
	}
}
