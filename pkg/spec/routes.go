package spec

import (
	"google.golang.org/protobuf/types/known/durationpb"
	networking "istio.io/api/networking/v1alpha3"
)

// Route is where some of a service's requests go, and how. What it does not say
// holds as the service says it. An empty value ({}, [] or 0s) switches a word of
// the service off.
type Route struct {
	// Name is the route's name in Istio's logs and statistics. Default: none.
	Name string `yaml:"name"`
	// When are the conditions; one of them has to hold. Required in routes.
	When []Condition `yaml:"when" mesh:"one"`
	// To sends all requests to one version; it excludes Split.
	To string `yaml:"to"`
	// Split sends requests to versions by weight; the weights make 100.
	Split map[string]Percent `yaml:"split"`
	// Redirect answers with a redirect. A route that redirects or answers takes
	// over nothing from the service.
	Redirect *networking.HTTPRedirect `yaml:"redirect"`
	// DirectResponse answers without asking the service.
	DirectResponse *networking.HTTPDirectResponse `yaml:"directResponse"`
	// Delegate hands requests to the routes of a VirtualService without hosts that
	// somebody else writes. Default of its namespace: the service's. What stands
	// beside it holds where those routes say nothing.
	Delegate *networking.Delegate `yaml:"delegate"`
	// Port is the destination's port. Default: the service's.
	Port int `yaml:"port"`
	// Rewrite changes the path or the host before the request is sent on.
	Rewrite *networking.HTTPRewrite `yaml:"rewrite"`
	// Timeout is how long an answer may take, retries included. Default: for ever.
	Timeout *durationpb.Duration `yaml:"timeout"`
	// Retries are made when a request fails. Default: Istio's, two.
	Retries *Retries `yaml:"retries"`
	// Fault makes requests fail or wait, for tests.
	Fault *Fault `yaml:"fault"`
	// Mirror sends copies of requests to further versions, whose answers nobody
	// sees.
	Mirror []Mirror `yaml:"mirror" mesh:"one"`
	// Headers adds, sets and removes headers.
	Headers *networking.Headers `yaml:"headers"`
	// CORSPolicy answers browsers that ask whether a page of another origin may
	// call.
	CORSPolicy *networking.CorsPolicy `yaml:"corsPolicy" mesh:"one=allowOrigins"`
}

// Condition is what a request has to be; all words of it have to hold. A list
// inside a word means any of its items.
type Condition struct {
	// URI is matched against the path, without the query.
	URI []*networking.StringMatch `yaml:"uri" mesh:"one"`
	// Method is HTTP's, in upper case.
	Method []*networking.StringMatch `yaml:"method" mesh:"one"`
	// Headers are matched by name, in any case; {} means that the header is there.
	Headers map[string]StringMatches `yaml:"headers" mesh:"one"`
	// WithoutHeaders must not match; {} means that the header is not there.
	// One match for each name.
	WithoutHeaders map[string]StringMatches `yaml:"withoutHeaders" mesh:"one"`
	// QueryParams are matched by name; {} means that the parameter is there.
	QueryParams map[string]StringMatches `yaml:"queryParams" mesh:"one"`
	// Cookies holds one cookie by name, since Istio matches the header once; {}
	// means that the cookie is there.
	Cookies map[string]*networking.StringMatch `yaml:"cookies"`
	// Claims are matched in the token that a gateway has checked, by name. At
	// gateways only.
	Claims map[string]StringMatches `yaml:"claims" mesh:"one"`
	// Authority is the host that was called, with its port if the caller says it.
	Authority []*networking.StringMatch `yaml:"authority" mesh:"one"`
	// Scheme is http or https.
	Scheme []*networking.StringMatch `yaml:"scheme" mesh:"one"`
	// IgnoreURICase holds for exact texts and prefixes of URI.
	IgnoreURICase bool `yaml:"ignoreUriCase"`
	// Port is the port that was called: in routes of the Service, in expose of
	// the gateway.
	Port []int `yaml:"port" mesh:"one"`
	// SourceLabels and SourceNamespace are the calling workload's. In the mesh
	// only, a gateway does not know who called.
	SourceLabels    map[string]string `yaml:"sourceLabels"`
	SourceNamespace string            `yaml:"sourceNamespace"`
	// DestinationSubnets are addresses that were called, as 10.0.0.0/8 or alone.
	// For protocol TCP, and in the mesh only.
	DestinationSubnets []string `yaml:"destinationSubnets"`
}

// StringMatches are matches of which one has to hold.
type StringMatches []*networking.StringMatch

// Retries is how often and when a request is made again.
type Retries struct {
	// Attempts is required; 0 is none.
	Attempts *int `yaml:"attempts"`
	// PerTryTimeout is how long one attempt may take. Default: the route's timeout.
	PerTryTimeout *durationpb.Duration `yaml:"perTryTimeout"`
	// RetryOn are Envoy's conditions or status codes. Default: Istio's.
	RetryOn []string `yaml:"retryOn" mesh:"one"`
	// Backoff is the least pause between attempts. Default: Istio's, 25ms.
	Backoff *durationpb.Duration `yaml:"backoff"`
	// RetryRemoteLocalities lets the next attempt go to another region or zone.
	// Default: Istio's, which is no.
	RetryRemoteLocalities *bool `yaml:"retryRemoteLocalities"`
	// RetryIgnorePreviousHosts sends the next attempt to another pod. Default:
	// Istio's, which is yes.
	RetryIgnorePreviousHosts *bool `yaml:"retryIgnorePreviousHosts"`
}

// Fault makes requests wait, fail, or both.
type Fault struct {
	// Delay lets requests wait.
	Delay *Delay `yaml:"delay"`
	// Abort answers in place of the service.
	Abort *Abort `yaml:"abort"`
}

// Delay lets requests wait.
type Delay struct {
	// FixedDelay is required.
	FixedDelay *durationpb.Duration `yaml:"fixedDelay"`
	// Percentage is how many requests wait. Default: 100, where Istio's is none.
	Percentage *Percent `yaml:"percentage"`
}

// Abort lets requests fail, with one of the two statuses.
type Abort struct {
	// HTTPStatus is 200 to 599.
	HTTPStatus int `yaml:"httpStatus"`
	// GRPCStatus is a name such as UNAVAILABLE.
	GRPCStatus string `yaml:"grpcStatus"`
	// Percentage is how many requests fail. Default: 100, where Istio's is none.
	Percentage *Percent `yaml:"percentage"`
}

// Mirror sends copies of requests to a version.
type Mirror struct {
	// To is required.
	To string `yaml:"to"`
	// Percentage is how many requests are copied. Default: 100.
	Percentage *Percent `yaml:"percentage"`
}
