package main

import (
	"encoding/json"
	"fmt"
	"html/template"
	"net/http"
	"strings"
)

// Book is what catalog knows.
type Book struct {
	ID    string `json:"id"`
	Title string `json:"title"`
}

var books = []Book{{"1", "The Winter Garden"}, {"2", "A Map of Small Rivers"}}

// Review is what a reader says about a book. Stars are in version v2 only.
type Review struct {
	Book  string `json:"book"`
	Text  string `json:"text"`
	Stars int    `json:"stars,omitempty"`
}

// Reviews says which version has answered, so that a canary can be watched.
type Reviews struct {
	Version string   `json:"version"`
	Reviews []Review `json:"reviews"`
}

func reviews(version string) Reviews {
	all := Reviews{version, []Review{{Book: "1", Text: "I read it twice."}, {Book: "2", Text: "Too many rivers."}}}
	if version == "v2" {
		all.Reviews[0].Stars, all.Reviews[1].Stars = 5, 2
	}
	return all
}

// Page is what front shows. Unavailable says why there are no reviews: a shop
// without them still sells books.
type Page struct {
	Books       []Book  `json:"books"`
	Reviews     Reviews `json:"reviews"`
	Unavailable string  `json:"unavailable,omitempty"`
}

// front asks the other two services and puts their answers together.
type front struct {
	client           *http.Client
	catalog, reviews string // base URLs
}

func (f front) page(w http.ResponseWriter, r *http.Request) {
	var p Page
	if err := f.get(r, f.catalog+"/books", &p.Books); err != nil {
		http.Error(w, err.Error(), http.StatusBadGateway)
		return
	}
	if err := f.get(r, f.reviews+"/reviews", &p.Reviews); err != nil {
		p.Unavailable = err.Error()
	}
	if !strings.Contains(r.Header.Get("Accept"), "text/html") {
		writeJSON(w, p)
		return
	}
	w.Header().Set("Content-Type", "text/html; charset=utf-8")
	// The status is sent by now; an error here is a reader who went away.
	_ = html.Execute(w, p)
}

// forwarded are the headers that front hands on. Without the first ones every
// call would be a trace of its own: a sidecar sees requests, not which of them
// belong together. end-user is what routes for single users match.
var forwarded = []string{
	"X-Request-Id", "Traceparent", "Tracestate", "B3",
	"X-B3-Traceid", "X-B3-Spanid", "X-B3-Parentspanid", "X-B3-Sampled", "X-B3-Flags",
	"End-User",
}

// get asks a service on behalf of the request r.
func (f front) get(r *http.Request, url string, into any) error {
	request, err := http.NewRequestWithContext(r.Context(), http.MethodGet, url, nil)
	if err != nil {
		return err
	}
	for _, name := range forwarded {
		if values := r.Header.Values(name); len(values) > 0 {
			request.Header[name] = values
		}
	}
	response, err := f.client.Do(request)
	if err != nil {
		return err
	}
	defer response.Body.Close()
	if response.StatusCode != http.StatusOK {
		return fmt.Errorf("%s: %s", url, response.Status)
	}
	return json.NewDecoder(response.Body).Decode(into)
}

func writeJSON(w http.ResponseWriter, v any) {
	w.Header().Set("Content-Type", "application/json")
	// As with the page: an error here is a client who went away.
	_ = json.NewEncoder(w).Encode(v)
}

var html = template.Must(template.New("page").Parse(`<!DOCTYPE html>
<title>Bookshop</title>
<h1>Bookshop</h1>
<ul>{{range .Books}}<li>{{.Title}}</li>{{end}}</ul>
<h2>Reviews {{.Reviews.Version}}</h2>
{{with .Unavailable}}<p>No reviews now: {{.}}</p>{{end}}
<ul>{{range .Reviews.Reviews}}<li>{{.Text}}{{with .Stars}} {{.}} of 5 stars{{end}}</li>{{end}}</ul>
`))
