package spec

import security "istio.io/api/security/v1beta1"

// Security is who may talk to whom, at the place where it stands: the mesh, a
// namespace, or a service.
type Security struct {
	// MTLS is how workloads know each other.
	MTLS   MTLS `yaml:"mtls"`
	Access `yaml:",inline"`
}

// GatewaySecurity is who may call through a gateway.
type GatewaySecurity struct {
	Access `yaml:",inline"`
}

// Elsewhere are words that people look for here, with the place they belong to.
func (GatewaySecurity) Elsewhere() map[string]string {
	return map[string]string{"mtls": "no such word at a gateway; a gateway's TLS is gateways[].tls"}
}

// Access is who may call. What the mesh, a namespace and a service say adds up,
// as it does in Istio: a narrower place can add a rule and never take one away.
type Access struct {
	// JWT is about the tokens of end users.
	JWT *JWT `yaml:"jwt"`
	// Allow are the requests that are let in; any list, also an empty one, refuses
	// all others. A list whose rules are all dry runs refuses nobody.
	Allow []Rule `yaml:"allow"`
	// Deny are requests that are refused whatever is allowed.
	Deny []Rule `yaml:"deny"`
	// ExtAuth are requests that an authorizer is asked about first. What it lets
	// pass still has to pass the other two.
	ExtAuth []ExtAuthRule `yaml:"extAuth"`
}

// JWT says whose tokens are checked and where one is demanded.
type JWT struct {
	// Issuers are Istio's. Those of wider places hold as well.
	// https://istio.io/latest/docs/reference/config/security/jwt/#JWTRule
	Issuers []*security.JWTRule `yaml:"issuers"`
	// Required refuses requests without a token of any of the issuers. Default:
	// true at a service and a gateway; for the mesh and a namespace it has to be
	// written.
	Required *bool `yaml:"required"`
	// Paths are where a token is required. Default: everywhere.
	Paths []string `yaml:"paths"`
	// NotPaths are where none is required; it excludes Paths.
	NotPaths []string `yaml:"notPaths"`
	// Ports are the workload's ports where a token is required, for workloads
	// that take something else than HTTP as well: that has no tokens. Default: all.
	Ports []int `yaml:"ports"`
}

// Rule matches a request when all of its words do; the values in a list are
// alternatives. The empty rule matches every request.
type Rule struct {
	// From is who calls.
	From *From `yaml:"from"`
	// To is what is called.
	To *To `yaml:"to"`
	// When are further conditions of Istio.
	When []AttributeCondition `yaml:"when"`
	// DryRun lets Istio report what the rule would do, and do nothing.
	DryRun bool `yaml:"dryRun"`
}

// From is who calls. The words that begin with not hold for everybody else.
type From struct {
	// ServiceAccounts are NAME in the service's own namespace, or NAMESPACE/NAME.
	ServiceAccounts    []string `yaml:"serviceAccounts"`
	NotServiceAccounts []string `yaml:"notServiceAccounts"`
	// Gateways are names in gateways: the account that a gateway's pods run as.
	Gateways []string `yaml:"gateways"`
	// Namespaces are where the caller's account lives; * stands for any text.
	Namespaces    []string `yaml:"namespaces"`
	NotNamespaces []string `yaml:"notNamespaces"`
	// Principals are accounts as Istio writes them, with * at one end.
	Principals    []string `yaml:"principals"`
	NotPrincipals []string `yaml:"notPrincipals"`
	// TrustDomains are the first part of principals. From Istio 1.30 on.
	TrustDomains    []string `yaml:"trustDomains"`
	NotTrustDomains []string `yaml:"notTrustDomains"`
	// IPBlocks are addresses of the last hop, 10.1.2.3 or 10.1.0.0/16.
	IPBlocks    []string `yaml:"ipBlocks"`
	NotIPBlocks []string `yaml:"notIpBlocks"`
	// RemoteIPBlocks are addresses of the client that the hops before report.
	RemoteIPBlocks    []string `yaml:"remoteIpBlocks"`
	NotRemoteIPBlocks []string `yaml:"notRemoteIpBlocks"`
	// RequestPrincipals are ISSUER/SUBJECT of the caller's token, with * at one end.
	RequestPrincipals    []string `yaml:"requestPrincipals"`
	NotRequestPrincipals []string `yaml:"notRequestPrincipals"`
	// Claims are values of claims of the caller's token; a.b is b inside of a.
	Claims map[string][]string `yaml:"claims"`
	// RequiredScopes are scopes that the token has to hold, all of them, in its
	// claim scp, scope or scopes.
	RequiredScopes []string `yaml:"requiredScopes"`
}

// To is what is called. The words that begin with not hold for everything else.
type To struct {
	// Hosts are names in the request's Host header, with any port; * stands at one
	// end.
	Hosts    []string `yaml:"hosts"`
	NotHosts []string `yaml:"notHosts"`
	// Ports are ports of the workload, not of the Service.
	Ports    []int `yaml:"ports"`
	NotPorts []int `yaml:"notPorts"`
	// Methods are HTTP's, in upper case; gRPC is POST.
	Methods    []string `yaml:"methods"`
	NotMethods []string `yaml:"notMethods"`
	// Paths are exact, or have * at one end; {*} is one segment and {**} are any,
	// from Istio 1.22 on.
	Paths    []string `yaml:"paths"`
	NotPaths []string `yaml:"notPaths"`
}

// AttributeCondition is Istio's.
// https://istio.io/latest/docs/reference/config/security/conditions/
type AttributeCondition struct {
	// Key is one of Istio's attributes, such as request.headers[x-token].
	Key string `yaml:"key"`
	// Values and NotValues are alternatives; one of the two lists has to be written.
	Values    []string `yaml:"values"`
	NotValues []string `yaml:"notValues"`
}
