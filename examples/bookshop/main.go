// Command bookshop is the application of the examples. One binary is all three
// services: front shows the page and asks the other two, catalog knows the
// books, and reviews knows what readers say, in version v2 with stars.
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"net/http"
	"os"
	"os/signal"
	"syscall"
	"time"
)

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	if err := run(ctx, os.Args[1:]); err != nil {
		fmt.Fprintln(os.Stderr, "bookshop:", err)
		os.Exit(1)
	}
}

func run(ctx context.Context, args []string) error {
	flags := flag.NewFlagSet("bookshop", flag.ContinueOnError)
	serve := flags.String("serve", "front", "which service this is: front, catalog or reviews")
	listen := flags.String("listen", ":8080", "address to listen on")
	version := flags.String("version", "v1", "version of reviews: v1, or v2 with stars")
	var f front
	flags.StringVar(&f.catalog, "catalog", "http://catalog", "where front finds catalog")
	flags.StringVar(&f.reviews, "reviews", "http://reviews", "where front finds reviews")
	if err := flags.Parse(args); err != nil {
		return err
	}
	f.client = &http.Client{Timeout: 5 * time.Second}
	handler, err := service(*serve, *version, f)
	if err != nil {
		return err
	}
	server := &http.Server{Addr: *listen, Handler: handler, ReadHeaderTimeout: 5 * time.Second}
	// Requests that are under way when Kubernetes stops the pod are answered.
	stopped := make(chan error, 1)
	go func() {
		<-ctx.Done()
		limit, cancel := context.WithTimeout(context.Background(), 10*time.Second)
		defer cancel()
		stopped <- server.Shutdown(limit)
	}()
	if err := server.ListenAndServe(); !errors.Is(err, http.ErrServerClosed) {
		return err
	}
	return <-stopped
}

// service is the handler of one of the three services.
func service(name, version string, f front) (http.Handler, error) {
	mux := http.NewServeMux()
	mux.HandleFunc("GET /healthz", func(w http.ResponseWriter, _ *http.Request) { fmt.Fprintln(w, "ok") })
	switch name {
	case "front":
		mux.HandleFunc("GET /{$}", f.page)
	case "catalog":
		mux.HandleFunc("GET /books", func(w http.ResponseWriter, _ *http.Request) { writeJSON(w, books) })
	case "reviews":
		if version != "v1" && version != "v2" {
			return nil, fmt.Errorf("no version %q of reviews; v1 or v2", version)
		}
		mux.HandleFunc("GET /reviews", func(w http.ResponseWriter, _ *http.Request) { writeJSON(w, reviews(version)) })
	default:
		return nil, fmt.Errorf("no service %q; front, catalog or reviews", name)
	}
	return mux, nil
}
