package mesh

import (
	"strings"

	"github.com/kymamesh/kymamesh/pkg/diag"
)

// checkIgnored holds the findings that are to be ignored against what checks can
// find. Only the whole package tells whether one of them is still there.
func (r *resolver) checkIgnored() {
	for i, w := range r.spec.Checks.Ignore {
		at := r.at().Key("checks").Key("ignore").Index(i)
		switch code := diag.Code(w.Code); {
		case w.Code == "":
			r.ds.Errorf(diag.CodeMissing, at.Key("code"), "write the code of the finding, such as %s", diag.CodePlainCaller)
		case code.About() != "" && !code.OfPackage():
			r.ds.Errorf(diag.CodeValue, at.Key("code"), "%s is about the words of a document, and is mended there; codes of checks begin at %s", code, diag.CodeSameObject)
		case !code.OfPackage():
			r.ds.Errorf(diag.CodeValue, at.Key("code"), "%s is the code of no check; kymamesh check --codes lists them", code)
		case code == diag.CodeIgnore || code == diag.CodeIdleIgnore:
			r.ds.Errorf(diag.CodeValue, at.Key("code"), "%s is about what is ignored, and cannot be ignored itself", code)
		}
		if strings.TrimSpace(w.Reason) == "" {
			r.ds.Errorf(diag.CodeMissing, at.Key("reason"), "write why the finding may stay")
		}
		if w.Name != "" && w.Kind == "" {
			r.ds.Errorf(diag.CodeMissing, at.Key("kind"), "write the kind of %s, such as Deployment", w.Name)
		}
		if w.Namespace != "" {
			r.names.label(at.Key("namespace"), w.Namespace)
		}
	}
}
