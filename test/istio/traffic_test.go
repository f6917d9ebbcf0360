package istio

import (
	"cmp"
	"errors"
	"fmt"
	"maps"
	"math"
	"net"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"

	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/credentials"
	"google.golang.org/grpc/credentials/insecure"
	"google.golang.org/grpc/status"
)

// testdata/AREA/CASE.traffic says what really happens to calls, one sentence a
// line, as the .envoy files say what Envoy would do. A document that no case has
// stands beside its sentences, in CASE.yaml.
//
//	2000 calls to reviews.shop:80 -> shop/reviews.v1:8080 90%, shop/reviews.v2:8080 10%
//	inbound db.shop:5432 -> mtls | plaintext
//
// Calls go to a port of a service, and are taken by ports of pods. inbound is a
// connection to a port of each of the service's pods.
//
// gRPC takes the place of Envoy. It knows no PERMISSIVE, no gateways, and of a
// DestinationRule's TLS only ISTIO_MUTUAL; those are for the .envoy files.

// TestTraffic makes the calls of the sentences.
func TestTraffic(t *testing.T) {
	files, err := filepath.Glob(filepath.Join("testdata", "*", "*.traffic"))
	if err != nil || len(files) == 0 {
		t.Fatalf("no sentences: %v", err)
	}
	for _, file := range files {
		stem := strings.TrimSuffix(file, ".traffic")
		t.Run(strings.TrimPrefix(filepath.ToSlash(stem), "testdata/"), func(t *testing.T) {
			t.Parallel()
			c, err := caseOf(stem)
			if err != nil {
				t.Fatalf("%s: %v", file, err)
			}
			text, err := os.ReadFile(file)
			if err != nil {
				t.Fatal(err)
			}
			startDataplane(t, c).hold(t, file, string(text))
		})
	}
}

// caseOf is the case that a file of sentences is about: the document beside it,
// else the golden case or example of that name.
func caseOf(stem string) (testCase, error) {
	name := strings.TrimPrefix(filepath.ToSlash(stem), "testdata/")
	if _, err := os.Stat(stem + ".yaml"); err == nil {
		return rendered(name, stem+".yaml")
	}
	all, err := cases()
	if err != nil {
		return testCase{}, err
	}
	i := slices.IndexFunc(all, func(c testCase) bool { return c.name == name })
	if i < 0 {
		return testCase{}, errors.New("there is no such case any more")
	}
	return all[i], nil
}

// hold tries every sentence.
func (d *dataplane) hold(t *testing.T, file, text string) {
	t.Helper()
	eachSentence(t, file, text, func(sentence string) error { return d.try(t, sentence) })
}

// try makes the experiment of a sentence and compares what comes of it.
func (d *dataplane) try(t *testing.T, sentence string) error {
	experiment, want, ok := strings.Cut(sentence, " -> ")
	words := strings.Fields(experiment)
	switch {
	case !ok:
		return errors.New("no -> in the sentence")
	case len(words) == 4 && words[1] == "calls" && words[2] == "to":
		return d.calls(t, words[0], words[3], want)
	case len(words) == 2 && words[0] == "inbound":
		return d.inbound(t, words[1], want)
	}
	return fmt.Errorf("no experiment %q", experiment)
}

// hostPort reads NAME.NAMESPACE:PORT.
func hostPort(object string) (string, int, error) {
	host, port, path, err := hostPortPath(object)
	if err == nil && path != "/" {
		err = fmt.Errorf("%q: want no path", object)
	}
	return host, port, err
}

// calls makes a number of calls to a service and compares their shares.
func (d *dataplane) calls(t *testing.T, number, service, want string) error {
	host, port, err := hostPort(service)
	if err != nil {
		return err
	}
	n, err := strconv.Atoi(number)
	if err != nil {
		return err
	}
	shares, err := sharesOf(want, n)
	if err != nil {
		return err
	}
	conn := d.steered(t, fmt.Sprintf("%s:%d", host, port))
	for i := range n {
		// Pilot's first answer may come before it has seen all endpoints.
		backend, err := d.call(conn, grpc.WaitForReady(true))
		if err != nil {
			return fmt.Errorf("call %d: %w", i+1, err)
		}
		s := shares[backend]
		s.took++
		shares[backend] = s
	}
	var wrong []error
	for _, backend := range slices.Sorted(maps.Keys(shares)) {
		if s := shares[backend]; s.took < s.least || s.took > s.most {
			wrong = append(wrong, fmt.Errorf("%s took %d of %d calls, want %d to %d", backend, s.took, n, s.least, s.most))
		}
	}
	return errors.Join(wrong...)
}

// share is how many calls a backend took, and how many it may take.
type share struct{ took, least, most int }

// sharesOf reads BACKEND PERCENT%, ... A backend that is not written takes none.
func sharesOf(text string, n int) (map[string]share, error) {
	shares := map[string]share{}
	for part := range strings.SplitSeq(text, ", ") {
		backend, number, _ := strings.Cut(part, " ")
		number, ok := strings.CutSuffix(number, "%")
		percent, err := strconv.ParseFloat(number, 64)
		if err != nil || !ok {
			return nil, fmt.Errorf("%q: want NAMESPACE/POD:PORT PERCENT%%", part)
		}
		// A weight is the chance of each call by itself. Six standard deviations
		// around the mean are left by a right build less than once in a million.
		p := percent / 100
		mean, width := p*float64(n), 6*math.Sqrt(p*(1-p)*float64(n))
		s := share{least: int(math.Ceil(mean - width)), most: int(math.Floor(mean + width))}
		if s.least < 1 {
			return nil, fmt.Errorf("%d calls are too few to tell %s from none", n, part)
		}
		shares[backend] = s
	}
	return shares, nil
}

// inbound compares what each pod of a service takes on a port.
func (d *dataplane) inbound(t *testing.T, object, want string) error {
	host, port, err := hostPort(object)
	if err != nil {
		return err
	}
	name, namespace, _ := strings.Cut(strings.TrimSuffix(host, clusterSuffix), ".")
	pods := d.pilot.cluster.podsOf(named{Namespace: namespace, Name: name})
	if len(pods) == 0 {
		return fmt.Errorf("no pod of %s", object)
	}
	for _, pod := range pods {
		got, err := d.takes(t, podAddress(pod, port))
		if err != nil {
			return fmt.Errorf("%s/%s: %w", pod.Namespace, pod.Name, err)
		}
		if got != want {
			return fmt.Errorf("%s/%s takes %s", pod.Namespace, pod.Name, got)
		}
	}
	return nil
}

// takes says which connections a port of a pod accepts.
func (d *dataplane) takes(t *testing.T, address *net.TCPAddr) (string, error) {
	if d.listeners[address.String()] == "" {
		return "", fmt.Errorf("no Service leads to port %d", address.Port)
	}
	var taken []string
	for _, transport := range []struct {
		name string
		credentials.TransportCredentials
	}{{"mtls", d.clientTLS}, {"plaintext", insecure.NewCredentials()}} {
		_, err := d.call(d.straight(t, address.String(), transport.TransportCredentials))
		switch status.Code(err) {
		case codes.OK:
			taken = append(taken, transport.name)
		case codes.Unavailable: // the server closed the connection
		default:
			return "", err
		}
	}
	return cmp.Or(strings.Join(taken, " or "), "nothing"), nil
}
