package mesh

import (
	"slices"
	"strings"

	"github.com/kymamesh/kymamesh/internal/pattern"
	"github.com/kymamesh/kymamesh/pkg/diag"
)

// What Envoy can be asked in a filter of logs and in a tag of metrics is checked by
// the names of attributes, brackets, quotes and operators; a whole reader of CEL
// would be a dependency. What Envoy cannot read it drops, and logs everything.

// attributes are Envoy's, with what stands below each; nil where that is data.
// (Envoy documentation, intro/arch_overview/advanced/attributes.)
var attributes = map[string][]string{
	"request": {"path", "url_path", "host", "scheme", "method", "headers", "referer", "useragent", "time", "id", "protocol", "query", "duration", "size", "total_size"},
	"response": {
		"code", "code_details", "flags", "grpc_status", "headers", "trailers", "size", "total_size", "backend_latency",
	},
	"source":      {"address", "port"},
	"destination": {"address", "port"},
	"connection": {
		"id", "mtls", "requested_server_name", "tls_version", "subject_local_certificate", "subject_peer_certificate", "dns_san_local_certificate",
		"dns_san_peer_certificate", "uri_san_local_certificate", "uri_san_peer_certificate", "sha256_peer_certificate_digest",
		"termination_details", "transport_failure_reason",
	},
	"upstream": {
		"address", "port", "tls_version", "subject_local_certificate", "subject_peer_certificate", "dns_san_local_certificate",
		"dns_san_peer_certificate", "uri_san_local_certificate", "uri_san_peer_certificate", "sha256_peer_certificate_digest", "local_address",
		"transport_failure_reason", "request_attempt_count", "cx_pool_ready_duration", "locality", "num_endpoints",
	},
	"xds": {
		"node", "cluster_name", "cluster_metadata", "listener_direction", "listener_metadata", "route_name", "route_metadata",
		"upstream_host_metadata", "upstream_host_locality_metadata", "filter_chain_name", "virtual_host_name", "virtual_host_metadata",
	},
	"metadata": nil, "filter_state": nil, "upstream_filter_state": nil, "plugin_name": nil,
}

// celFunctions are what stands where an attribute could and is none.
var celFunctions = []string{
	"true", "false", "null", "in", "has", "size", "int", "uint", "double", "string", "bool", "bytes", "type", "dyn",
	"duration", "timestamp", "matches", "nil",
}

// celMacros name a variable of their own first: list.exists(x, x == 1).
var celMacros = []string{"all", "exists", "exists_one", "filter", "map"}

// celToken is a text, a number, a name, an operator, or one character that is
// none of these.
var celToken = pattern.New(`^(?:[rRbB]{0,2}(?:"(?:[^"\\\n]|\\.)*"|'(?:[^'\\\n]|\\.)*')|[0-9][0-9.]*[eE][-+][0-9]+|[0-9][0-9a-zA-Z.]*|[a-zA-Z_][a-zA-Z0-9_]*|&&|\|\||[=!<>]=|[-+*/%!<>?:.,()\[\]{}]|\s+|.)`)

// celNumber tells whether a token that begins with a digit is a number.
var celNumber = pattern.New(`^(?:0[xX][0-9a-fA-F]+[uU]?|[0-9]+[uU]?|[0-9]+(?:\.[0-9]+)?(?:[eE][-+]?[0-9]+)?)$`)

// expression checks text in CEL.
func (r *resolver) expression(at diag.Path, text string) {
	tokens, problem := celTokens(text)
	if problem == "" {
		problem = celChoices(tokens)
	}
	if problem == "" {
		problem = celProblem(tokens)
	}
	if problem != "" {
		r.ds.Errorf(diag.CodeValue, at, "%s", problem)
	}
}

// celTokens are the words of an expression without the space between them.
func celTokens(text string) (tokens []string, problem string) {
	if strings.TrimSpace(text) == "" {
		return nil, "empty; write a condition such as response.code >= 500"
	}
	var open []byte
	closing := map[byte]byte{')': '(', ']': '[', '}': '{'}
	for text != "" {
		token := celToken.FindString(text)
		text = text[len(token):]
		switch c := token[0]; {
		case strings.TrimSpace(token) == "":
			continue
		case c == '(' || c == '[' || c == '{':
			open = append(open, c)
		case closing[c] != 0 && (len(open) == 0 || open[len(open)-1] != closing[c]):
			return nil, "a " + token + " that nothing opens"
		case closing[c] != 0:
			open = open[:len(open)-1]
		case token == `"` || token == "'":
			return nil, "a text that is not closed; " + token + " is missing"
		case token == "=" || token == "&" || token == "|":
			return nil, token + " is no operator; write " + token + token
		case '0' <= c && c <= '9' && !celNumber.MatchString(token):
			return nil, token + " is no number"
		case !strings.ContainsAny(token[:1], `"'-+*/%!<>=?:.,&|`) && !alphanumeric(c) && c != '_':
			return nil, quote(token) + " is nothing that CEL knows"
		}
		tokens = append(tokens, token)
	}
	if len(open) > 0 {
		return nil, "a " + string(open[len(open)-1]) + " that nothing closes"
	}
	return tokens, ""
}

// celChoices says what is wrong with the colons: one belongs to each ?, and one to
// each entry of a mapping.
func celChoices(tokens []string) string {
	level := []string{""} // the open brackets, each with its ? that wait for a colon
	for i, token := range tokens {
		top := &level[len(level)-1]
		switch token {
		case "(", "[", "{":
			level = append(level, token)
		case "?":
			*top += token
		case ")", "]", "}":
			if strings.HasSuffix(*top, "?") {
				return "a ? without its :"
			}
			level = level[:len(level)-1]
		case ":":
			if i == 0 || !celEnds(tokens[i-1]) {
				return "nothing stands before :"
			}
			if before, waits := strings.CutSuffix(*top, "?"); waits {
				*top = before
			} else if *top != "{" {
				return "a : without its ?"
			}
		}
	}
	if level[0] != "" {
		return "a ? without its :"
	}
	return ""
}

// celName tells whether a token is a name.
var celName = pattern.New(`^[a-zA-Z_][a-zA-Z0-9_]*$`)

// celProblem says what is wrong with the names of an expression, and with two
// values that stand beside each other.
func celProblem(tokens []string) string {
	after := func(i int) string {
		if i < len(tokens) {
			return tokens[i]
		}
		return ""
	}
	var own []string // variables of macros
	for i, token := range tokens {
		if i > 1 && tokens[i-1] == "(" && slices.Contains(celMacros, tokens[i-2]) && after(i+1) == "," {
			own = append(own, token)
		}
	}
	for i, token := range tokens {
		if slices.Contains(celBinary, token) && (i == 0 || !celEnds(tokens[i-1])) {
			return "nothing stands before " + token
		}
		if (slices.Contains(celBinary, token) || token == "!" || token == "-" || token == ".") && (after(i+1) == "" || strings.Contains(")]},:", after(i+1))) {
			return "nothing stands after " + token
		}
		if token != "in" && celValue(token) && i > 0 && tokens[i-1] != "in" && (celValue(tokens[i-1]) || strings.Contains(")]", tokens[i-1])) {
			return "an operator is missing before " + token
		}
		if !celName.MatchString(token) || i > 0 && tokens[i-1] == "." || after(i+1) == ":" && i > 0 && strings.Contains("{,", tokens[i-1]) ||
			slices.Contains(own, token) || slices.Contains(celFunctions, token) {
			continue
		}
		below, known := attributes[token]
		if !known {
			return "no attribute " + token + celLike("", token, sortedKeys(attributes))
		}
		if name := after(i + 2); below != nil && after(i+1) == "." && !slices.Contains(below, name) {
			return "no attribute " + token + "." + name + celLike(token+".", name, below)
		}
	}
	return ""
}

// celBinary are the operators that stand between two values.
var celBinary = []string{"==", "!=", "<=", ">=", "<", ">", "&&", "||", "+", "*", "/", "%", "?"}

// celEnds tells whether a value can end with a token.
func celEnds(token string) bool { return celValue(token) || strings.Contains(")]}", token) }

// celValue tells whether a token is a name, a number or a text.
func celValue(token string) bool {
	c := token[len(token)-1]
	return c == '"' || c == '\'' || alphanumeric(c) || c == '_'
}

// celLike is what a misspelt name may mean; before is what stands before it.
func celLike(before, name string, names []string) string {
	if like, ok := diag.Nearest(name, names); ok {
		return "; did you mean " + before + like + "?"
	}
	return "; there are " + strings.Join(names, ", ")
}
