package istio

import (
	"context"
	"crypto"
	"crypto/tls"
	"crypto/x509"
	"encoding/json"
	"fmt"
	"net"
	"os"
	"path/filepath"
	"sync"
	"testing"
	"time"

	"google.golang.org/grpc"
	"google.golang.org/grpc/connectivity"
	"google.golang.org/grpc/credentials"
	"google.golang.org/grpc/credentials/insecure"
	xdscredentials "google.golang.org/grpc/credentials/xds"
	"google.golang.org/grpc/health"
	healthpb "google.golang.org/grpc/health/grpc_health_v1"
	"google.golang.org/grpc/peer"
	xdsgrpc "google.golang.org/grpc/xds"
	"istio.io/istio/pilot/pkg/model"
	"istio.io/istio/pkg/config/constants"
	"istio.io/istio/pkg/istio-agent/grpcxds"
	"istio.io/istio/pkg/spiffe"
	pki "istio.io/istio/security/pkg/pki/util"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
)

const (
	trustDomain = "cluster.local"
	// patience bounds what takes milliseconds when all is right.
	patience = 15 * time.Second
)

// dataplane is the traffic of a case: gRPC servers in the place of the pods, and
// a client. All read their configuration from Pilot, as sidecars do.
type dataplane struct {
	pilot *pilot
	// discovery is where Pilot answers.
	discovery string
	root      *authority
	// listeners lead from the address of a pod to one of this machine, backends
	// from there to NAMESPACE/POD:PORT. Pods so keep the addresses and ports that
	// policies name.
	listeners, backends map[string]string
	client              *corev1.Pod
	clientTLS           credentials.TransportCredentials
}

func startDataplane(t *testing.T, c testCase) *dataplane {
	t.Helper()
	d := &dataplane{
		pilot: startPilot(t, c), root: newAuthority(t),
		listeners: map[string]string{}, backends: map[string]string{},
		client: &corev1.Pod{
			ObjectMeta: metav1.ObjectMeta{Namespace: "clients", Name: "client"},
			Spec:       corev1.PodSpec{ServiceAccountName: "client"},
			Status:     corev1.PodStatus{PodIP: "10.9.9.9"},
		},
	}
	d.clientTLS = d.root.transport(t, d.root.identity(t, d.client))
	listener := listen(t)
	d.discovery = listener.Addr().String()
	server := grpc.NewServer()
	d.pilot.Discovery.Register(server)
	go func() { _ = server.Serve(listener) }()
	t.Cleanup(server.Stop)
	d.startBackends(t)
	return d
}

// listen takes a free port of this machine.
func listen(t *testing.T) net.Listener {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = l.Close() })
	return l
}

// startBackends starts a server for every port of an application's pod to which
// a Service leads.
func (d *dataplane) startBackends(t *testing.T) {
	t.Helper()
	serving := map[string]<-chan struct{}{}
	for _, slice := range d.pilot.cluster.endpoints() {
		for _, endpoint := range slice.Endpoints {
			pod := d.pilot.cluster.pods[named{Namespace: endpoint.TargetRef.Namespace, Name: endpoint.TargetRef.Name}]
			for _, port := range slice.Ports {
				address := podAddress(pod, int(*port.Port))
				if pod.Namespace != istioSystem && d.listeners[address.String()] == "" {
					serving[address.String()] = d.startBackend(t, pod, address)
				}
			}
		}
	}
	deadline := time.After(patience)
	for address, ready := range serving {
		select {
		case <-ready:
		case <-deadline:
			t.Fatalf("Pilot does not tell %s how to serve", d.backends[d.listeners[address]])
		}
	}
}

func podAddress(pod *corev1.Pod, port int) *net.TCPAddr {
	return &net.TCPAddr{IP: net.ParseIP(pod.Status.PodIP), Port: port}
}

// startBackend starts the server on one port of a pod. It serves as Pilot says:
// with mutual TLS, or without. The channel is closed as soon as it does.
func (d *dataplane) startBackend(t *testing.T, pod *corev1.Pod, address *net.TCPAddr) <-chan struct{} {
	t.Helper()
	transport, err := xdscredentials.NewServerCredentials(xdscredentials.ServerOptions{FallbackCreds: insecure.NewCredentials()})
	if err != nil {
		t.Fatal(err)
	}
	ready := make(chan struct{})
	serves := sync.OnceFunc(func() { close(ready) })
	server, err := xdsgrpc.NewGRPCServer(
		grpc.Creds(transport),
		xdsgrpc.BootstrapContentsForTesting(d.bootstrap(t, pod)),
		xdsgrpc.ServingModeCallback(func(_ net.Addr, change xdsgrpc.ServingModeChangeArgs) {
			if change.Mode == connectivity.ServingModeServing {
				serves()
			}
		}),
	)
	if err != nil {
		t.Fatal(err)
	}
	healthpb.RegisterHealthServer(server, health.NewServer())
	listener := listen(t)
	d.listeners[address.String()] = listener.Addr().String()
	d.backends[listener.Addr().String()] = fmt.Sprintf("%s/%s:%d", pod.Namespace, pod.Name, address.Port)
	go func() { _ = server.Serve(podListener{listener, address}) }()
	t.Cleanup(server.Stop)
	return ready
}

// podListener listens on this machine and says that it does at the pod's
// address: by that the server asks Pilot for its configuration.
type podListener struct {
	net.Listener
	address *net.TCPAddr
}

func (l podListener) Addr() net.Addr { return l.address }

// bootstrap is the file that Istio's agent writes for a program that reads xDS
// itself.
func (d *dataplane) bootstrap(t *testing.T, pod *corev1.Pod) []byte {
	t.Helper()
	proxy := d.pilot.proxy(model.SidecarProxy, pod)
	metadata := *proxy.Metadata
	metadata.Generator = "grpc"
	metadata.InstanceIPs = proxy.IPAddresses
	bootstrap, err := grpcxds.GenerateBootstrap(grpcxds.GenerateBootstrapOptions{
		Node: &model.Node{
			ID:       fmt.Sprintf("%s~%s~%s~%s%s", proxy.Type, pod.Status.PodIP, proxy.ID, pod.Namespace, clusterSuffix),
			Metadata: &model.BootstrapNodeMetadata{NodeMetadata: metadata},
		},
		DiscoveryAddress: d.discovery,
		CertDir:          d.root.identity(t, pod),
	})
	if err != nil {
		t.Fatal(err)
	}
	text, err := json.Marshal(bootstrap)
	if err != nil {
		t.Fatal(err)
	}
	return text
}

// steered is a connection of the client that goes where Pilot sends it.
func (d *dataplane) steered(t *testing.T, service string) *grpc.ClientConn {
	t.Helper()
	resolver, err := xdsgrpc.NewXDSResolverWithConfigForTesting(d.bootstrap(t, d.client))
	if err != nil {
		t.Fatal(err)
	}
	// Without a DestinationRule that says ISTIO_MUTUAL, Pilot tells gRPC nothing
	// of TLS. A sidecar then uses mutual TLS of its own accord, and so do we.
	return d.connect(t, "xds:///"+service, d.clientTLS, grpc.WithResolvers(resolver))
}

// straight is a connection of the client to one pod, past all routes.
func (d *dataplane) straight(t *testing.T, address string, transport credentials.TransportCredentials) *grpc.ClientConn {
	t.Helper()
	return d.connect(t, "passthrough:///"+address, transport)
}

func (d *dataplane) connect(t *testing.T, target string, transport credentials.TransportCredentials, options ...grpc.DialOption) *grpc.ClientConn {
	t.Helper()
	conn, err := grpc.NewClient(target, append(options,
		grpc.WithTransportCredentials(transport),
		grpc.WithContextDialer(func(ctx context.Context, address string) (net.Conn, error) {
			if d.listeners[address] == "" {
				return nil, fmt.Errorf("nobody serves at %s", address)
			}
			return new(net.Dialer).DialContext(ctx, "tcp", d.listeners[address])
		}),
	)...)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = conn.Close() })
	return conn
}

// call makes one call and says which backend took it.
func (d *dataplane) call(conn *grpc.ClientConn, options ...grpc.CallOption) (string, error) {
	ctx, cancel := context.WithTimeout(context.Background(), patience)
	defer cancel()
	var by peer.Peer
	_, err := healthpb.NewHealthClient(conn).Check(ctx, &healthpb.HealthCheckRequest{}, append(options, grpc.Peer(&by))...)
	if err != nil {
		return "", err
	}
	return d.backends[by.Addr.String()], nil
}

// authority signs the identities of the mesh's workloads, as istiod does.
type authority struct {
	certificate *x509.Certificate
	key         crypto.PrivateKey
	text        []byte
}

func newAuthority(t *testing.T) *authority {
	t.Helper()
	cert, key, err := pki.GenCertKeyFromOptions(pki.CertOptions{
		Org: trustDomain, TTL: time.Hour, IsCA: true, IsSelfSigned: true, ECSigAlg: pki.EcdsaSigAlg,
	})
	if err != nil {
		t.Fatal(err)
	}
	a := &authority{text: cert}
	if a.certificate, err = pki.ParsePemEncodedCertificate(cert); err != nil {
		t.Fatal(err)
	}
	if a.key, err = pki.ParsePemEncodedKey(key); err != nil {
		t.Fatal(err)
	}
	return a
}

// identity is a folder with the files that Istio's agent keeps for a workload.
func (a *authority) identity(t *testing.T, pod *corev1.Pod) string {
	t.Helper()
	cert, key, err := pki.GenCertKeyFromOptions(pki.CertOptions{
		Host: spiffe.MustGenSpiffeURIForTrustDomain(trustDomain, pod.Namespace, pod.Spec.ServiceAccountName),
		TTL:  time.Hour, IsClient: true, IsServer: true, ECSigAlg: pki.EcdsaSigAlg,
		SignerCert: a.certificate, SignerPriv: a.key,
	})
	if err != nil {
		t.Fatal(err)
	}
	folder := t.TempDir()
	for name, text := range map[string][]byte{
		constants.CertChainFilename: cert, constants.KeyFilename: key, constants.RootCertFilename: a.text,
	} {
		if err := os.WriteFile(filepath.Join(folder, name), text, 0o600); err != nil {
			t.Fatal(err)
		}
	}
	return folder
}

// transport is mutual TLS as a sidecar begins it.
func (a *authority) transport(t *testing.T, identity string) credentials.TransportCredentials {
	t.Helper()
	cert, err := tls.LoadX509KeyPair(filepath.Join(identity, constants.CertChainFilename), filepath.Join(identity, constants.KeyFilename))
	if err != nil {
		t.Fatal(err)
	}
	verifier := spiffe.NewPeerCertVerifier()
	verifier.AddMapping(trustDomain, []*x509.Certificate{a.certificate})
	return credentials.NewTLS(&tls.Config{
		Certificates: []tls.Certificate{cert},
		// Go would look for a host name; the identity of a workload is a URI.
		InsecureSkipVerify:    true,
		VerifyPeerCertificate: verifier.VerifyPeerCert,
	})
}
