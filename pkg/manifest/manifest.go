// Package manifest holds rendered resources and writes them as YAML or JSON.
package manifest

import (
	"cmp"
	"iter"
	"slices"
	"strings"

	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/reflect/protoreflect"

	"github.com/kymamesh/kymamesh/pkg/diag"
)

// The marks by which a later run knows its own output. An object is ours only
// when both OwnerLabel and SourceAnnotation are there: a label alone is easily
// copied by a person.
const (
	// OwnerLabel carries the name of the KymaMesh that the object belongs to.
	OwnerLabel = "mesh.kyma-project.io/owner"
	// SourceAnnotation carries KIND/NAMESPACE/NAME of the document that asked
	// for the object, with - for no namespace.
	SourceAnnotation = "mesh.kyma-project.io/source"
	// NamespaceAnnotation repeats the root namespace on every object that lies
	// there, so that a kustomization that moves the object is found out: STRICT
	// in another namespace holds for that namespace only.
	NamespaceAnnotation = "mesh.kyma-project.io/namespace"
	// SetAnnotation names the keys that were written into an object that is, or
	// may come to be, also somebody else's: JSON pointers (RFC 6901) with commas
	// between. A word that goes away takes its keys with it, and no others.
	SetAnnotation = "mesh.kyma-project.io/set"
)

// dryRunAnnotation is Istio's for AuthorizationPolicies.
const dryRunAnnotation = "istio.io/dry-run"

// Kind is what all resources of one kind have in common.
type Kind struct {
	// Name is the kind as Kubernetes writes it.
	Name string
	// Group is the API group, empty for Kubernetes' own first one; the version is
	// chosen per Istio version.
	Group string
	// Body is the field that holds Object.Spec. Empty is spec.
	Body string
	// Shown are the fields, by full protobuf name, that are written even when
	// they hold the zero of their type, wherever their message is present.
	// protojson drops zeros, so tls.mode DISABLE would print as tls: {}. A field
	// that knows whether it was set needs no showing; see [Kind.Check].
	Shown []protoreflect.FullName
	// Moot names, for a shown field, the sibling that makes it mean nothing when
	// it is set, so that its zero is not shown there: a server that redirects
	// has no tls.mode, and PASSTHROUGH would be a lie.
	Moot map[protoreflect.FullName]protoreflect.Name
	// Bare objects have metadata and nothing else.
	Bare bool
}

// Object is one rendered resource. Kinds fill in what they know; pkg/render adds
// Version, Owner and Source.
type Object struct {
	Kind            *Kind
	Version         string // for example v1
	Namespace, Name string
	// Owner and Source are the values of OwnerLabel and SourceAnnotation.
	Owner, Source string
	// Root is the root namespace when the object lies in it, else empty: the
	// value of NamespaceAnnotation.
	Root string
	// DryRun marks an AuthorizationPolicy that reports what it would do, and does
	// nothing.
	DryRun bool
	// Labels and Annotations are beside the marks, for a kind that says what it
	// says by them.
	Labels, Annotations map[string]string
	// Spec is a message of istio.io/api, or a [Tree]: for IstioOperator, which has
	// no public Go type, and for kinds that are not Istio's. Anything else is an
	// error, and so is a
	// message that protobuf itself cannot write: text that is not UTF-8, a
	// duration out of range.
	Spec any
	// Deliver is, for an IstioOperator, the form in which it leaves with the
	// resources: object or empty, configmap, none.
	Deliver string
	// Edited says that the object is a person's, of the package: what is here is what
	// the documents change in it.
	Edited bool
	// Origin is the part of the document that asked for the object.
	Origin diag.Path
	// WayOut is what a document merged over the spec; nil for nothing.
	WayOut *WayOut
}

// Tree is a resource spec without a Go type: string-keyed maps, []any and
// scalars (string, bool, int, float64, nil), as encoding/json would hold them
// but with int for whole numbers.
type Tree = map[string]any

// APIVersion is group/version as the object is written.
func (o Object) APIVersion() string {
	if o.Kind.Group == "" {
		return o.Version
	}
	return o.Kind.Group + "/" + o.Version
}

// GroupOf is the API group of an apiVersion, empty for Kubernetes' own.
func GroupOf(apiVersion string) string {
	group, _, found := strings.Cut(apiVersion, "/")
	if !found {
		return ""
	}
	return group
}

// Of are the objects whose spec is of type T, with the spec at hand.
func Of[T proto.Message](os []Object) iter.Seq2[Object, T] {
	return func(yield func(Object, T) bool) {
		for _, o := range os {
			if spec, ok := o.Spec.(T); ok && !yield(o, spec) {
				return
			}
		}
	}
}

// Sort brings the objects of one kind into the order in which they are written:
// the root namespace first, since what lies there is applied before what
// depends on it, then by namespace and name in byte order.
func Sort(os []Object, root string) {
	slices.SortStableFunc(os, func(a, b Object) int {
		return cmp.Or(
			-cmp.Compare(rank(a, root), rank(b, root)),
			cmp.Compare(a.Namespace, b.Namespace),
			cmp.Compare(a.Name, b.Name),
		)
	})
}

func rank(o Object, root string) int {
	if o.Namespace == root {
		return 1
	}
	return 0
}
