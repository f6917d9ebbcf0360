package trace

import (
	"errors"
	"fmt"
	"maps"
	"net/url"
	"slices"
	"strconv"
	"strings"

	"github.com/kymamesh/kymamesh/pkg/topology"
)

// Outside is the caller that comes from outside of the cluster.
const Outside = "outside"

// Call is one call.
type Call struct {
	// From is Outside, or NAMESPACE/NAME of a workload, or of a Service whose pods
	// call; "" is Outside.
	From string
	// Gateway is NAMESPACE/NAME of the Gateway at which a call from outside arrives;
	// "" is the one that serves the host.
	Gateway string
	// Scheme is http, https, tls or tcp. "" is what the port is said to carry:
	// HTTP, or bytes that nobody reads.
	Scheme string
	Host   string
	// Port is 0 for the scheme's own.
	Port int
	// Method, Path, Query and Headers are those of HTTP. Header names are in lower
	// case; Method is GET when it is "".
	Method, Path string
	Query        url.Values
	Headers      map[string]string
}

// schemes are what Parse reads, with their own ports; 0 has to be written.
var schemes = map[string]int{"http": 80, "https": 443, "tls": 443, "tcp": 0}

// Schemes are the schemes of a target, in order.
func Schemes() []string { return slices.Sorted(maps.Keys(schemes)) }

// Parse reads a target: a URL, or HOST:PORT with a path or without one.
func Parse(target string) (Call, error) {
	if !strings.Contains(target, "://") {
		host, rest, path := strings.Cut(target, "/")
		if !strings.Contains(host, ":") {
			return Call{}, fmt.Errorf("%q is neither a URL nor HOST:PORT", target)
		}
		if target = "tcp://" + host; path {
			target = "http://" + host + "/" + rest
		}
		c, err := Parse(target)
		if !path {
			c.Scheme = ""
		}
		return c, err
	}
	u, err := url.Parse(target)
	if err != nil {
		var fault *url.Error
		if errors.As(err, &fault) {
			err = fault.Err
		}
		return Call{}, fmt.Errorf("%q: %w", target, err)
	}
	own, known := schemes[u.Scheme]
	port := own
	if u.Port() != "" {
		port, err = strconv.Atoi(u.Port())
	}
	switch {
	case !known:
		return Call{}, fmt.Errorf("%q: no scheme %q; %s", target, u.Scheme, strings.Join(Schemes(), ", "))
	case u.Hostname() == "":
		return Call{}, fmt.Errorf("%q names no host", target)
	case err != nil || port < 1 || port > 65535:
		return Call{}, fmt.Errorf("%q has no port from 1 to 65535", target)
	case u.Scheme[0] == 't' && u.Path+u.RawQuery != "":
		return Call{}, fmt.Errorf("%q: %s has no path", target, u.Scheme)
	}
	c := Call{Scheme: u.Scheme, Host: strings.ToLower(strings.TrimSuffix(u.Hostname(), ".")), Port: port, Path: u.Path, Query: u.Query()}
	return c, nil
}

func (c Call) outside() bool { return c.From == "" || c.From == Outside }

func (c Call) port() int {
	if c.Port != 0 {
		return c.Port
	}
	return schemes[c.Scheme]
}

// http tells whether the call is a request that somebody may read.
func (c Call) http() bool { return c.Scheme == "http" || c.Scheme == "https" }

// opensTLS tells whether the caller speaks TLS itself.
func (c Call) opensTLS() bool { return c.Scheme == "https" || c.Scheme == "tls" }

// authority is the host as the caller writes it into the request: with the port
// unless it is the scheme's own.
func (c Call) authority() string {
	if p := c.port(); p != schemes[c.Scheme] && p != 0 {
		return c.Host + ":" + strconv.Itoa(p)
	}
	return c.Host
}

// request is the call as policies and routes see it.
func (c Call) request() *topology.Request {
	r := &topology.Request{Method: c.Method, Authority: c.authority(), Path: c.Path, Headers: c.Headers, Token: topology.No}
	if r.Method == "" {
		r.Method = "GET"
	}
	if r.Path == "" {
		r.Path = "/"
	}
	if _, ok := c.Headers["authorization"]; ok {
		r.Token = topology.NotKnown
	}
	return r
}

// String is the call as a person asks for it.
func (c Call) String() string {
	from := c.From
	if from == "" {
		from = Outside
	}
	if c.Scheme == "" || !c.http() {
		prefix := ""
		if c.Scheme != "" {
			prefix = c.Scheme + "://"
		}
		return fmt.Sprintf("%s%s:%d from %s", prefix, c.Host, c.port(), from)
	}
	r := c.request()
	query := ""
	if len(c.Query) > 0 {
		query = "?" + c.Query.Encode()
	}
	return fmt.Sprintf("%s %s://%s%s%s from %s", r.Method, c.Scheme, r.Authority, r.Path, query, from)
}
