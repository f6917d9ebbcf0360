package mesh

import "testing"

func TestProfileFor(t *testing.T) {
	for _, c := range []struct {
		nodes   []ClusterNode
		profile string
	}{
		{[]ClusterNode{{"5", "10G"}}, "production"},
		{[]ClusterNode{{"4999m", "64Gi"}}, "evaluation"},
		{[]ClusterNode{{"64", "9999M"}}, "evaluation"},
		{[]ClusterNode{{"64", "9Gi"}}, "evaluation"}, // 9.66 GB
		{[]ClusterNode{{"2", "8Gi"}, {"2", "8Gi"}, {"1", "1Gi"}}, "production"},
		{nil, "evaluation"},
	} {
		if profile, why, err := ProfileFor(c.nodes); err != nil || profile != c.profile {
			t.Errorf("%v: %s, %s, %v; want %s", c.nodes, profile, why, err, c.profile)
		}
	}
	if _, _, err := ProfileFor([]ClusterNode{{"many", "1Gi"}}); err == nil {
		t.Error("many is taken for a quantity")
	}
}
