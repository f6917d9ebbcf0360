package mesh

import (
	"cmp"
	"net/netip"
	"reflect"
	"strconv"
	"strings"

	security "istio.io/api/security/v1beta1"

	"github.com/kymamesh/kymamesh/internal/pattern"
)

// What a value in a rule may be. A value that no request can have is refused: it
// would close what it should open, or leave open what it should close.

func empty[T any](words *T) bool { return reflect.ValueOf(words).Elem().IsZero() }

func quote(s string) string { return strconv.Quote(s) }

func orNone(s string) string { return cmp.Or(s, "none") }

func sourceEmpty(s *security.Source) bool {
	return len(s.Principals)+len(s.NotPrincipals)+len(s.Namespaces)+len(s.NotNamespaces)+
		len(s.TrustDomains)+len(s.NotTrustDomains)+len(s.IpBlocks)+len(s.NotIpBlocks)+
		len(s.RemoteIpBlocks)+len(s.NotRemoteIpBlocks)+len(s.RequestPrincipals)+len(s.NotRequestPrincipals) == 0
}

// isAccount tells whether s is a service account: NAME or NAMESPACE/NAME.
func isAccount(s string) bool {
	namespace, name, found := strings.Cut(s, "/")
	if !found {
		return isDNSName(s)
	}
	return isLabel(namespace) && isDNSName(name)
}

func namespaceText(value string) string {
	if !namespacePattern.MatchString(value) {
		return quote(value) + " is no namespace; write its name, with * for any text"
	}
	return ""
}

var namespacePattern = pattern.New(`^[a-z0-9*]([-a-z0-9*]*[a-z0-9*])?$`)

func principalText(value string) string {
	if strings.Contains(value, "://") {
		return "write it without spiffe://: cluster.local/ns/NAMESPACE/sa/NAME"
	}
	return wildcardText(value)
}

// wildcardText admits one * at one end: anywhere else Istio takes it for itself.
func wildcardText(value string) string {
	if strings.Contains(strings.TrimSuffix(strings.TrimPrefix(value, "*"), "*"), "*") || len(value) > 1 && value[0] == '*' && value[len(value)-1] == '*' {
		return quote(value) + ": one * at the beginning or at the end"
	}
	return ""
}

func (r *resolver) trustDomainText(value string) string {
	switch {
	case r.istio.before(1, 30):
		return "trustDomains need Istio 1.30; write principals: [DOMAIN/*]"
	case strings.Contains(value, "/"):
		return quote(value) + " is no trust domain; it has no /"
	}
	return wildcardText(value)
}

func addressText(value string) string {
	address, err := netip.ParseAddr(value)
	if prefix, prefixErr := netip.ParsePrefix(value); prefixErr == nil {
		address, err = prefix.Addr(), nil
	}
	if err != nil || address.Zone() != "" {
		return quote(value) + " is no address; write it as 10.1.2.3 or 10.1.0.0/16"
	}
	return ""
}

func claimText(claim string) string {
	switch {
	case strings.ContainsAny(claim, ":/") && strings.Contains(claim, "."):
		return "a dot leads into a claim; write when: [{key: " + quote("request.auth.claims["+claim+"]") + ", values: [VALUE]}]"
	case strings.ContainsAny(claim, "[]"), strings.HasPrefix(claim, "."), strings.HasSuffix(claim, "."), strings.Contains(claim, ".."), claim == "":
		return quote(claim) + " is no claim; write its name, a.b for b inside of a"
	}
	return ""
}

var (
	methodPattern = pattern.New("^[A-Z0-9!#$%&'+.^_`|~-]+$")
	hostPattern   = pattern.New(`^(\*?[a-zA-Z0-9._-]+(:([0-9]{1,5}|\*))?|[a-zA-Z0-9._-]+\*|\*:[0-9]{1,5})$`)
)

func methodText(value string) string {
	problem := wildcardText(value)
	if problem == "" && value != "*" && !methodPattern.MatchString(strings.Trim(value, "*")) {
		problem = quote(value) + " is no method; write it in upper case, such as GET"
	}
	return problem
}

// hostText reads a host. A Host header may hold a port. *.x with any port cannot
// be said, so that a rule that has to catch all of them would not.
func (r *resolver) hostText(catchAll bool) valueCheck {
	return func(value string) string {
		switch {
		case value == "*":
			return ""
		case !hostPattern.MatchString(value) || strings.HasPrefix(value, "*") && strings.HasSuffix(value, "*"):
			return quote(value) + " is no host; write a DNS name, with * at the beginning or at the end"
		case catchAll && strings.HasPrefix(value, "*") && !strings.Contains(value, ":"):
			return quote(value) + " would miss a Host header with a port, and Istio has no " + value + ":*; write the hosts"
		}
		return ""
	}
}

// withPorts adds to each exact host the same one with any port.
func withPorts(hosts []string) []string {
	var all []string
	for _, host := range hosts {
		all = append(all, host)
		if !strings.ContainsAny(host, "*:") {
			all = append(all, host+":*")
		}
	}
	return all
}

var (
	// What is left of a path with templates once these are taken out: RFC 3986's
	// characters of a segment without *, which Istio does not take there.
	templatePattern = pattern.New(`^(/(\{\*\*?\}|[a-zA-Z0-9-._~%!$&'()+,;:@=]+))+/?$`)
	regexPattern    = pattern.New(`[][^|?\\{}]|\.\*|\.\+|\*\$?$|^\^`)
	unsentPattern   = pattern.New(`[\x00-\x20\x7f#]`)
)

// pathText reads a path: exact, with * at one end, or with templates.
func (r *resolver) pathText(value string) string {
	if strings.Contains(value, "{*}") || strings.Contains(value, "{**}") {
		return r.templateText(value)
	}
	inner := strings.TrimSuffix(value, "*")
	switch {
	case value == "*":
		return ""
	case regexPattern.MatchString(strings.TrimPrefix(inner, "*")), strings.HasSuffix(value, ".*"):
		return "paths know *, {*} and {**} only"
	case wildcardText(value) != "":
		return wildcardText(value)
	case unsentPattern.MatchString(value):
		return quote(value) + " is no path that a request can have"
	case value[0] != '/' && value[0] != '*':
		return quote(value) + " is no path; it begins with / or *"
	}
	return ""
}

func (r *resolver) templateText(value string) string {
	_, after, any := strings.Cut(value, "{**}")
	switch {
	case r.istio.before(1, 22):
		return "{*} and {**} need Istio 1.22; write * at the end"
	case !templatePattern.MatchString(value), any && strings.Contains(after, "{"):
		return quote(value) + ": {*} and {**} are whole segments, {**} the last of them, and the others have no *"
	}
	return ""
}

// identityAttributes are the attributes of the caller's identity in the mesh.
var identityAttributes = []string{"source.namespace", "source.principal", "source.trustDomain"}

// attribute finds how values of an attribute of Istio are read, or says what is
// wrong with the key.
func (r *resolver) attribute(key string) (valueCheck, string) {
	simple := map[string]valueCheck{
		"source.ip": addressText, "remote.ip": addressText, "destination.ip": addressText,
		"source.namespace": namespaceText, "source.principal": principalText, "source.trustDomain": r.trustDomainText,
		"destination.port": portText, "connection.sni": wildcardText,
		"request.auth.principal": wildcardText, "request.auth.audiences": wildcardText, "request.auth.presenter": wildcardText,
	}
	if check, ok := simple[key]; ok {
		return check, ""
	}
	if key == "source.serviceAccount" {
		return nil, "write from.serviceAccounts, which is exact in every Istio"
	}
	name, inside, found := strings.Cut(key, "[")
	bracketed := found && strings.HasSuffix(inside, "]") && len(inside) > 1
	switch {
	case strings.HasPrefix(name, "experimental.envoy.filters.") && bracketed:
		return func(string) string { return "" }, ""
	case name == "request.headers" && bracketed && headerPattern.MatchString(strings.TrimSuffix(inside, "]")),
		name == "request.auth.claims" && bracketed:
		return wildcardText, ""
	case name == "request.headers" || name == "request.auth.claims":
		return nil, quote(key) + ": want " + name + "[NAME]"
	}
	return nil, quote(key) + " is no attribute of Istio; such are request.headers[NAME], request.auth.claims[NAME], source.ip, connection.sni"
}

var headerPattern = pattern.New("^:?[a-zA-Z0-9!#$%&'*+.^_`|~-]+$")

func portText(value string) string {
	if port, err := strconv.Atoi(value); err != nil || port < 1 || port > 65535 || itoa(port) != value {
		return quote(value) + " is no port; 1 to 65535"
	}
	return ""
}
