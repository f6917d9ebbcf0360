package istio

import (
	"encoding/json"
	"flag"
	"fmt"
	"io/fs"
	"maps"
	"os"
	"path"
	"reflect"
	"regexp"
	"slices"
	"strings"
	"sync"
	"testing"

	"google.golang.org/protobuf/reflect/protoreflect"
	"google.golang.org/protobuf/types/known/durationpb"
	"google.golang.org/protobuf/types/known/structpb"
	"google.golang.org/protobuf/types/known/wrapperspb"
	"istio.io/istio/manifests"
	"istio.io/istio/operator/pkg/apis"
	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/api/resource"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/util/intstr"
)

var update = flag.Bool("update", false, "write the list of fields, and the page of istioctl's messages")

// fieldsFile is the list of an IstioOperator's fields that the library has.
const fieldsFile = "../../pkg/mesh/fields/istiooperator.yaml"

const fieldsHead = `# What the fields of an IstioOperator's spec hold, from Istio's and Kubernetes' own
# Go types: test/istio writes this file (go test -run TestFields -update .) and
# fails when it is out of date. A field holds text, a bool, a number, an int32, int64
# or uint32, a quantity of Kubernetes, a mapping or anything as its user likes, one
# of some values, an earlier minor version of Istio, a type of this file, or a list or
# map of these. MeshConfig is istio.io/api's.
`

// refusalsFile is what else of the values Istio's charts refuse.
const refusalsFile = "../../pkg/mesh/fields/charts.yaml"

const refusalsHead = `# Values that Istio's charts refuse, by path below values: test/istio writes this
# file from the charts (go test -run TestFields -update .) and fails when it is out of
# date.
removed:
- `

// TestFields holds the library's list of fields against Istio's types.
func TestFields(t *testing.T) {
	types := fieldTypes{}
	types.add(reflect.TypeFor[apis.IstioOperatorSpec]())
	profiles, err := fs.Glob(manifests.BuiltinOrDir(""), "profiles/*.yaml")
	if err != nil || len(profiles) == 0 {
		t.Fatalf("no profiles of Istio: %v", err)
	}
	var names []string
	for _, p := range profiles {
		names = append(names, strings.TrimSuffix(path.Base(p), ".yaml"))
	}
	types["IstioOperatorSpec"].fields["profile"] = "one of " + strings.Join(names, ", ")
	types.narrow(t)

	var b strings.Builder
	b.WriteString(fieldsHead)
	for _, name := range slices.Sorted(maps.Keys(types)) {
		fmt.Fprintf(&b, "%s:\n", name)
		for _, field := range slices.Sorted(maps.Keys(types[name].fields)) {
			fmt.Fprintf(&b, "  %s: %s\n", field, types[name].fields[field])
		}
	}
	isWritten(t, fieldsFile, b.String())
	isWritten(t, refusalsFile, refusalsHead+strings.Join(removedValues(t), "\n- ")+"\n")
}

// isWritten holds a file of the library against what Istio says, or writes it.
func isWritten(t *testing.T, file, want string) {
	t.Helper()
	if *update {
		if err := os.WriteFile(file, []byte(want), 0o666); err != nil {
			t.Fatal(err)
		}
	}
	got, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	if string(got) != want {
		t.Errorf("%s is not what Istio says; run this test with -update", file)
	}
}

// narrow makes fields hold what Istio's charts take and its types do not say.
func (f fieldTypes) narrow(t *testing.T) {
	f["Values"].fields["profile"] = "one of " + strings.Join(chartFiles(t, `profile-([a-z]+)\.yaml`), ", ")
	f["GlobalConfig"].fields["platform"] = "one of " + strings.Join(chartFiles(t, `profile-platform-(.+)\.yaml`), ", ")
	earlier := chartFiles(t, `profile-compatibility-version-(.+)\.yaml`)
	for i, version := range earlier[1:] {
		var before, minor int
		fmt.Sscanf(earlier[i]+" "+version, "1.%d 1.%d", &before, &minor)
		if minor != before+1 {
			t.Errorf("there are files of Istio %s and %s, and none between", earlier[i], version)
		}
	}
	for _, name := range []string{"Values", "IstioOperatorSpec"} {
		f[name].fields["compatibilityVersion"] = "Istio " + earlier[0] + " to " + earlier[len(earlier)-1]
	}
	f["Values"].fields["gatewayClasses"] = "map of mapping" // the chart walks both
	f["Values"].fields["ztunnel"], f["IstioOperatorSpec"].fields["unvalidatedValues"] = "mapping", "mapping"
	for _, path := range removedValues(t) {
		keys, of := strings.Split(path, "."), f["Values"]
		for _, key := range keys[:len(keys)-1] {
			if of != nil {
				of = f[of.fields[key]]
			}
		}
		if of != nil {
			delete(of.fields, keys[len(keys)-1])
		}
	}
}

// chartFiles are what the names of a chart's files hold at the group of a pattern.
// All charts have the same ones.
func chartFiles(t *testing.T, pattern string) []string {
	entries, err := fs.ReadDir(manifests.BuiltinOrDir(""), "charts/base/files")
	if err != nil {
		t.Fatal(err)
	}
	var names []string
	for _, e := range entries {
		if found := regexp.MustCompile("^" + pattern + "$").FindStringSubmatch(e.Name()); found != nil {
			names = append(names, found[1])
		}
	}
	if len(names) < 3 {
		t.Fatalf("no charts with files %s: %v", pattern, names)
	}
	return names
}

// removedValues are the values at which the chart of istiod stops.
func removedValues(t *testing.T) []string {
	notes, err := fs.ReadFile(manifests.BuiltinOrDir(""), "charts/istio-control/istio-discovery/templates/NOTES.txt")
	if err != nil {
		t.Fatal(err)
	}
	_, list, _ := strings.Cut(string(notes), "$failDeps := dict")
	list, _, _ = strings.Cut(list, "}}")
	var paths []string
	for _, found := range regexp.MustCompile(`(?m)^\s*"([a-zA-Z0-9.]+)"`).FindAllStringSubmatch(list, -1) {
		paths = append(paths, found[1])
	}
	if len(paths) < 5 {
		t.Fatalf("the chart refuses only %v", paths)
	}
	return slices.Sorted(slices.Values(paths))
}

// fieldTypes are struct types by name, with what each field holds.
type fieldTypes map[string]*fieldType

type fieldType struct {
	of     reflect.Type
	fields map[string]string
}

// holds says what a value of a type is in YAML.
func (f fieldTypes) holds(t reflect.Type) string {
	for t.Kind() == reflect.Pointer {
		t = t.Elem()
	}
	if text, ok := holds[t]; ok {
		return text
	}
	if e, ok := reflect.New(t).Interface().(protoreflect.Enum); ok {
		var names []string
		values := e.Descriptor().Values()
		for i := range values.Len() {
			names = append(names, string(values.Get(i).Name()))
		}
		return "one of " + strings.Join(names, ", ")
	}
	switch t.Kind() {
	case reflect.String:
		return "text"
	case reflect.Bool:
		return "bool"
	case reflect.Int32, reflect.Int64, reflect.Uint32:
		return t.Kind().String()
	case reflect.Float32, reflect.Float64:
		return "number"
	case reflect.Interface:
		return "anything"
	case reflect.Slice:
		if t.Elem().Kind() == reflect.Uint8 {
			return "text"
		}
		return "list of " + f.holds(t.Elem())
	case reflect.Map:
		return "map of " + f.holds(t.Elem())
	case reflect.Struct:
		return f.add(t)
	}
	panic("what is " + t.String() + " in YAML?")
}

// holds are the types that are written otherwise than they look in Go.
var holds = map[reflect.Type]string{
	reflect.TypeFor[apis.BoolValue]():         "bool",
	reflect.TypeFor[wrapperspb.BoolValue]():   "bool",
	reflect.TypeFor[durationpb.Duration]():    "text",
	reflect.TypeFor[structpb.Struct]():        "mapping",
	reflect.TypeFor[structpb.Value]():         "anything",
	reflect.TypeFor[intstr.IntOrString]():     "int32 or text",
	reflect.TypeFor[apis.IntOrString]():       "int32 or text",
	reflect.TypeFor[resource.Quantity]():      "quantity",
	reflect.TypeFor[metav1.Time]():            "text",
	reflect.TypeFor[metav1.FieldsV1]():        "anything",
	reflect.TypeFor[wrapperspb.StringValue](): "text",
}

// kubernetesFields are values without a type of their own that Istio's validation
// reads as Kubernetes' (operator/pkg/apis/validation, validateValues).
var kubernetesFields = map[string]reflect.Type{
	"CNIConfig.affinity":                                    reflect.TypeFor[corev1.Affinity](),
	"CNIConfig.seccompProfile":                              reflect.TypeFor[corev1.SeccompProfile](),
	"EgressGatewayConfig.podAntiAffinityLabelSelector":      reflect.TypeFor[[]metav1.LabelSelector](),
	"EgressGatewayConfig.podAntiAffinityTermLabelSelector":  reflect.TypeFor[[]metav1.LabelSelector](),
	"EgressGatewayConfig.tolerations":                       reflect.TypeFor[[]corev1.Toleration](),
	"IngressGatewayConfig.podAntiAffinityLabelSelector":     reflect.TypeFor[[]metav1.LabelSelector](),
	"IngressGatewayConfig.podAntiAffinityTermLabelSelector": reflect.TypeFor[[]metav1.LabelSelector](),
	"IngressGatewayConfig.tolerations":                      reflect.TypeFor[[]corev1.Toleration](),
	"GlobalConfig.defaultTolerations":                       reflect.TypeFor[[]corev1.Toleration](),
	"PilotConfig.tolerations":                               reflect.TypeFor[[]corev1.Toleration](),
	"PilotConfig.affinity":                                  reflect.TypeFor[corev1.Affinity](),
	"PilotConfig.seccompProfile":                            reflect.TypeFor[corev1.SeccompProfile](),
	"PilotConfig.topologySpreadConstraints":                 reflect.TypeFor[[]corev1.TopologySpreadConstraint](),
	"PilotConfig.volumeMounts":                              reflect.TypeFor[[]corev1.VolumeMount](),
	"PilotConfig.volumes":                                   reflect.TypeFor[[]corev1.Volume](),
	"ProxyConfig.seccompProfile":                            reflect.TypeFor[corev1.SeccompProfile](),
	"ProxyConfig.lifecycle":                                 reflect.TypeFor[corev1.Lifecycle](),
	"SidecarInjectorConfig.neverInjectSelector":             reflect.TypeFor[[]metav1.LabelSelector](),
	"SidecarInjectorConfig.alwaysInjectSelector":            reflect.TypeFor[[]metav1.LabelSelector](),
	"WaypointConfig.affinity":                               reflect.TypeFor[corev1.Affinity](),
	"WaypointConfig.topologySpreadConstraints":              reflect.TypeFor[[]corev1.TopologySpreadConstraint](),
	"WaypointConfig.nodeSelector":                           reflect.TypeFor[corev1.NodeSelector](),
	"WaypointConfig.toleration":                             reflect.TypeFor[[]corev1.Toleration](),
}

// add lists a struct type and gives its name.
func (f fieldTypes) add(t reflect.Type) string {
	if known := f[t.Name()]; known != nil {
		if known.of != t {
			panic(fmt.Sprintf("%s and %s have one name", known.of, t))
		}
		return t.Name()
	}
	f[t.Name()] = &fieldType{t, map[string]string{}}
	f.addFields(f[t.Name()].fields, t)
	return t.Name()
}

func (f fieldTypes) addFields(fields map[string]string, t reflect.Type) {
	for i := range t.NumField() {
		field := t.Field(i)
		name, _, _ := strings.Cut(field.Tag.Get("json"), ",")
		switch {
		case field.Anonymous && name == "":
			f.addFields(fields, field.Type)
		case !field.IsExported() || name == "-":
		case field.Type == reflect.TypeFor[json.RawMessage]() && name == "meshConfig":
			fields[name] = "MeshConfig"
		case field.Type == reflect.TypeFor[json.RawMessage]():
			fields[name] = f.add(reflect.TypeFor[apis.Values]())
		case name == "tag":
			fields[name] = "text" // a number would lose its zeros
		case kubernetesFields[t.Name()+"."+name] != nil:
			fields[name] = f.holds(kubernetesFields[t.Name()+"."+name])
		default:
			fields[asRead(name, field.Tag.Get("protobuf"))] = f.holds(field.Type)
		}
	}
}

// asRead is the name by which Istio's charts read a field. Istio takes that of the
// .proto file and that of JSON, and drops in silence the one that no chart reads.
func asRead(name, protobuf string) string {
	for part := range strings.SplitSeq(protobuf, ",") {
		if json, ok := strings.CutPrefix(part, "json="); ok && strings.Contains(charts(), json) && !strings.Contains(charts(), "."+name) {
			return json
		}
	}
	return name
}

// charts are the texts of all of Istio's charts.
var charts = sync.OnceValue(func() string {
	var all strings.Builder
	err := fs.WalkDir(manifests.BuiltinOrDir(""), "charts", func(name string, e fs.DirEntry, err error) error {
		if err != nil || e.IsDir() {
			return err
		}
		text, err := fs.ReadFile(manifests.BuiltinOrDir(""), name)
		all.Write(text)
		return err
	})
	if err != nil {
		panic(err)
	}
	return all.String()
})
