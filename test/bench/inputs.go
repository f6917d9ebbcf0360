package main

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
)

const (
	header     = "apiVersion: mesh.kyma-project.io/v1alpha1\nkind: KymaMesh\nmetadata:\n  name: shop\nspec:\n  domain: shop.example.com\n"
	service    = "  - name: s%[1]d\n    namespace: n%[2]d\n    split: {v1: 90, v2: 10}\n"
	exposed    = service + "    expose: s%[1]d\n"
	oneService = "apiVersion: mesh.kyma-project.io/v1alpha1\nkind: MeshService\nmetadata:\n  name: s%[1]d\n  namespace: n%[2]d\nspec:\n  split: {v1: 90, v2: 10}\n"

	// canary is what we render for a service of the mesh.
	destinationRule = `apiVersion: networking.istio.io/v1
kind: DestinationRule
metadata:
  annotations:
    mesh.kyma-project.io/source: KymaMesh/-/shop
  labels:
    mesh.kyma-project.io/owner: shop
  name: NAME
  namespace: SPACE
spec:
  host: NAME.SPACE.svc.cluster.local
  subsets:
  - labels:
      version: v1
    name: v1
  - labels:
      version: v2
    name: v2
`
	virtualService = `apiVersion: networking.istio.io/v1
kind: VirtualService
metadata:
  annotations:
    mesh.kyma-project.io/source: KymaMesh/-/shop
  labels:
    mesh.kyma-project.io/owner: shop
  name: NAME
  namespace: SPACE
spec:
  hosts:
  - NAME.SPACE.svc.cluster.local
  http:
  - route:
    - destination:
        host: NAME.SPACE.svc.cluster.local
        subset: v1
      weight: 90
    - destination:
        host: NAME.SPACE.svc.cluster.local
        subset: v2
      weight: 10
`
	deployment = `- apiVersion: apps/v1
  kind: Deployment
  metadata:
    name: s%[1]d
    namespace: n%[2]d
    labels:
      app: s%[1]d
    annotations:
      internal.config.kubernetes.io/index: '0'
      internal.config.kubernetes.io/path: 'apps/s%[1]d.yaml'
      config.kubernetes.io/index: '0'
      config.kubernetes.io/path: 'apps/s%[1]d.yaml'
  spec:
    replicas: 3
    selector:
      matchLabels:
        app: s%[1]d
    template:
      metadata:
        labels:
          app: s%[1]d
          version: v1
      spec:
        containers:
        - name: web # the only one
          image: registry.example.com/web:1.%[1]d
          args: ["--port", "8080"]
          ports:
          - containerPort: 8080
          resources:
            requests:
              cpu: 10m
              memory: 64Mi
          livenessProbe:
            httpGet:
              path: /healthz
              port: 8080
`
	list = "apiVersion: config.kubernetes.io/v1\nkind: ResourceList\n"
)

// prepare writes all inputs.
func (b *bench) prepare() error {
	files := map[string]string{
		"one.yaml":        header + "  services:\n" + times(service, b.n),
		"many/mesh.yaml":  header,
		"quickstart.yaml": header + "  services:\n  - {name: reviews, namespace: shop, split: {v1: 90, v2: 10}}\n",

		"list.yaml":      list + "items:\n" + times(deployment, b.n),
		"list-mesh.yaml": list + "items:\n- " + strings.ReplaceAll(strings.TrimSuffix(header+"  services:\n"+times(service, 10), "\n"), "\n", "\n  ") + "\n" + times(deployment, b.n),

		"nothing/kustomization.yaml": "resources: [nothing.yaml]\n",
		"nothing/nothing.yaml":       "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: nothing}\n",

		"chart/Chart.yaml":  "apiVersion: v2\nname: canaries\nversion: 1.0.0\n",
		"chart/values.yaml": "services:\n" + times("- {name: s%[1]d, namespace: n%[2]d}\n", b.n),
		"chart/templates/canaries.yaml": "{{- range .Values.services }}\n---\n" + strings.NewReplacer("NAME", "{{ .name }}", "SPACE", "{{ .namespace }}").Replace(destinationRule+"---\n"+virtualService) +
			"{{- end }}\n",

		"canaries.jsonnet": "local services = [{name: 's%d' % i, namespace: 'n%d' % (i % 100)} for i in std.range(0, " + fmt.Sprint(b.n-1) + ")];\n" +
			"std.flattenArrays([[" + inJSON(destinationRule, "' + s.name + '", "' + s.namespace + '", "'") + ", " + inJSON(virtualService, "' + s.name + '", "' + s.namespace + '", "'") + "] for s in services])\n",
		"canaries.cue": "import (\n\t\"encoding/yaml\"\n\t\"list\"\n)\n_services: [for i in list.Range(0, " + fmt.Sprint(b.n) + ", 1) {name: \"s\\(i)\", namespace: \"n\\(mod(i, 100))\"}]\n" +
			"stream: yaml.MarshalStream([for s in _services for o in [" + inJSON(destinationRule, `\(s.name)`, `\(s.namespace)`, `"`) + ", " + inJSON(virtualService, `\(s.name)`, `\(s.namespace)`, `"`) + "] {o}])\n",
	}
	for i := range b.n {
		files[fmt.Sprintf("many/services/s%d.yaml", i)] = fmt.Sprintf(oneService, i, i%100)
	}
	for _, n := range []int{b.n / 10, b.n, b.n * 10} {
		files[fmt.Sprintf("grown-%d.yaml", n)] = header + "  services:\n" + times(exposed, n)
	}
	for name, text := range files {
		path := b.file(name)
		if err := errors.Join(os.MkdirAll(filepath.Dir(path), 0o755), os.WriteFile(path, []byte(text), 0o644)); err != nil {
			return err
		}
	}
	return nil
}

func times(format string, n int) string {
	var all strings.Builder
	for i := range n {
		fmt.Fprintf(&all, format, i, i%100)
	}
	return all.String()
}
