package mesh

import (
	"slices"
	"strings"

	networking "istio.io/api/networking/v1alpha3"

	"github.com/kymamesh/kymamesh/internal/pattern"
	"github.com/kymamesh/kymamesh/pkg/diag"
	"github.com/kymamesh/kymamesh/pkg/spec"
)

func (r *resolver) redirect(at diag.Path, w *networking.HTTPRedirect) {
	if w == nil {
		return
	}
	switch {
	case w.Uri == "" && w.PrefixRewrite == "" && w.Authority == "" && w.RedirectPort == nil && w.Scheme == "":
		r.ds.Errorf(diag.CodeEmpty, at, "empty; write uri, authority, scheme or port")
	case w.Uri != "" && w.PrefixRewrite != "":
		r.ds.Errorf(diag.CodeExclusive, at.Key("prefixRewrite"), "uri and prefixRewrite exclude each other")
	}
	r.authority(at.Key("authority"), w.Authority)
	r.pathTo(at.Key("uri"), w.Uri)
	r.pathTo(at.Key("prefixRewrite"), w.PrefixRewrite)
	if w.RedirectCode != 0 && (w.RedirectCode < 300 || w.RedirectCode > 399) {
		r.ds.Errorf(diag.CodeValue, at.Key("redirectCode"), "%d is no redirect; 301, 302, 303, 307 or 308", w.RedirectCode)
	}
	if w.Scheme != "" && w.Scheme != "http" && w.Scheme != "https" {
		r.ds.Errorf(diag.CodeValue, at.Key("scheme"), "no scheme %q; http or https", w.Scheme)
	}
	if port, ok := w.RedirectPort.(*networking.HTTPRedirect_Port); ok {
		r.port(at.Key("port"), int(port.Port))
	}
}

// printable is text that a request line can hold.
var printable = pattern.New("^[!-~]*$")

func (r *resolver) authority(at diag.Path, host string) {
	if !printable.MatchString(host) || strings.Contains(host, "/") {
		r.ds.Errorf(diag.CodeName, at, "%q is no host; write it as shop.example.com, with :port if need be", host)
	}
}

// pathTo checks a path that requests are led to.
func (r *resolver) pathTo(at diag.Path, path string) {
	if path != "" && path[0] != '/' || !printable.MatchString(path) {
		r.ds.Errorf(diag.CodeValue, at, "%q is no path; it begins with / and has no spaces", path)
	}
}

// prefixRedirect refuses to replace a prefix where none is matched.
func (r *resolver) prefixRedirect(at diag.Path, w spec.Route, matches []*match) {
	if w.Redirect.GetPrefixRewrite() == "" {
		return
	}
	for _, m := range matches {
		if m.Uri != nil && m.Uri.GetPrefix() == "" {
			r.ds.Errorf(diag.CodeExclusive, at, "redirect.prefixRewrite replaces a prefix; write uri: {prefix: } in when")
			return
		}
	}
}

// noLoop refuses a redirect that meets the same route again.
func (r *resolver) noLoop(at diag.Path, w spec.Route, matches []*match, hosts ...string) {
	to := w.Redirect
	if to == nil || to.Scheme != "" || to.RedirectPort != nil || to.PrefixRewrite != "" ||
		to.Authority != "" && !slices.Contains(hosts, to.Authority) {
		return
	}
	back := len(matches) == 0 || slices.ContainsFunc(matches, func(m *match) bool {
		return m.Authority == nil && uriCovers(m, &match{Uri: &stringMatch{MatchType: &networking.StringMatch_Exact{Exact: to.Uri}}})
	})
	if back {
		r.ds.Errorf(diag.CodeValue, at, "redirect leads back to the same host and uri")
	}
}

func (r *resolver) directResponse(at diag.Path, w *networking.HTTPDirectResponse) {
	if w == nil {
		return
	}
	r.status(at.Key("status"), int(w.Status))
	const most = 100 << 10
	if size := len(w.GetBody().GetString_()); size > most {
		r.ds.Errorf(diag.CodeValue, at.Key("body"), "the body has %d bytes, at most %d; each proxy holds it", size, most)
	}
	if w.Body != nil && w.Body.Specifier == nil {
		r.ds.Errorf(diag.CodeEmpty, at.Key("body"), "empty; write string, or leave body out")
	}
}

// rewrite checks what the service sees in place of the path or host.
func (r *resolver) rewrite(at diag.Path, w spec.Route) {
	if filled(w.Rewrite) == nil {
		return
	}
	r.authority(at.Key("authority"), w.Rewrite.Authority)
	r.pathTo(at.Key("uri"), w.Rewrite.Uri)
	if w.Rewrite.Uri != "" && w.Rewrite.UriRegexRewrite != nil {
		r.ds.Errorf(diag.CodeExclusive, at.Key("uriRegexRewrite"), "uri and uriRegexRewrite exclude each other")
	}
	if re := w.Rewrite.UriRegexRewrite; re != nil {
		at := at.Key("uriRegexRewrite")
		if re.Match == "" || re.Rewrite == "" {
			r.ds.Errorf(diag.CodeMissing, at, "write match and rewrite")
		}
		r.regex(at.Key("match"), re.Match)
	}
	if w.Rewrite.Uri != "/" {
		return
	}
	for _, c := range w.When {
		for _, s := range c.URI {
			if prefix := s.GetPrefix(); prefix != "" && !strings.HasSuffix(prefix, "/") {
				r.ds.Warnf(diag.CodeUnused, at, "%s/x would become //x; use path: %[1]s in expose or prefix: %[1]s/", prefix)
			}
		}
	}
}

// headerChanges checks what is added, set and removed.
func (r *resolver) headerChanges(at place, w spec.Route) {
	headers := at("headers")
	for _, side := range []struct {
		word    string
		changes *networking.Headers_HeaderOperations
		request bool
	}{{"request", w.Headers.GetRequest(), true}, {"response", w.Headers.GetResponse(), false}} {
		at := headers.Key(side.word)
		for _, op := range []struct {
			word string
			all  map[string]string
		}{{"set", side.changes.GetSet()}, {"add", side.changes.GetAdd()}} {
			for _, name := range sortedKeys(op.all) {
				if !isHostHeader(name) || !side.request {
					r.changedHeader(at.Key(op.word).Key(name), name)
				}
				r.headerValue(at.Key(op.word).Key(name), op.all[name])
			}
		}
		for i, name := range side.changes.GetRemove() {
			r.changedHeader(at.Key("remove").Index(i), name)
		}
	}
}

// oneHost refuses completed words that set the host twice.
func (r *resolver) oneHost(at diag.Path, w spec.Route) {
	hosts := 0
	if w.Rewrite.GetAuthority() != "" {
		hosts++
	}
	for _, all := range []map[string]string{w.Headers.GetRequest().GetSet(), w.Headers.GetRequest().GetAdd()} {
		for name := range all {
			if isHostHeader(name) {
				hosts++
			}
		}
	}
	if hosts > 1 {
		r.ds.Errorf(diag.CodeDuplicate, at, "the host is set more than once; keep one of rewrite.authority and the host header")
	}
}

func isHostHeader(name string) bool {
	return strings.EqualFold(name, "host") || strings.EqualFold(name, ":authority")
}

func (r *resolver) changedHeader(at diag.Path, name string) {
	if isHostHeader(name) || !headerName.MatchString(name) {
		r.ds.Errorf(diag.CodeName, at, "%q is no header that can be changed here", name)
	}
}

// Envoy takes %NAME% for a variable of its own.
var (
	headerText     = pattern.New("^[\t\u0020-\u007e\u0080-\U0010ffff]*$")
	headerVariable = pattern.New(`^([^%]|%%|%[A-Z_0-9.]+(\([^()%]*\))?(:[0-9]+)?%)*$`)
)

func (r *resolver) headerValue(at diag.Path, value string) {
	switch {
	case !headerText.MatchString(value):
		r.ds.Errorf(diag.CodeValue, at, "%q is no header value; no control characters", value)
	case !headerVariable.MatchString(value):
		r.ds.Errorf(diag.CodeValue, at, "%q: Envoy reads %%NAME%% as a variable; write %%%% for a percent sign", value)
	}
}

var corsMethods = choice{
	values:  []string{"GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "CONNECT", "OPTIONS", "TRACE", "*"},
	unknown: "no method %s; GET, HEAD, POST, PUT, PATCH, DELETE, CONNECT, OPTIONS, TRACE or *",
}

func (r *resolver) corsPolicy(at diag.Path, w *networking.CorsPolicy) {
	if w == nil {
		return
	}
	for i, origin := range w.AllowOrigins {
		r.text(at.Key("allowOrigins").Index(i), origin)
	}
	for i, method := range w.AllowMethods {
		r.oneOf(at.Key("allowMethods").Index(i), method, corsMethods)
	}
	for _, list := range []struct {
		word  string
		names []string
	}{{"allowHeaders", w.AllowHeaders}, {"exposeHeaders", w.ExposeHeaders}} {
		for i, name := range list.names {
			if !headerName.MatchString(name) {
				r.ds.Errorf(diag.CodeName, at.Key(list.word).Index(i), "%q is no header name", name)
			}
		}
	}
	if age := w.MaxAge; age != nil && (age.Seconds < 1 || age.Nanos != 0) {
		r.ds.Errorf(diag.CodeValue, at.Key("maxAge"), "want whole seconds, at least 1s")
	}
}
