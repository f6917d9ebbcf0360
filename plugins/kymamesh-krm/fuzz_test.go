package main

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"go.yaml.in/yaml/v3"
)

// FuzzRun sends anything to the function: it never panics, it loses no item of
// somebody else, and it says why when it fails.
func FuzzRun(f *testing.F) {
	files, err := filepath.Glob(filepath.Join(goldenDir, "*", "in.yaml"))
	if err != nil || len(files) == 0 {
		f.Fatal(err)
	}
	for _, file := range files {
		in, err := os.ReadFile(file)
		if err != nil {
			f.Fatal(err)
		}
		f.Add(string(in))
	}
	f.Add("")
	f.Add("{apiVersion: config.kubernetes.io/v1, kind: ResourceList, items: [&a {kind: A}, *a], functionConfig: }")
	f.Fuzz(func(t *testing.T, in string) {
		got := called(in)
		switch {
		case got.Exit == 1:
			if got.Stderr == "" {
				t.Error("exit 1 and no message")
			}
		case got.Stdout == "":
			t.Fatal("exit 0 and nothing on stdout")
		default:
			keeps(t, in, got.Stdout)
		}
	})
}

// keeps checks that the foreign items of a list are all in the other one, in
// their order, as far as a plain decoder can read the input.
func keeps(t *testing.T, in, out string) {
	t.Helper()
	before, err := decoded(in)
	if err != nil {
		return
	}
	after, err := decoded(out)
	if err != nil {
		t.Fatalf("stdout cannot be read: %v\n%s", err, out)
	}
	for _, item := range before {
		if group, _, _ := strings.Cut(fmt.Sprint(field(item, "apiVersion")), "/"); group == "mesh.kyma-project.io" || rendersKind(item) {
			continue
		}
		want := fmt.Sprintf("%#v", item) // reflect.DeepEqual has .nan differ from itself
		for len(after) > 0 && fmt.Sprintf("%#v", after[0]) != want {
			after = after[1:]
		}
		if len(after) == 0 {
			t.Fatalf("an item is lost: %v\n%s", item, out)
		}
		after = after[1:]
	}
}

func decoded(list string) (items []any, err error) {
	defer func() {
		if p := recover(); p != nil {
			err = fmt.Errorf("yaml.v3 panics: %v", p)
		}
	}()
	var l struct{ Items []any }
	err = yaml.Unmarshal([]byte(list), &l)
	return l.Items, err
}

func field(item any, key string) any {
	m, _ := item.(map[string]any)
	return m[key]
}

// rendersKind tells whether the item may be ours to replace or remove.
func rendersKind(item any) bool {
	switch field(item, "kind") {
	case "Namespace", "Pod", "Deployment", "StatefulSet", "DaemonSet", "ReplicaSet", "ReplicationController", "Job", "CronJob", "Rollout":
		return true // keys are written into them
	case "IstioOperator", "PeerAuthentication", "DestinationRule", "Gateway", "VirtualService":
		return true
	}
	return false
}
