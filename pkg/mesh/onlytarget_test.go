package mesh

import (
	"reflect"
	"slices"
	"testing"

	"github.com/kymamesh/kymamesh/pkg/spec"
)

// A new word of a route would not be checked where onlyTarget has not heard of it.
func TestOnlyTargetKnowsEveryWord(t *testing.T) {
	where := []string{"name", "when", "to", "split"}
	words := reflect.TypeFor[spec.Route]()
	for i := range words.NumField() {
		var w spec.Route
		switch f := reflect.ValueOf(&w).Elem().Field(i); f.Kind() {
		case reflect.Pointer:
			f.Set(reflect.New(f.Type().Elem()))
		case reflect.Slice:
			f.Set(reflect.MakeSlice(f.Type(), 1, 1))
		case reflect.Map:
			f.Set(reflect.MakeMap(f.Type()))
		case reflect.String:
			f.SetString("x")
		case reflect.Int:
			f.SetInt(1)
		default:
			t.Fatalf("no value for %s", words.Field(i).Name)
		}
		word := words.Field(i).Tag.Get("yaml")
		if got := onlyTarget(w); got != slices.Contains(where, word) {
			t.Errorf("%s: onlyTarget says %v", word, got)
		}
	}
}
