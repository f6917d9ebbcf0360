package mesh

import (
	"maps"

	"github.com/kymamesh/kymamesh/pkg/diag"
)

// saidOfPods are the services for whose pods a word was said, by a label in their
// namespace.
type saidOfPods struct {
	// selecting has each service at one label of its selector, which all the pods
	// that it selects have.
	selecting map[string][]*service
	// having has each service at every label of its pods.
	having map[string][]*service
}

// onePods refuses a word for pods that it is said of already, where Istio takes any
// of the two objects.
func (r *resolver) onePods(at diag.Path, s *service, said *saidOfPods) {
	if other, labels := said.before(s); other != nil {
		r.ds.Errorf(diag.CodeClash, at, "it is for pods of %s as well (%s), and Istio takes one of the two; say it at one of them", other.Name, labelText(labels))
		return
	}
	said.add(s)
}

// before is a service that has pods in common with s, and labels of such pods.
func (said *saidOfPods) before(s *service) (*service, map[string]string) {
	for _, pod := range s.pods() {
		for _, key := range sortedKeys(pod) {
			for _, other := range said.selecting[s.labelled(key, pod[key])] {
				if contained(other.selector(), pod) {
					return other, pod
				}
			}
		}
	}
	own := s.selector()
	for _, other := range said.having[s.rarest(own, said.having)] {
		for _, pod := range other.pods() {
			if contained(own, pod) {
				return other, pod
			}
		}
	}
	return nil, nil
}

func (said *saidOfPods) add(s *service) {
	if said.having == nil {
		said.having, said.selecting = map[string][]*service{}, map[string][]*service{}
	}
	own := s.selector()
	label := s.rarest(own, said.having)
	said.selecting[label] = append(said.selecting[label], s)
	all := map[string]bool{}
	for _, pod := range s.pods() {
		for key, value := range pod {
			all[s.labelled(key, value)] = true
		}
	}
	for _, label := range sortedKeys(all) {
		said.having[label] = append(said.having[label], s)
	}
}

// rarest is the label of those given that the fewest services have: many have a
// label like part-of in common.
func (s *service) rarest(labels map[string]string, having map[string][]*service) string {
	rarest := ""
	for _, key := range sortedKeys(labels) {
		if label := s.labelled(key, labels[key]); rarest == "" || len(having[label]) < len(having[rarest]) {
			rarest = label
		}
	}
	return rarest
}

func (s *service) labelled(key, value string) string {
	return s.Namespace + "/" + key + "=" + value
}

// pods are the labels of the service's pods: of any, and of those of each version,
// which are known when the service is resolved.
func (s *service) pods() []map[string]string {
	all := []map[string]string{s.selector()}
	for _, name := range sortedKeys(s.known) {
		if v := s.known[name]; v.Host == "" {
			pod := s.selector()
			maps.Copy(pod, v.Labels)
			all = append(all, pod)
		}
	}
	return all
}
