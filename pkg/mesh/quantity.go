package mesh

import (
	"math/big"

	"github.com/kymamesh/kymamesh/internal/pattern"
	"github.com/kymamesh/kymamesh/pkg/diag"
)

// A quantity as Kubernetes writes it. Its own parser would bring Kubernetes'
// machinery into everything that imports this library; test/istio holds this one
// against it.
var quantityText = pattern.New(`^([0-9]+(?:\.[0-9]*)?|\.[0-9]+)(?:(m|k|M|G|T|P|E|Ki|Mi|Gi|Ti|Pi|Ei)|[eE]([-+]?[0-9]{1,2}))?$`)

// powers of the suffixes, of 10 and of 2.
var (
	decimalPower = map[string]int64{"": 0, "m": -3, "k": 3, "M": 6, "G": 9, "T": 12, "P": 15, "E": 18}
	binaryPower  = map[string]uint{"Ki": 10, "Mi": 20, "Gi": 30, "Ti": 40, "Pi": 50, "Ei": 60}
)

// parseQuantity is the number that a quantity means.
func parseQuantity(s string) (*big.Rat, bool) {
	m := quantityText.FindStringSubmatch(s)
	if m == nil {
		return nil, false
	}
	n, ok := new(big.Rat).SetString(m[1])
	if !ok {
		return nil, false
	}
	if m[3] != "" {
		return new(big.Rat).SetString(s) // 1e3 is how Go writes it, too
	}
	if bits, binary := binaryPower[m[2]]; binary {
		return n.Mul(n, new(big.Rat).SetInt(new(big.Int).Lsh(big.NewInt(1), bits))), true
	}
	power := decimalPower[m[2]]
	factor := new(big.Rat).SetInt(new(big.Int).Exp(big.NewInt(10), big.NewInt(max(power, -power)), nil))
	if power < 0 {
		return n.Quo(n, factor), true
	}
	return n.Mul(n, factor), true
}

// Above tells whether one quantity of Kubernetes is more than another; what is no
// quantity is not.
func Above(a, b string) bool {
	x, ok := parseQuantity(a)
	y, ok2 := parseQuantity(b)
	return ok && ok2 && x.Cmp(y) > 0
}

// quantity reads a written amount; an empty one says nothing.
func (r *resolver) quantity(at diag.Path, written string) (*big.Rat, bool) {
	if written == "" {
		return nil, true
	}
	q, ok := parseQuantity(written)
	if !ok {
		r.ds.Errorf(diag.CodeValue, at, "%q is no quantity of Kubernetes; write it as 100m, 0.5, 128Mi or 1Gi", written)
	}
	return q, ok
}
