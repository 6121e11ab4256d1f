package server

import (
	"fmt"
	"net/http"
	"strconv"

	"github.com/prometheus/exporter-toolkit/web"

	"msgraph_security_exporter/internal/buildinfo"
	"msgraph_security_exporter/internal/config"
)

// demoNotice is on the landing page of a demo, so that nobody takes the demo for a tenant.
const demoNotice = `<p><strong>This is a demo.</strong> All incidents are invented, by a simulator in this process.
Nothing here is about a real tenant.</p>`

// landingPage returns the handler of the page at /.
func landingPage(cfg *config.Config) (http.Handler, error) {
	c := web.LandingConfig{
		Name:        "Microsoft Graph Security Exporter",
		Description: "Open security incidents of Microsoft Defender XDR, for Prometheus",
		Version:     buildinfo.Version(),
		Profiling:   strconv.FormatBool(cfg.Pprof),
		Links: []web.LandingLinks{
			{Address: "/metrics", Text: "Metrics"},
			{Address: "/-/healthy", Text: "Healthy", Description: "the process answers"},
			{Address: "/-/ready", Text: "Ready", Description: "pulls are answered"},
		},
	}
	if cfg.Plan.Many() {
		c.Links[0].Description = "of the exporter itself"
		c.Links = append(c.Links, web.LandingLinks{Address: "/sd", Text: "Targets", Description: "the tenants, for http_sd_configs"})
		c.Form = web.LandingForm{
			Action: "/probe",
			Inputs: []web.LandingFormInput{{Label: "Tenant", Type: "text", Name: "target", Placeholder: cfg.Plan.Tenants[0].Name}},
		}
	}
	if cfg.Demo {
		c.Name += " (DEMO)"
		c.ExtraHTML = demoNotice
	}
	page, err := web.NewLandingPage(c)
	if err != nil {
		return nil, fmt.Errorf("making the landing page: %w", err)
	}
	return page, nil
}

// textHandler returns a handler that answers with a line of text.
func textHandler(text string) http.HandlerFunc {
	return func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", "text/plain; charset=utf-8")
		_, _ = w.Write([]byte(text + "\n"))
	}
}
