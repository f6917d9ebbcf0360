package mesh

import (
	"math/big"
	"slices"
	"strings"

	"google.golang.org/protobuf/proto"
	networking "istio.io/api/networking/v1alpha3"

	"github.com/kymamesh/kymamesh/pkg/diag"
	"github.com/kymamesh/kymamesh/pkg/spec"
)

// policyWords are the three words about how clients call a service's pods.
type policyWords struct {
	loadBalancer     *networking.LoadBalancerSettings
	connectionPool   *networking.ConnectionPoolSettings
	outlierDetection *networking.OutlierDetection
}

func (w policyWords) said() bool {
	return w.loadBalancer != nil || w.connectionPool != nil || w.outlierDetection != nil
}

func (w policyWords) policy() TrafficPolicy {
	return TrafficPolicy{
		LoadBalancer:     proto.CloneOf(w.loadBalancer),
		ConnectionPool:   proto.CloneOf(w.connectionPool),
		OutlierDetection: proto.CloneOf(w.outlierDetection),
	}
}

func (s *service) policyWords() policyWords {
	return policyWords{s.LoadBalancer, s.ConnectionPool, s.OutlierDetection}
}

func versionPolicy(v spec.Version) policyWords {
	return policyWords{v.LoadBalancer, v.ConnectionPool, v.OutlierDetection}
}

// policies checks the policy words of a service and of its versions. What Istio
// would refuse is refused here.
func (r *resolver) policies(s *service) {
	own := s.policyWords()
	r.policy(s.at, own, own.outlierDetection)
	for _, name := range sortedKeys(s.Versions) {
		w := versionPolicy(s.Versions[name])
		ejection := w.outlierDetection
		if ejection == nil {
			ejection = own.outlierDetection
		}
		r.policy(s.at("versions").Key(name).Key, w, ejection)
	}
	if own.loadBalancer.GetConsistentHash() != nil && len(s.Split) > 1 {
		r.ds.Warnf(diag.CodeUnused, s.at("loadBalancer"), "affinity holds inside a version; which version is drawn for each request. Route by header or cookie to keep a user on one version")
	}
	if own.outlierDetection != nil && own.loadBalancer.GetLocalityLbSetting() == nil && own.loadBalancer.GetZoneAwareLbSetting() == nil {
		r.ds.Warnf(diag.CodeUnused, s.at("outlierDetection"), "outlierDetection switches locality preference on; write loadBalancer: {localityLbSetting: {enabled: false}} to keep all zones equal")
	}
}

// policy checks the words of one place. ejection is the outlierDetection that
// holds there, without which Istio never fails over.
func (r *resolver) policy(at place, w policyWords, ejection *networking.OutlierDetection) {
	if !w.said() {
		return
	}
	needs(r, at("loadBalancer"), w.loadBalancer)
	needs(r, at("connectionPool"), w.connectionPool)
	needs(r, at("outlierDetection"), w.outlierDetection)
	r.connectionPool(at("connectionPool"), w.connectionPool)
	r.outlierDetection(at("outlierDetection"), w.outlierDetection)
	if w.loadBalancer == nil {
		return
	}
	lb := at("loadBalancer")
	if proto.Size(w.loadBalancer) == 0 {
		r.ds.Errorf(diag.CodeEmpty, lb, "empty; write simple, consistentHash, localityLbSetting or warmup")
	}
	r.consistentHash(lb.Key("consistentHash"), w.loadBalancer.GetConsistentHash())
	r.locality(lb, w.loadBalancer, ejection)
	r.warmup(lb, w.loadBalancer)
}

// atLeastZero refuses negative numbers.
func (r *resolver) atLeastZero(at diag.Path, n int32) {
	if n < 0 {
		r.ds.Errorf(diag.CodeValue, at, "want 0 or more, got %d", n)
	}
}

func (r *resolver) connectionPool(at diag.Path, w *networking.ConnectionPoolSettings) {
	if w == nil {
		return
	}
	if w.Tcp == nil && w.Http == nil {
		r.ds.Errorf(diag.CodeEmpty, at, "empty; write tcp or http")
	}
	if tcp, at := w.Tcp, at.Key("tcp"); tcp != nil {
		r.atLeastZero(at.Key("maxConnections"), tcp.MaxConnections)
		r.duration(at.Key("connectTimeout"), tcp.ConnectTimeout)
		r.duration(at.Key("maxConnectionDuration"), tcp.MaxConnectionDuration)
		if filled(tcp.IdleTimeout) != nil { // 0s is for ever
			r.duration(at.Key("idleTimeout"), tcp.IdleTimeout)
		}
		r.duration(at.Key("tcpKeepalive").Key("time"), tcp.GetTcpKeepalive().GetTime())
		r.duration(at.Key("tcpKeepalive").Key("interval"), tcp.GetTcpKeepalive().GetInterval())
	}
	if w.Http != nil {
		r.httpPool(at.Key("http"), w.Http)
	}
}

func (r *resolver) httpPool(at diag.Path, w *networking.ConnectionPoolSettings_HTTPSettings) {
	r.atLeastZero(at.Key("http1MaxPendingRequests"), w.Http1MaxPendingRequests)
	r.atLeastZero(at.Key("http2MaxRequests"), w.Http2MaxRequests)
	r.atLeastZero(at.Key("maxRequestsPerConnection"), w.MaxRequestsPerConnection)
	r.atLeastZero(at.Key("maxRetries"), w.MaxRetries)
	r.atLeastZero(at.Key("maxConcurrentStreams"), w.MaxConcurrentStreams)
	r.duration(at.Key("idleTimeout"), w.IdleTimeout)
	if w.UseClientProtocol && w.H2UpgradePolicy == networking.ConnectionPoolSettings_HTTPSettings_UPGRADE {
		r.ds.Errorf(diag.CodeExclusive, at.Key("useClientProtocol"), "h2UpgradePolicy: UPGRADE and useClientProtocol exclude each other")
	}
	if alive := w.Http2KeepAlive; alive != nil {
		at := at.Key("http2KeepAlive")
		if alive.Interval == nil || alive.Timeout == nil {
			r.ds.Errorf(diag.CodeMissing, at, "write interval and timeout")
		}
		r.duration(at.Key("interval"), alive.Interval)
		r.duration(at.Key("timeout"), alive.Timeout)
	}
}

func (r *resolver) outlierDetection(at diag.Path, w *networking.OutlierDetection) {
	if w == nil {
		return
	}
	if w.ConsecutiveLocalOriginFailures.GetValue() > 0 && !w.SplitExternalLocalOriginErrors {
		r.ds.Errorf(diag.CodeMissing, at.Key("consecutiveLocalOriginFailures"), "it needs splitExternalLocalOriginErrors: true")
	}
	for i, code := range w.OutlierDetectionHttpErrorCodes {
		if code < 100 || code > 599 {
			r.ds.Errorf(diag.CodeValue, at.Key("outlierDetectionHttpErrorCodes").Index(i), "%d is no HTTP status; 100 to 599", code)
		}
	}
	r.duration(at.Key("interval"), w.Interval)
	r.duration(at.Key("baseEjectionTime"), w.BaseEjectionTime)
	for _, p := range []struct {
		word  string
		value int32
	}{{"maxEjectionPercent", w.MaxEjectionPercent}, {"minHealthPercent", w.MinHealthPercent}} {
		if p.value < 0 || p.value > 100 {
			r.ds.Errorf(diag.CodeValue, at.Key(p.word), "want 0 to 100, got %d", p.value)
		}
	}
}

func (r *resolver) consistentHash(at diag.Path, w *networking.LoadBalancerSettings_ConsistentHashLB) {
	if w == nil {
		return
	}
	switch key := w.HashKey.(type) {
	case nil:
		r.ds.Errorf(diag.CodeMissing, at, "write httpHeaderName, httpCookie, useSourceIp or httpQueryParameterName")
	case *networking.LoadBalancerSettings_ConsistentHashLB_HttpHeaderName:
		if !headerName.MatchString(key.HttpHeaderName) {
			r.ds.Errorf(diag.CodeName, at.Key("httpHeaderName"), "%q is no header name", key.HttpHeaderName)
		}
	case *networking.LoadBalancerSettings_ConsistentHashLB_HttpQueryParameterName:
		if key.HttpQueryParameterName == "" {
			r.ds.Errorf(diag.CodeEmpty, at.Key("httpQueryParameterName"), "empty; write a name")
		}
	}
	r.cookieHash(at.Key("httpCookie"), w.GetHttpCookie())
	if m := w.GetMaglev(); m != nil {
		const most = 5_000_011
		if m.TableSize == 0 || m.TableSize >= most || !new(big.Int).SetUint64(m.TableSize).ProbablyPrime(0) {
			r.ds.Errorf(diag.CodeValue, at.Key("maglev").Key("tableSize"), "want a prime number below %d, got %d", most, m.TableSize)
		}
	}
}

func (r *resolver) cookieHash(at diag.Path, w *networking.LoadBalancerSettings_ConsistentHashLB_HTTPCookie) {
	if w == nil {
		return
	}
	if w.Name == "" {
		r.ds.Errorf(diag.CodeMissing, at.Key("name"), "write the cookie's name")
	}
	seen := map[string]bool{}
	for i, a := range w.Attributes {
		if a.GetName() == "" || seen[a.GetName()] {
			r.ds.Errorf(diag.CodeName, at.Key("attributes").Index(i), "write a name, each one once")
		}
		seen[a.GetName()] = true
	}
}

// warmup is how long new pods are spared.
func (r *resolver) warmup(at diag.Path, w *networking.LoadBalancerSettings) {
	if w.Warmup == nil {
		return
	}
	at = at.Key("warmup")
	if w.Warmup.Duration == nil {
		r.ds.Errorf(diag.CodeMissing, at.Key("duration"), "write how long new pods get fewer requests")
	}
	r.duration(at.Key("duration"), w.Warmup.Duration)
	if p := w.Warmup.MinimumPercent; p != nil && (p.Value < 0 || p.Value > 100) {
		r.ds.Errorf(diag.CodeValue, at.Key("minimumPercent"), "want 0 to 100, got %v", p.Value)
	}
	if a := w.Warmup.Aggression; a != nil && a.Value < 1 {
		r.ds.Errorf(diag.CodeValue, at.Key("aggression"), "want 1 or more, got %v", a.Value)
	}
	_, hashed := w.LbPolicy.(*networking.LoadBalancerSettings_ConsistentHash)
	if simple := w.GetSimple(); hashed || simple == networking.LoadBalancerSettings_RANDOM || simple == networking.LoadBalancerSettings_PASSTHROUGH {
		r.ds.Errorf(diag.CodeExclusive, at, "only simple: ROUND_ROBIN and LEAST_REQUEST warm pods up")
	}
}

// locality checks where requests go when pods lie in several regions.
func (r *resolver) locality(at diag.Path, w *networking.LoadBalancerSettings, ejection *networking.OutlierDetection) {
	l, zone := w.LocalityLbSetting, w.ZoneAwareLbSetting
	if l != nil && zone != nil {
		r.ds.Errorf(diag.CodeExclusive, at.Key("zoneAwareLbSetting"), "localityLbSetting and zoneAwareLbSetting exclude each other")
	}
	if l != nil {
		at := at.Key("localityLbSetting")
		if len(l.Distribute) > 0 && len(l.Failover) > 0 {
			r.ds.Errorf(diag.CodeExclusive, at.Key("failover"), "distribute and failover exclude each other")
		}
		r.distribute(at.Key("distribute"), l.Distribute)
		failover(r, at, l.Failover, l.FailoverPriority, len(l.Failover) > 0, ejection)
	}
	if zone != nil {
		if n := zone.MinClusterSize; n != nil && n.Value == 0 {
			r.ds.Errorf(diag.CodeValue, at.Key("zoneAwareLbSetting").Key("minClusterSize"), "want 1 or more, got 0")
		}
		failover(r, at.Key("zoneAwareLbSetting"), zone.Failover, zone.FailoverPriority, true, ejection)
	}
}

// regions are the two ends of a failover.
type regions interface {
	GetFrom() string
	GetTo() string
}

// topologyLabels are those that failover between regions means already.
var topologyLabels = []string{"topology.kubernetes.io/region", "topology.kubernetes.io/zone", "topology.istio.io/subzone"}

// failover checks the two messages that say where requests go when a region is
// down. ordered says that the order of regions is said already.
func failover[F regions](r *resolver, at diag.Path, all []F, priority []string, ordered bool, ejection *networking.OutlierDetection) {
	if len(all)+len(priority) > 0 && ejection == nil {
		r.ds.Errorf(diag.CodeMissing, at, "failover needs outlierDetection: without it Istio never fails over")
	}
	for i, f := range all {
		if f.GetFrom() == "" || f.GetTo() == "" || f.GetFrom() == f.GetTo() || strings.ContainsAny(f.GetFrom()+f.GetTo(), "/*") {
			r.ds.Errorf(diag.CodeValue, at.Key("failover").Index(i), "want two regions in from and to, without / and *")
		}
	}
	for i, label := range priority {
		if ordered && slices.Contains(topologyLabels, label) {
			r.ds.Errorf(diag.CodeExclusive, at.Key("failoverPriority").Index(i), "failover and %s exclude each other", label)
		}
	}
}

func (r *resolver) distribute(at diag.Path, all []*networking.LocalityLoadBalancerSetting_Distribute) {
	var from []string
	for i, d := range all {
		at := at.Index(i)
		r.apart(at.Key("from"), d.GetFrom(), from)
		from = append(from, d.GetFrom())
		var to []string
		sum := 0
		for _, locality := range sortedKeys(d.GetTo()) {
			weight := int(d.To[locality])
			r.apart(at.Key("to").Key(locality), locality, to)
			to = append(to, locality)
			if weight < 1 || weight > 100 {
				r.ds.Errorf(diag.CodeSplit, at.Key("to").Key(locality), "want 1 to 100, got %d", weight)
			}
			sum += weight
		}
		if sum != 100 {
			r.ds.Errorf(diag.CodeSplit, at.Key("to"), "the sum is %d; it must be 100", sum)
		}
	}
}

// apart refuses a locality that is none, or that lies in another one.
func (r *resolver) apart(at diag.Path, locality string, others []string) {
	parts := localityParts(locality)
	if len(parts) > 3 || slices.ContainsFunc(parts, func(p string) bool { return p == "" || strings.Contains(p, "*") }) {
		r.ds.Errorf(diag.CodeName, at, "%q is no locality; write region, region/zone or region/zone/subzone, or * for the last part", locality)
		return
	}
	for _, other := range others {
		o := localityParts(other)
		if n := min(len(o), len(parts)); slices.Equal(o[:n], parts[:n]) {
			r.ds.Errorf(diag.CodeDuplicate, at, "%s and %s overlap; keep them apart", locality, other)
			return
		}
	}
}

// localityParts are region, zone and subzone, as far as they are not *.
func localityParts(locality string) []string {
	parts := strings.Split(locality, "/")
	if last := len(parts) - 1; parts[last] == "*" {
		return parts[:last]
	}
	return parts
}
