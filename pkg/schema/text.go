package schema

import (
	_ "embed" // words.json
	"encoding/json"
	"reflect"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"sync"

	"github.com/kymamesh/kymamesh/internal/strictyaml"
)

// words.json are the comments of pkg/spec by TYPE and TYPE.FIELD, which a program
// does not carry. TestWords writes it.
//
//go:embed words.json
var wordsJSON []byte

var comments = sync.OnceValue(func() map[string]string {
	var all map[string]string
	if err := json.Unmarshal(wordsJSON, &all); err != nil {
		panic(err) // the file is part of the program
	}
	return all
})

func typeText(t reflect.Type) string { return comments()[t.Name()] }

// Text is what is said of a word: its field's comment, else the one before that
// speaks of it as well, else its type's.
func Text(w strictyaml.Word) string {
	if text := comments()[w.Owner.Name()+"."+w.Field.Name]; text != "" {
		return text
	}
	if opposite, ok := strings.CutPrefix(w.Field.Name, "Not"); ok {
		if f, found := w.Owner.FieldByName(opposite); found {
			name, _, _ := strings.Cut(f.Tag.Get("yaml"), ",")
			return "The opposite of " + name + "."
		}
	}
	if text := groupText(w); text != "" {
		return text
	}
	return typeText(w.Owner)
}

// groupText is the comment of the field before that speaks of this one too, by
// name or as one of the next.
func groupText(w strictyaml.Word) string {
	for i := w.Field.Index[len(w.Field.Index)-1] - 1; i >= 0; i-- {
		text := comments()[w.Owner.Name()+"."+w.Owner.Field(i).Name]
		if text == "" {
			continue
		}
		if regexp.MustCompile(`\b(next|` + w.Field.Name + `)\b`).MatchString(text) {
			return text
		}
		return ""
	}
	return ""
}

// isRequired tells whether the comment says that the word has to be written.
func isRequired(w strictyaml.Word) bool {
	said := regexp.MustCompile(`^` + w.Field.Name + ` is required\b|\bBoth are required\b`)
	return said.MatchString(Text(w)) && !optional(w)
}

var defaultText = sync.OnceValue(func() *regexp.Regexp {
	return regexp.MustCompile(`(?s)(?:\bDefault[^:.]*: |\bdefaults to )(.+?)(?:\.(?:\s|$)|$)`)
})

// Default is what the comment says holds where the word is not written, empty
// where it does not say.
func Default(w strictyaml.Word) string {
	if m := defaultText().FindStringSubmatch(Text(w)); m != nil {
		return m[1]
	}
	return ""
}

// defaultValue is the default where it is one value, whatever the generation.
func defaultValue(w strictyaml.Word) (any, bool) {
	text, t := Default(w), w.Field.Type
	if t.Kind() == reflect.Pointer {
		t = t.Elem()
	}
	switch t.Kind() {
	case reflect.Bool:
		b, err := strconv.ParseBool(text)
		return b, err == nil
	case reflect.Int:
		i, err := strconv.Atoi(text)
		return i, err == nil
	case reflect.String:
		return text, slices.Contains(valuesOf(w), any(text))
	}
	return nil, false
}
