// Package matrix says who can talk to whom: for every workload and gateway of a
// package, and every port of its Services, how a connection between them is, or why
// there is none.
//
// It reads the model of the mesh and nothing else, and asks it once for every pair of
// kinds of callers and servers: those of which the model cannot tell a difference
// are one kind. Rows, and columns, that say the same are put together.
package matrix

import (
	"fmt"
	"slices"
	"strings"

	"github.com/kymamesh/kymamesh/pkg/topology"
)

// Word is what one caller's connection to one port is.
type Word string

// Depends is a connection of which policies let some calls through: by method,
// path, token, address. Mixed is a Service whose workloads differ.
const (
	MTLS      Word = "mTLS"
	Plaintext Word = "plaintext"
	OwnTLS    Word = "TLS"
	Depends   Word = "depends"
	Mixed     Word = "mixed"
	Refused   Word = "refused"
	Denied    Word = "denied"
	Unknown   Word = "unknown"
)

// Words are all words with what they mean, in the order of a legend.
var Words = []struct {
	Word
	Means string
}{
	{MTLS, "encrypted by the mesh, both ends known to each other"},
	{Plaintext, "not encrypted by the mesh"},
	{OwnTLS, "TLS that a DestinationRule starts"},
	{Depends, "policies let some calls through"},
	{Mixed, "the Service's workloads differ"},
	{Refused, "no connection"},
	{Denied, "a policy refuses every call"},
	{Unknown, "it depends on what the package does not hold"},
}

// Party is a caller, or a port of a Service when Port is not 0.
type Party struct {
	Kind      string `json:"kind"`
	Namespace string `json:"namespace,omitempty"`
	Name      string `json:"name"`
	Port      int    `json:"port,omitempty"`
}

// String is NAMESPACE/NAME, with the port.
func (p Party) String() string {
	name := p.Name
	if p.Namespace != "" {
		name = p.Namespace + "/" + name
	}
	if p.Port != 0 {
		name += fmt.Sprintf(":%d", p.Port)
	}
	return name
}

// Group are parties of one row, or one column.
type Group []Party

// Label is the first of a group, and how many more there are.
func (g Group) Label() string {
	if len(g) == 1 {
		return g[0].String()
	}
	return fmt.Sprintf("%s +%d", g[0], len(g)-1)
}

// Cell is what the callers of a row have with the ports of a column.
type Cell struct {
	Word Word `json:"word"`
	// Why are the reasons of what is no plain connection: at most [MaxReasons], and
	// More of how many others there are.
	Why  []string `json:"why,omitempty"`
	More int      `json:"more,omitempty"`
}

// MaxReasons is how many reasons a cell keeps.
const MaxReasons = 3

// Matrix has a row for each group of callers and a column for each of targets.
type Matrix struct {
	Callers []Group  `json:"callers"`
	Targets []Group  `json:"targets"`
	Cells   [][]Cell `json:"cells"`
}

// MaxPairs is how many pairs of kinds are asked for; ten thousand callers of which
// each is its own kind, and as many targets, would be a hundred million.
const MaxPairs = 250_000

// TooLargeError is a package with more pairs than [MaxPairs].
type TooLargeError struct{ Callers, Targets int }

func (e TooLargeError) Error() string {
	return fmt.Sprintf("%d kinds of callers and %d kinds of Services differ, too many for a table: name namespaces", e.Callers, e.Targets)
}

// Of is the matrix of a package: its callers, and the Services of the namespaces,
// or all of them when none is named. Only a [TooLargeError] is an error.
func Of(m *topology.Model, namespaces ...string) (Matrix, error) {
	b := &builder{Model: m}
	b.distinctions()
	b.addCallers()
	for _, namespace := range m.Namespaces() {
		if len(namespaces) == 0 || slices.Contains(namespaces, namespace) {
			b.addTargets(namespace)
		}
	}
	if len(b.callers.kinds)*len(b.targets.kinds) > MaxPairs {
		return Matrix{}, TooLargeError{len(b.callers.kinds), len(b.targets.kinds)}
	}
	return b.matrix(), nil
}

// kind are parties that the model cannot tell apart, with one of them to ask.
type kind[T any] struct {
	one     T
	members Group
}

// kinds are all of them, in the order of their first members.
type kinds[T any] struct {
	kinds []*kind[T]
	byKey map[string]*kind[T]
}

func (k *kinds[T]) add(key string, p Party, one T) {
	if k.byKey == nil {
		k.byKey = map[string]*kind[T]{}
	}
	if k.byKey[key] == nil {
		k.byKey[key] = &kind[T]{one: one}
		k.kinds = append(k.kinds, k.byKey[key])
	}
	k.byKey[key].members = append(k.byKey[key].members, p)
}

// caller is who opens connections, and target the port of a Service.
type caller struct {
	client  topology.Client
	account string
}

type target struct {
	service *topology.Service
	port    topology.Port
	// pods has one workload of each kind behind the Service.
	pods  []*topology.Workload
	known bool
}

type builder struct {
	*topology.Model
	differ
	callers kinds[caller]
	targets kinds[target]
}

// addCallers takes gateways and workloads; a workload that is a gateway stands
// among the workloads.
func (b *builder) addCallers() {
	for _, g := range b.Install().Gateways {
		c := caller{topology.Client{Namespace: g.Namespace, Labels: g.Labels, Sidecar: topology.Yes, Gateway: true}, g.Name + "-service-account"}
		b.callers.add(b.callerKey(c), Party{"Gateway", g.Namespace, g.Name, 0}, c)
	}
	for _, w := range b.AllWorkloads() {
		c := caller{b.ClientOf(w), w.ServiceAccount}
		b.callers.add(b.callerKey(c), Party{w.Kind, w.Namespace, w.Name, 0}, c)
	}
}

func (b *builder) addTargets(namespace string) {
	for _, name := range b.ServiceNames(namespace) {
		s, _ := b.Service(namespace, name)
		if s.ExternalName() != "" {
			continue
		}
		all, known := b.Behind(s)
		for _, port := range s.Ports() {
			t := target{service: s, port: port, known: known}
			var keys []string
			for _, w := range all {
				if key := b.podKey(w, port); !slices.Contains(keys, key) {
					keys, t.pods = append(keys, key), append(t.pods, w)
				}
			}
			slices.Sort(keys)
			key := b.serviceKey(s, port) + "\n" + strings.Join(keys, "\n") + fmt.Sprint(known)
			b.targets.add(key, Party{"Service", s.Namespace, s.Name, port.Number}, t)
		}
	}
}

// matrix asks for all pairs of kinds, and puts together what says the same.
func (b *builder) matrix() Matrix {
	cells := make([][]Cell, len(b.callers.kinds))
	rows := make([]Group, len(cells))
	for i, c := range b.callers.kinds {
		rows[i] = c.members
		for _, t := range b.targets.kinds {
			cells[i] = append(cells[i], b.meet(c.one, t.one))
		}
	}
	columns := make([]Group, len(b.targets.kinds))
	for i, t := range b.targets.kinds {
		columns[i] = t.members
	}
	if len(columns) == 0 {
		rows, cells = nil, nil
	}
	rows, cells = together(rows, cells)
	columns, cells = together(columns, turned(cells))
	cells = turned(cells)
	return Matrix{orEmpty(rows), orEmpty(columns), orEmpty(cells)}
}

func orEmpty[T any](list []T) []T {
	if list == nil {
		return []T{}
	}
	return list
}

// together puts groups with equal words into one.
func together(groups []Group, cells [][]Cell) ([]Group, [][]Cell) {
	var out []Group
	var lines [][]Cell
	at := map[string]int{}
	for i, line := range cells {
		var key strings.Builder
		for _, c := range line {
			key.WriteString(string(c.Word) + ",")
		}
		j, again := at[key.String()]
		if !again {
			at[key.String()] = len(out)
			out, lines = append(out, slices.Clone(groups[i])), append(lines, slices.Clone(line))
			continue
		}
		out[j] = append(out[j], groups[i]...)
		for k := range line {
			lines[j][k] = lines[j][k].with(line[k])
		}
	}
	return out, lines
}

// with is a cell with the reasons of another one too.
func (c Cell) with(other Cell) Cell {
	c.Why = slices.Clone(c.Why)
	for _, why := range other.Why {
		c = c.because(why)
	}
	c.More += other.More
	return c
}

func (c Cell) because(why string) Cell {
	switch {
	case why == "" || slices.Contains(c.Why, why):
	case len(c.Why) == MaxReasons:
		c.More++
	default:
		c.Why = append(c.Why, why)
	}
	return c
}

func turned(cells [][]Cell) [][]Cell {
	if len(cells) == 0 {
		return nil
	}
	out := make([][]Cell, len(cells[0]))
	for i := range out {
		for _, line := range cells {
			out[i] = append(out[i], line[i])
		}
	}
	return out
}
