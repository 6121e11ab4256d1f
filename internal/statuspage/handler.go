package statuspage

import (
	"bytes"
	"embed"
	"html/template"
	"net/http"
	"time"
)

//go:embed page.html page.css page.js
var files embed.FS

// A handler answers with the status page.
type handler struct {
	page
	template *template.Template
}

// New returns the handler of /, /tenants/ and /status/.
func New(fleet Fleet, options Options) (http.Handler, error) {
	t, err := template.ParseFS(files, "page.html")
	if err != nil {
		return nil, err
	}
	h := &handler{page{fleet, options}, t}
	mux := http.NewServeMux()
	mux.HandleFunc("GET /{$}", h.serveRoot)
	mux.HandleFunc("GET /tenants/{name}", h.serveTenant)
	mux.Handle("GET /status/page.css", file("page.css", "text/css; charset=utf-8"))
	mux.Handle("GET /status/page.js", file("page.js", "text/javascript; charset=utf-8"))
	return mux, nil
}

// file answers with one of the files.
func file(name, kind string) http.HandlerFunc {
	return func(w http.ResponseWriter, _ *http.Request) {
		content, _ := files.ReadFile(name)
		setHeader(w.Header(), kind)
		_, _ = w.Write(content)
	}
}

// policy allows what the page is made of, its own style and its own script, and nothing else.
const policy = "default-src 'none'; style-src 'self'; script-src 'self'; connect-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'"

func setHeader(h http.Header, kind string) {
	h.Set("Content-Type", kind)
	h.Set("Content-Security-Policy", policy)
	h.Set("X-Content-Type-Options", "nosniff")
	h.Set("Referrer-Policy", "no-referrer")
	h.Set("Cache-Control", "no-store")
}

// serveRoot shows the tenant of the flags, or all tenants of the file.
func (h *handler) serveRoot(w http.ResponseWriter, r *http.Request) {
	if names := h.fleet.Names(); len(names) != 1 || names[0] != "" {
		h.refresh(names)
		h.show(w, h.overview(r, names, time.Now()))
		return
	}
	h.serveOne(w, r, "")
}

// serveTenant shows a tenant of the file.
func (h *handler) serveTenant(w http.ResponseWriter, r *http.Request) {
	if name := r.PathValue("name"); name != "" {
		h.serveOne(w, r, name)
	}
}

func (h *handler) serveOne(w http.ResponseWriter, r *http.Request, name string) {
	t, release, ok := h.fleet.Acquire(name)
	if !ok {
		http.NotFound(w, r)
		return
	}
	defer release()
	_, _ = t.Metrics.Gather() // an error is seen at /metrics; the last answer stays
	h.refresh([]string{name})
	h.show(w, h.one(r, name, t.History.now(), time.Now()))
}

// refresh asks for those tenants that no page has asked for lately.
func (h *handler) refresh(names []string) {
	var due []string
	for _, name := range names {
		t, release, ok := h.fleet.Acquire(name)
		if ok && t.History.due(time.Now()) {
			due = append(due, name)
		}
		release()
	}
	if len(due) > 0 {
		h.fleet.Refresh(due)
	}
}

// show writes a page, or nothing of it if something is wrong with it.
func (h *handler) show(w http.ResponseWriter, v *view) {
	var text bytes.Buffer
	if err := h.template.Execute(&text, v); err != nil {
		http.Error(w, "the page cannot be made", http.StatusInternalServerError)
		return
	}
	setHeader(w.Header(), "text/html; charset=utf-8")
	_, _ = text.WriteTo(w)
}
