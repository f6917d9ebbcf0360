package mesh

import (
	"fmt"
	"math/big"
)

// ClusterNode is what one node of a cluster has: Kubernetes' capacity.
type ClusterNode struct{ CPU, Memory string }

// Below either of the two Kyma's module installs its light template
// (kyma-project/istio 1.30.0, internal/clusterconfig/clusterconfig.go; the
// constant for the memory is called Gi and counts by tens).
const (
	productionCPUs     = 5
	productionGigabyte = 10
)

// ProfileFor says which profile Kyma's module would choose for a cluster of these
// nodes, and why. An amount that is no quantity of Kubernetes is an error.
func ProfileFor(nodes []ClusterNode) (profile, why string, err error) {
	cpu, memory := new(big.Rat), new(big.Rat)
	for _, n := range nodes {
		for _, sum := range []struct {
			to   *big.Rat
			text string
		}{{cpu, n.CPU}, {memory, n.Memory}} {
			q, ok := parseQuantity(sum.text)
			if !ok {
				return "", "", fmt.Errorf("%q is no quantity of Kubernetes; write it as 4, 4000m, 16Gi or 16G", sum.text)
			}
			sum.to.Add(sum.to, q)
		}
	}
	gigabytes := new(big.Rat).Quo(memory, big.NewRat(1_000_000_000, 1))
	profile, sign := "production", "at least"
	if cpu.Cmp(big.NewRat(productionCPUs, 1)) < 0 || gigabytes.Cmp(big.NewRat(productionGigabyte, 1)) < 0 {
		profile, sign = "evaluation", "not both of"
	}
	c, _ := cpu.Float64()
	g, _ := gigabytes.Float64()
	return profile, fmt.Sprintf("the nodes have %.4g CPUs and %.4g GB, %s %d CPUs and %d GB", c, g, sign, productionCPUs, productionGigabyte), nil
}
