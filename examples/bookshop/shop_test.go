package main

import (
	"encoding/json"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// start serves one service and remembers the headers of its last request.
func start(t *testing.T, name, version string, f front) (url string, last *http.Header) {
	t.Helper()
	handler, err := service(name, version, f)
	if err != nil {
		t.Fatal(err)
	}
	last = new(http.Header)
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		*last = r.Header.Clone()
		handler.ServeHTTP(w, r)
	}))
	t.Cleanup(server.Close)
	return server.URL, last
}

func get(t *testing.T, url string, headers map[string]string) (int, string) {
	t.Helper()
	request, err := http.NewRequest(http.MethodGet, url, nil)
	if err != nil {
		t.Fatal(err)
	}
	for name, value := range headers {
		request.Header.Set(name, value)
	}
	response, err := http.DefaultClient.Do(request)
	if err != nil {
		t.Fatal(err)
	}
	defer response.Body.Close()
	body, err := io.ReadAll(response.Body)
	if err != nil {
		t.Fatal(err)
	}
	return response.StatusCode, string(body)
}

func TestFrontPutsAnswersTogether(t *testing.T) {
	for _, test := range []struct {
		version string
		stars   []int
	}{{"v1", []int{0, 0}}, {"v2", []int{5, 2}}} {
		t.Run(test.version, func(t *testing.T) {
			f := front{client: http.DefaultClient}
			f.catalog, _ = start(t, "catalog", "v1", front{})
			f.reviews, _ = start(t, "reviews", test.version, front{})
			url, _ := start(t, "front", "v1", f)
			code, body := get(t, url, nil)
			if code != http.StatusOK {
				t.Fatalf("%d: %s", code, body)
			}
			var got Page
			if err := json.Unmarshal([]byte(body), &got); err != nil {
				t.Fatal(err)
			}
			want := Page{Books: books, Reviews: reviews(test.version)}
			if diff := cmp.Diff(want, got); diff != "" {
				t.Error(diff)
			}
			for i, review := range got.Reviews.Reviews {
				if review.Stars != test.stars[i] {
					t.Errorf("review %d has %d stars, not %d", i, review.Stars, test.stars[i])
				}
			}
			_, page := get(t, url, map[string]string{"Accept": "text/html"})
			if !strings.Contains(page, "<h2>Reviews "+test.version) || strings.Contains(page, "5 of 5 stars") != (test.version == "v2") {
				t.Errorf("not the page of %s:\n%s", test.version, page)
			}
		})
	}
}

func TestFrontForwardsHeaders(t *testing.T) {
	f := front{client: http.DefaultClient}
	var toCatalog, toReviews *http.Header
	f.catalog, toCatalog = start(t, "catalog", "v1", front{})
	f.reviews, toReviews = start(t, "reviews", "v1", front{})
	url, _ := start(t, "front", "v1", f)
	sent := map[string]string{"end-user": "jason", "traceparent": "00-1-2-01", "x-b3-traceid": "7", "authorization": "secret"}
	get(t, url, sent)
	for name, got := range map[string]*http.Header{"catalog": toCatalog, "reviews": toReviews} {
		for _, header := range []string{"end-user", "traceparent", "x-b3-traceid"} {
			if got.Get(header) != sent[header] {
				t.Errorf("%s got %s: %q", name, header, got.Get(header))
			}
		}
		if got.Get("authorization") != "" {
			t.Errorf("%s got the caller's credentials", name)
		}
	}
}

func TestFrontWithoutAService(t *testing.T) {
	f := front{client: http.DefaultClient, reviews: "http://127.0.0.1:1", catalog: "http://127.0.0.1:1"}
	url, _ := start(t, "front", "v1", f)
	if code, _ := get(t, url, nil); code != http.StatusBadGateway {
		t.Errorf("without catalog: %d", code)
	}
	f.catalog, _ = start(t, "catalog", "v1", front{})
	url, _ = start(t, "front", "v1", f)
	code, body := get(t, url, nil)
	if code != http.StatusOK || !strings.Contains(body, "unavailable") {
		t.Errorf("without reviews: %d %s", code, body)
	}
}

func TestEveryServiceIsHealthy(t *testing.T) {
	for _, name := range []string{"front", "catalog", "reviews"} {
		url, _ := start(t, name, "v1", front{client: http.DefaultClient})
		if code, body := get(t, url+"/healthz", nil); code != http.StatusOK || body != "ok\n" {
			t.Errorf("%s: %d %s", name, code, body)
		}
	}
}

func TestFlags(t *testing.T) {
	for _, test := range []struct{ args, want string }{
		{"--serve=shop", `no service "shop"; front, catalog or reviews`},
		{"--serve=reviews --version=v3", `no version "v3" of reviews; v1 or v2`},
	} {
		err := run(t.Context(), strings.Fields(test.args))
		if err == nil || err.Error() != test.want {
			t.Errorf("%s: %v, not %s", test.args, err, test.want)
		}
	}
}
