package check

import (
	"maps"
	"slices"
	"strings"

	"github.com/kymamesh/kymamesh/pkg/diag"
	"github.com/kymamesh/kymamesh/pkg/topology"
)

var ignoreChecks = []Check{
	{
		Code: diag.CodeIgnore, Severity: diag.Error,
		Hurts: "Nobody can tell later whether the finding may still be ignored, or whether another one was meant.",
		Mend:  "Write why as the annotation's value, and a code of this page.",
	},
	{
		Code: diag.CodeIdleIgnore, Severity: diag.Warning,
		Hurts: "What is ignored for no cause hides the next one.",
		Mend:  "Remove the annotation, or the item of checks.ignore.",
	},
}

// IgnorePrefix begins the annotation by which an object's author says that a
// finding about the object is known: the code follows, and the value is the
// reason.
const IgnorePrefix = "ignore.mesh.kyma-project.io/"

// Ignore says that a finding is known and why it may stay.
type Ignore struct {
	Code diag.Code
	// Kind, Namespace and Name are those of the object that the finding is about;
	// an empty one is any.
	Kind, Namespace, Name string
	Reason                string
	// At is where it is written.
	At diag.Path
}

// Ignored is a finding that is not reported.
type Ignored struct {
	diag.Diagnostic
	// By is who says so.
	By Ignore
	// InObject tells whether the object itself says so, and not a list.
	InObject bool
}

func (w Ignore) covers(f finding) bool {
	return w.Code == f.Code && w.Reason != "" && w.means(f.object)
}

func (w Ignore) means(o *topology.Object) bool {
	return (w.Kind == "" || w.Kind == o.Kind) && (w.Namespace == "" || w.Namespace == o.Namespace) && (w.Name == "" || w.Name == o.Name)
}

// sift takes out what is ignored, and adds what is wrong with ignoring it.
func sift(m *topology.Model, found []finding, listed []Ignore) (diag.List, []Ignored) {
	s := sieve{Model: m, used: map[diag.Path]bool{}, own: map[*topology.Object]map[diag.Code]Ignore{}}
	written := s.annotated()
	for _, f := range found {
		by, inObject, ok := s.ignores(f, listed)
		if !ok {
			s.ds = append(s.ds, f.Diagnostic)
			continue
		}
		s.used[by.At] = true
		s.ignored = append(s.ignored, Ignored{f.Diagnostic, by, inObject})
	}
	for _, w := range slices.Concat(written, listed) {
		if w.Reason != "" && !s.used[w.At] && s.looked(w) {
			s.ds.Warnf(diag.CodeIdleIgnore, w.At, "nothing of %s is found here; remove it (%s)", w.Code, w.Reason)
		}
	}
	return s.ds, s.ignored
}

// sieve parts what is ignored from what is not.
type sieve struct {
	*topology.Model
	ds      diag.List
	ignored []Ignored
	// own are the annotations of objects.
	own  map[*topology.Object]map[diag.Code]Ignore
	used map[diag.Path]bool
}

func (s *sieve) ignores(f finding, listed []Ignore) (by Ignore, inObject, ok bool) {
	if w := s.own[f.object][f.Code]; w.Reason != "" {
		return w, true, true
	}
	if i := slices.IndexFunc(listed, func(w Ignore) bool { return w.covers(f) }); i >= 0 {
		return listed[i], false, true
	}
	return Ignore{}, false, false
}

// annotated reads the annotations of all objects, and refuses those that say too
// little.
func (s *sieve) annotated() []Ignore {
	var all []Ignore
	for _, o := range s.Objects() {
		annotations := o.Annotations()
		for _, key := range slices.Sorted(maps.Keys(annotations)) {
			code, ok := strings.CutPrefix(key, IgnorePrefix)
			if !ok {
				continue
			}
			w := Ignore{
				Code: diag.Code(code), Kind: o.Kind, Namespace: o.Namespace, Name: o.Name,
				Reason: strings.TrimSpace(annotations[key]), At: o.At("metadata", "annotations", key),
			}
			switch c := checkOf(w.Code); {
			case c == nil || c.find == nil:
				s.ds.Errorf(diag.CodeIgnore, w.At, "no check %s whose findings could be ignored; kymamesh check --codes lists them", code)
				continue
			case w.Reason == "":
				s.ds.Errorf(diag.CodeIgnore, w.At, "write why the finding may stay")
			}
			if s.own[o] == nil {
				s.own[o] = map[diag.Code]Ignore{}
			}
			s.own[o][w.Code] = w
			all = append(all, w)
		}
	}
	return all
}

// looked tells whether the check read what the finding would have been about: a
// part of a package does not show that it is gone.
func (s *sieve) looked(w Ignore) bool {
	c := checkOf(w.Code)
	if c == nil || len(c.Needs) > 0 && !slices.ContainsFunc(c.Needs, s.Has) {
		return false
	}
	w.Name = ""
	return slices.ContainsFunc(s.Objects(), w.means)
}

// checkOf is the check of a code, nil where it has none.
func checkOf(code diag.Code) *Check {
	if i := slices.IndexFunc(all, func(c Check) bool { return c.Code == code }); i >= 0 {
		return &all[i]
	}
	return nil
}
