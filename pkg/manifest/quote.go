package manifest

import (
	"regexp"
	"strings"
	"sync"

	"go.yaml.in/yaml/v3"
)

// surelyPlain says of most strings of a mesh, at little cost, that yaml.v3
// writes them without quotes. Of any other string yaml.v3 itself is asked, so
// that a mistake here can only be one of speed, never of quoting; the fuzz test
// holds it to that.
func surelyPlain(s string) bool {
	if s == "" || len(s) <= len("false") && isWord(s) {
		return false
	}
	last := len(s) - 1
	numeric := s[0] >= '0' && s[0] <= '9'
	if !numeric && !plainFirst[s[0]] {
		return false
	}
	for i := range len(s) {
		c := s[i]
		switch {
		case !plainInside[c]:
			return false
		case c == ' ' && i == last, c == ':' && (i == last || s[i+1] == ' '):
			return false
		case numeric && neverInNumber[c]:
			numeric = false
		}
	}
	return !numeric
}

// surelySingle says the same of single quotes: hosts with a wildcard and the
// fields of Envoy's logs begin with what stands for something else in YAML.
func surelySingle(s string) bool {
	if s == "" || s[0] != '*' && s[0] != '%' || s[len(s)-1] == ' ' {
		return false
	}
	for i := range len(s) {
		if !plainInside[s[i]] || s[i] == '\'' {
			return false
		}
	}
	return true
}

// surelyDouble says the same of double quotes: whole numbers, nothing, and words that
// YAML takes for another type. Of words in capitals yaml.v3 is asked: it knows True
// and not tRUE.
func surelyDouble(s string) bool {
	return strings.Trim(s, "0123456789") == "" || len(s) <= len("false") && isWord(s) && s == strings.ToLower(s)
}

// Tables by byte: what a plain scalar may begin with (digits apart), what may
// stand in it, and what no number, date or time of any YAML has.
var (
	plainFirst    = bytesOf("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ/^($\\")
	plainInside   = bytesOf("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789 -._/:@=+|,~$^*()[]{}<>%&!;?\\\"'`")
	neverInNumber = bytesOf("ghjklmpqrsuvwGHJKLMPQRSUVW/%")
)

func bytesOf(s string) (table [256]bool) {
	for i := range len(s) {
		table[s[i]] = true
	}
	return table
}

// isWord says whether some YAML reads s as a boolean or null.
func isWord(s string) bool {
	switch s[0] {
	case 't', 'T', 'f', 'F', 'n', 'N', 'y', 'Y', 'o', 'O':
	default:
		return false
	}
	switch strings.ToLower(s) {
	case "true", "false", "null", "yes", "no", "on", "off", "y", "n":
		return true
	}
	return false
}

// textNode is s as a scalar in the style in which it is to be written.
func textNode(s string) *yaml.Node {
	n := &yaml.Node{Kind: yaml.ScalarNode, Tag: "!!str", Value: s}
	switch {
	case surelyPlain(s):
	case surelySingle(s):
		n.Style = yaml.SingleQuotedStyle
	case surelyDouble(s), misread(s):
		n.Style = yaml.DoubleQuotedStyle
	default:
		var asked yaml.Node
		if err := asked.Encode(s); err != nil || asked.Value != s {
			n.Style = yaml.DoubleQuotedStyle
		} else {
			n.Style = asked.Style
		}
	}
	return n
}

// misread says whether s needs double quotes where yaml.v3 would do without:
// yaml.v3 quotes what it would itself take for something else, but kustomize,
// Helm and readers of YAML 1.1 come after us.
func misread(s string) bool {
	if s == "=" { // the default key of YAML 1.1
		return true
	}
	if strings.ContainsAny(s, otherBreaks) {
		return true
	}
	if trimmed := strings.TrimSpace(s); trimmed != s && !strings.Contains(s, "\n") {
		return true // some readers trim every space that Unicode has
	}
	if strings.Contains(s, "\n") {
		// A block scalar would need an indentation or chomping mark, and many
		// readers have got those wrong.
		return strings.ContainsAny(s[:1], " \t\n") || strings.HasSuffix(s, "\n\n")
	}
	return numberLike().MatchString(s)
}

// otherBreaks are what some readers take for the end of a line.
const otherBreaks = "\r\u0085\u2028\u2029"

// numberLike is every number, time and date of the types of YAML 1.1 and of the
// core schema of 1.2, whether or not it has a value: yaml.v3 leaves 0x_ and
// 2001-13-45 plain, and other readers then fail.
var numberLike = sync.OnceValue(func() *regexp.Regexp {
	return regexp.MustCompile(`^(?:` +
		`[-+]?0[bB][01_]+` +
		`|[-+]?0[xX][0-9a-fA-F_]+` +
		`|[-+]?0o?[0-7_]+` +
		`|[-+]?[0-9][0-9_]*(?::[0-5]?[0-9])*(?:\.[0-9_]*)?(?:[eE][-+]?[0-9]+)?` +
		`|[-+]?\.[0-9_]+(?:[eE][-+]?[0-9]+)?` +
		`|[0-9]{4}-[0-9]{1,2}-[0-9]{1,2}` +
		`(?:(?:[Tt]|[ \t]+)[0-9]{1,2}:[0-9]{2}:[0-9]{2}(?:\.[0-9]*)?(?:[ \t]*(?:Z|[-+][0-9]{1,2}(?::[0-9]{2})?))?)?` +
		`)$`)
})
