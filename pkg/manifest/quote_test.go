package manifest

import (
	"regexp"
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/google/go-cmp/cmp"
	"go.yaml.in/yaml/v3"
)

// value is how s is written as a value.
func value(t testing.TB, s string) string {
	t.Helper()
	_, v, ok := strings.Cut(written(t, made(Tree{"k": s})), "  k: ")
	if !ok {
		t.Fatalf("%q was not written as a value", s)
	}
	return strings.TrimSuffix(v, "\n")
}

// resolved are the plain scalars that YAML 1.1 takes for something other than
// text, as the type repository of yaml.org and its readers define them.
var resolved = regexp.MustCompile(`^(?:` +
	`y|Y|yes|Yes|YES|n|N|no|No|NO|true|True|TRUE|false|False|FALSE|on|On|ON|off|Off|OFF` +
	`|~|null|Null|NULL|` + `|<<|=` +
	`|[-+]?0b[0-1_]+|[-+]?0[0-7_]+|[-+]?(?:0|[1-9][0-9_]*)|[-+]?0x[0-9a-fA-F_]+|[-+]?[1-9][0-9_]*(?::[0-5]?[0-9])+` +
	`|[-+]?(?:[0-9][0-9_]*)\.[0-9_]*(?:[eE][-+]?[0-9]+)?|[-+]?\.[0-9][0-9_]*(?:[eE][-+]?[0-9]+)?|[-+]?[0-9]+[eE][-+]?[0-9]+` +
	`|[-+]?[0-9][0-9_]*(?::[0-5]?[0-9])+\.[0-9_]*|[-+]?\.(?:inf|Inf|INF)|\.(?:nan|NaN|NAN)` +
	`|[0-9]{4}-[0-9]{2}-[0-9]{2}` +
	`|[0-9]{4}-[0-9][0-9]?-[0-9][0-9]?(?:[Tt]|[ \t]+)[0-9][0-9]?:[0-9]{2}:[0-9]{2}(?:\.[0-9]*)?(?:[ \t]*(?:Z|[-+][0-9][0-9]?(?::[0-9]{2})?))?` +
	`)$`)

func TestQuoted(t *testing.T) {
	for _, s := range []string{
		"yes", "No", "on", "OFF", "y", "N", "true", "False", "null", "~", "", "<<", "=",
		"1", "1.10", "0777", "0x10", "1_000", "1e3", "-.5", ".inf", ".NaN", "0x_", "0b_", "0_", "12:30:00", "12:30", "190:20:30.15",
		"2001-01-01", "2001-13-45", "2001-12-14t21:59:43.10-05:00", "2001-12-14 21:59:43.10 -5", "0xffffffffffffffffffff", "1e999", "._5",
	} {
		if got, want := value(t, s), `"`+s+`"`; got != want {
			t.Errorf("got %s; want %s", got, want)
		}
		if got := written(t, made(Tree{s: "v"})); !strings.HasSuffix(got, "  \""+s+"\": v\n") {
			t.Errorf("the key %q is written as %s", s, got)
		}
	}
}

func TestPlain(t *testing.T) {
	for _, s := range []string{
		"reviews", "reviews.shop.svc.cluster.local", "/api/v1", "1.500s", "10.0.0.0/8", "10.0.0.1", "1.31.1", "100%", "tRUE", "a b", "a:b", "8080:80",
		"^(a|b)$", "it's", `say "a"`, "outbound|80||a.b", strings.Repeat("no folding ", 30) + "x",
	} {
		if got := value(t, s); got != s {
			t.Errorf("got %s; want %s", got, s)
		}
	}
}

func TestOtherStyles(t *testing.T) {
	for s, want := range map[string]string{
		"*.local":  `'*.local'`,
		"a: b":     `'a: b'`,
		"a #b":     `'a #b'`,
		"a\nb":     "|-\n    a\n    b",
		"a\n\nb\n": "|\n    a\n\n    b",
		" a\nb":    `" a\nb"`,
		"a\n\n":    `"a\n\n"`,
		"a\rb":     `"a\rb"`,
		"a\u2028":  `"a\L"`,
		"\u00a0":   "\"\u00a0\"",
		"a\u2003":  "\"a\u2003\"",
	} {
		if diff := cmp.Diff(want, value(t, s)); diff != "" {
			t.Errorf("%q: %s", s, diff)
		}
	}
}

func FuzzString(f *testing.F) {
	for _, s := range oddStrings {
		f.Add(s)
	}
	f.Add(strings.Repeat("k", 129))
	f.Add(strings.Repeat("0", 300))
	f.Fuzz(func(t *testing.T, s string) {
		if !utf8.ValidString(s) {
			if _, err := AppendYAML(nil, made(Tree{"k": s})); err == nil {
				t.Error("invalid UTF-8 was written")
			}
			return
		}
		o := made(Tree{"a": Tree{s: []any{s, Tree{"b": s}}}})
		text := written(t, o)
		var doc struct{ Spec Tree }
		if err := yaml.Unmarshal([]byte(text), &doc); err != nil {
			t.Fatalf("%v\n%s", err, text)
		}
		if diff := cmp.Diff(o.Spec, any(doc.Spec)); diff != "" {
			t.Errorf("%s\n%s", diff, text)
		}
		if diff := cmp.Diff(string(reference(t, o)), text); diff != "" {
			t.Error(diff)
		}
		if v := value(t, s); v == s && resolved.MatchString(s) {
			t.Errorf("%s is plain", s)
		}
		if surelySingle(s) {
			if asked, err := yaml.Marshal(s); err != nil || string(asked) != "'"+s+"'\n" {
				t.Errorf("surely in single quotes, but yaml.v3 writes %s", asked)
			}
		}
		if surelyDouble(s) && !misread(s) {
			if asked, err := yaml.Marshal(s); err != nil || string(asked) != `"`+s+`"`+"\n" {
				t.Errorf("surely in double quotes, but yaml.v3 writes %s", asked)
			}
		}
		if surelyPlain(s) {
			if asked, err := yaml.Marshal(s); err != nil || string(asked) != s+"\n" {
				t.Errorf("surely plain, but yaml.v3 writes %s", asked)
			}
		}
	})
}
