package mesh

import (
	"crypto/sha256"
	"encoding/hex"
	"strings"

	"github.com/kymamesh/kymamesh/pkg/diag"
)

// Root is Istio's root namespace: what lies there without a selector holds for
// the whole mesh.
const Root = "istio-system"

const clusterSuffix = ".svc.cluster.local"

// isLabel tells whether s is a DNS label as Kubernetes wants it (RFC 1123).
func isLabel(s string) bool {
	if len(s) == 0 || len(s) > 63 || s[0] == '-' || s[len(s)-1] == '-' {
		return false
	}
	for i := range len(s) {
		c := s[i]
		if !('a' <= c && c <= 'z' || '0' <= c && c <= '9' || c == '-') {
			return false
		}
	}
	return true
}

// isDNSName tells whether s is DNS labels with dots between them.
func isDNSName(s string) bool {
	if len(s) > 253 {
		return false
	}
	for label := range strings.SplitSeq(s, ".") {
		if !isLabel(label) {
			return false
		}
	}
	return true
}

// isHost tells whether s is a host as a gateway takes it: a DNS name, *.name,
// or * for every host.
func isHost(s string) bool {
	if s == "*" {
		return true
	}
	return isDomain(strings.TrimPrefix(s, "*."))
}

// isDomain tells whether s is a DNS name whose last part is no number: Istio
// takes such a name for an address.
func isDomain(s string) bool {
	last := s[strings.LastIndexByte(s, '.')+1:]
	return isDNSName(s) && strings.Trim(last, "0123456789") != ""
}

// isLabelText tells whether s can be a label's value.
func isLabelText(s string) bool {
	if s == "" {
		return true
	}
	if len(s) > 63 || !alphanumeric(s[0]) || !alphanumeric(s[len(s)-1]) {
		return false
	}
	for i := range len(s) {
		if c := s[i]; !alphanumeric(c) && c != '-' && c != '_' && c != '.' {
			return false
		}
	}
	return true
}

func alphanumeric(c byte) bool {
	return 'a' <= c && c <= 'z' || 'A' <= c && c <= 'Z' || '0' <= c && c <= '9'
}

// isLabelKey tells whether s can be a label's key: a name, or prefix/name.
func isLabelKey(s string) bool {
	prefix, name, found := strings.Cut(s, "/")
	if !found {
		name = prefix
	} else if !isDNSName(prefix) {
		return false
	}
	return name != "" && isLabelText(name)
}

// objectHost is the host as a part of an object's name. A real name that begins
// with "any" gets a mark, so that it never meets a wildcard's.
func objectHost(host string) string {
	first, rest, _ := strings.Cut(host, ".")
	switch first {
	case "*":
		first = "any"
	case "any":
		first = "any-" + mark(host)
	default:
		return host
	}
	if rest == "" {
		return first
	}
	return first + "." + rest
}

// labelHost is the host as a part of a port's name, where Istio wants a label.
// Doubling the dash keeps a-b.c and a.b.c apart.
func labelHost(host string) string {
	return strings.NewReplacer("-", "--", ".", "-").Replace(objectHost(host))
}

// cut shortens a name to most characters, the last ones a mark of the whole.
func cut(name string, most int) string {
	if len(name) <= most {
		return name
	}
	return strings.TrimRight(name[:most-9], "-.") + "-" + mark(name)
}

// mark is eight hex digits that tell texts apart.
func mark(s string) string {
	sum := sha256.Sum256([]byte(s))
	return hex.EncodeToString(sum[:4])
}

// names checks names and reports those that are none.
type names struct{ ds *diag.List }

func (n names) label(at diag.Path, s string) bool {
	if isLabel(s) {
		return true
	}
	n.ds.Errorf(diag.CodeName, at, "%q is no DNS label: lower case letters, digits and -, at most 63 characters", s)
	return false
}

func (n names) labels(at diag.Path, labels map[string]string) {
	for _, key := range sortedKeys(labels) {
		if n.labelKey(at.Key(key), key) {
			n.labelValue(at.Key(key), labels[key])
		}
	}
}

func (n names) labelKey(at diag.Path, s string) bool {
	if isLabelKey(s) {
		return true
	}
	n.ds.Errorf(diag.CodeName, at, "%q is no label name: letters, digits, - _ and ., at most 63 characters, with an optional DNS name and / before it", s)
	return false
}

func (n names) labelValue(at diag.Path, s string) {
	if !isLabelText(s) {
		n.ds.Errorf(diag.CodeName, at, "%q is no label value: letters, digits, - _ and ., at most 63 characters", s)
	}
}

// portName checks the name of a Service's port.
func (n names) portName(at diag.Path, s string) {
	if isLabel(s) {
		return
	}
	n.ds.Errorf(diag.CodeName, at, "%q is no name of a port: lower case letters, digits and -, at most 63 characters", s)
}
