package manifest

import (
	"encoding/json"
	"math"
	"testing"
)

// TestNumber holds number to encoding/json, which has the same form, at the
// borders of the exponent.
func TestNumber(t *testing.T) {
	for _, border := range []float64{0, 1e-12, 1e-9, 1e-7, 1e-6, 0.1, 1, 1e9, 1e20, 1e21, 1e22, 1e30, math.MaxFloat32} {
		for _, f := range []float64{border, -border, math.Nextafter(border, 0), math.Nextafter(border, 1e300)} {
			compareNumber(t, f, number(f, 64))
		}
		f := float32(border)
		for _, f := range []float32{f, -f, math.Nextafter32(f, 0)} {
			compareNumber(t, f, number(float64(f), 32))
		}
	}
}

func compareNumber(t *testing.T, f any, got string) {
	t.Helper()
	want, err := json.Marshal(f)
	if err != nil {
		t.Fatal(err)
	}
	if got != string(want) {
		t.Errorf("%T %v: got %s; want %s", f, f, got, want)
	}
}
