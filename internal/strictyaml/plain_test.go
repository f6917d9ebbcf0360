package strictyaml

import (
	"math/rand/v2"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"go.yaml.in/yaml/v3"
)

// sameNodes tells whether two trees say the same at the same places; the first
// has no comments.
func sameNodes(a, b *yaml.Node) bool {
	if a.Kind != b.Kind || a.Style != b.Style || a.Tag != b.Tag || a.Value != b.Value || a.Anchor != b.Anchor || a.Alias != b.Alias ||
		a.Line != b.Line || a.Column != b.Column || len(a.Content) != len(b.Content) {
		return false
	}
	for i := range a.Content {
		if !sameNodes(a.Content[i], b.Content[i]) {
			return false
		}
	}
	return true
}

// comparePlain holds what readPlain says against the parser, and tells whether it
// said anything.
func comparePlain(t *testing.T, text string) bool {
	t.Helper()
	got := readPlain(text)
	if got == nil {
		return false
	}
	var doc yaml.Node
	if err := decodeNode([]byte(text), &doc); err != nil || len(doc.Content) != 1 {
		t.Fatalf("%q: the parser says %v", text, err)
	}
	if !sameNodes(got, doc.Content[0]) {
		read, _ := yaml.Marshal(got)
		parsed, _ := yaml.Marshal(doc.Content[0])
		t.Fatalf("%q:\nread\n%s\nparsed\n%s", text, read, parsed)
	}
	return true
}

func TestPlainReader(t *testing.T) {
	for text, want := range map[string]bool{
		"a: b":                               true,
		"---\na: b\n":                        true,
		"a: 1\nb: {c: d, e: [f, 2]}\n":       true,
		"a:\n- b\n- c: d\n  e: f\ng: h\n":    true,
		"a:\n  - - b\n    - c\n  - d\n":      true,
		"# c\na: b # d\n\n  # e\nf: \"g\"\n": true,
		"a: 'b'\nc: []\nd: {}\n":             true,
		"a: true\nb: 0x1f\nc: 2001-12-14\n":  true,
		"80: b\n~a: b":                       false,
		"a: b\n c":                           false,
		"a:\n  b\n":                          false,
		"a: b: c":                            false,
		"a:":                                 false,
		"a: ~":                               false,
		"a: *b":                              false,
		"a: &b c":                            false,
		"a: !b c":                            false,
		"a: |\n  b":                          false,
		"a: b\n---\nc: d":                    false,
		"a: b\n...\n":                        false,
		"a: b\n  c: d":                       false,
		"a:\n  b: c\n d: e":                  false,
		"- a\nb: c":                          false,
		"a: {b: c":                           false,
		"a: [b, ]":                           false,
		"a: {b, c}":                          false,
		"a: 'b''c'":                          false,
		"a: \"b\\n\"":                        false,
		"a: b#c":                             false,
		"a: b\tc":                            false,
		"a: b\r\n":                           false,
		"a: ä":                               false,
		"":                                   false,
		"b":                                  false,
	} {
		if got := comparePlain(t, text); got != want {
			t.Errorf("%q: read %v, want %v", text, got, want)
		}
	}
}

// Every document of the golden cases, and what is left of it when bytes are lost,
// doubled and exchanged.
func TestPlainReaderOnDocuments(t *testing.T) {
	files, err := filepath.Glob("../../testdata/golden/*/*/*.yaml")
	if err != nil || len(files) < 100 {
		t.Fatal(len(files), err)
	}
	random, read, all := rand.New(rand.NewPCG(1, 2)), 0, 0
	for i, file := range files {
		text, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		for part := range strings.SplitSeq(string(text), "\n---\n") {
			if all++; comparePlain(t, part) {
				read++
			}
			if testing.Short() && i%8 != 0 {
				continue
			}
			for range 20 {
				comparePlain(t, mutated(random, part))
			}
		}
	}
	if read*2 < all {
		t.Errorf("only %d of %d documents are plain", read, all)
	}
	t.Logf("%d of %d documents", read, all)
}

// mutated is a text with a few accidents, mostly to what has a meaning in YAML.
func mutated(random *rand.Rand, text string) string {
	const signs = ": -#\n\n  {}[],'\"&*!|>?%@.0~<\t"
	b := []byte(text)
	for range 1 + random.IntN(3) {
		if len(b) < 2 {
			break
		}
		i, j := random.IntN(len(b)), random.IntN(len(b))
		switch random.IntN(5) {
		case 0:
			b = append(b[:i], b[i+1:]...)
		case 1:
			b[i] = signs[random.IntN(len(signs))]
		case 2:
			b = append(b[:i], append([]byte{signs[random.IntN(len(signs))]}, b[i:]...)...)
		case 3:
			b = b[:i+1]
		default:
			b[i], b[j] = b[j], b[i]
		}
	}
	return string(b)
}

// FuzzPlain: what is read without the parser is what the parser reads.
func FuzzPlain(f *testing.F) {
	for _, seed := range []string{"a: b\nc:\n- d\n- e: f\n  g: [h, {i: j}]\n", "---\na: 'b' # c\n", "- - a: 1\n    b: 0\n", "a: b:c\nd: {e: f:g}"} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, text string) {
		if _, bad := unreadable([]byte(text)); !bad {
			comparePlain(t, text)
		}
	})
}
