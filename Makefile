VERSION  ?= dev
FUZZTIME ?= 60s
IMAGE    ?= kymamesh-krm:$(VERSION)

BIN     := $(CURDIR)/bin
EXAMPLE := examples/kustomize/overlay

# cgo off: the image holds nothing that a dynamic program could be linked to.
# What is built depends on the sources alone, not on where they lie.
GO_BUILD = CGO_ENABLED=0 go build -trimpath -buildvcs=false -ldflags '-s -w -X main.version=$(VERSION)'

# Where kustomize looks for plugins when only --enable-alpha-plugins is given.
PLUGIN_HOME = $${KUSTOMIZE_PLUGIN_HOME:-$${XDG_CONFIG_HOME:-$$HOME/.config}/kustomize/plugin}

.PHONY: build one demo test soak golden bench microbench fuzz image images sbom vulncheck reproducible install-plugin tools clean
.DELETE_ON_ERROR:

build:
	$(GO_BUILD) -o bin/kymamesh ./cmd/kymamesh
	$(GO_BUILD) -o bin/kymamesh-krm ./plugins/kymamesh-krm

# One program for the system that GOOS and GOARCH name.
one:
	GOOS=linux $(GO_BUILD) -o "$(OUT)/" ./$(PROGRAM)

# Everything but the result goes to stderr, so that the result can be piped.
demo: bin/kustomize
	@echo "building the plugin (some seconds the first time) ..." >&2
	@$(MAKE) --no-print-directory -s install-plugin KUSTOMIZE_PLUGIN_HOME="$(BIN)/plugins" >&2
	@echo "KUSTOMIZE_PLUGIN_HOME=$(BIN)/plugins bin/kustomize build --enable-alpha-plugins $(EXAMPLE)" >&2
	@KUSTOMIZE_PLUGIN_HOME="$(BIN)/plugins" bin/kustomize build --enable-alpha-plugins $(EXAMPLE)

# A client that cannot be had is no failure here, but its tests do not run:
# this is said before them, and they are told by KYMAMESH_WITHOUT.
test: build image
	@for client in kustomize kpt; do \
		$(MAKE) --no-print-directory bin/$$client || echo "*** $$client cannot be had" >&2; \
	done
	@set -e; \
	KYMAMESH_BIN="$(BIN)" KYMAMESH_WITHOUT=$$(test/tools/missing bin); \
	export KYMAMESH_BIN KYMAMESH_WITHOUT; \
	if [ -n "$$KYMAMESH_WITHOUT" ]; then echo "*** WITHOUT $$KYMAMESH_WITHOUT: their tests do not run" >&2; fi; \
	set -x; go vet ./...; go test ./...
	cd test/schema && go vet . && go test .
	@echo "building Istio's own judges of every golden case (about five minutes the first time) ..." >&2
	cd test/istio && go vet . && go test -vet=off .

# Every golden case 1,000 times, and random documents, judged by Istio: COUNT of
# them; then all compiled twice, and every door fuzzed for SOAKTIME.
COUNT    ?= 100000
SOAKTIME ?= 10m
soak:
	KYMAMESH_SOAK=$(COUNT) go test -count=1 -timeout 0 -run Golden .
	cd test/istio && KYMAMESH_SOAK=$(COUNT) go test -vet=off -count=1 -timeout 0 -run Random -v .
	OWN_CACHES=1 test/tools/reproducible
	$(MAKE) --no-print-directory fuzz FUZZTIME=$(SOAKTIME)

# The pages of words come first: others name the words that docs/spec.md lists.
golden:
	go test ./pkg/schema -run Words -update
	go test ./pkg/schema ./cmd/kymamesh -run 'Page|SchemaFile' -update
	go test . ./plugins/kymamesh-krm ./examples ./pkg/check -update
	cd test/schema && go test . -run Refusals -update
	cd test/istio && go test -vet=off . -run IstioctlCodes -update

# The programs beside their peers, which are built from pinned modules (some
# minutes the first time); the table goes to docs/performance.md.
ROUNDS ?= 5
bench: build bin/kustomize
	@for peer in noop=./noop helm=helm.sh/helm/v4/cmd/helm jsonnet=github.com/google/go-jsonnet/cmd/jsonnet cue=cuelang.org/go/cmd/cue; do \
		(cd test/bench && CGO_ENABLED=0 go build -trimpath -o "$(BIN)/bench/$${peer%%=*}" "$${peer#*=}") || echo "*** $${peer%%=*} cannot be built" >&2; \
	done
	cd test/bench && go run . -bin "$(BIN)" -peers "$(BIN)/bench" -n $(ROUNDS) -o "$(CURDIR)/docs/performance.md"

# The benchmarks inside the packages, for whoever changes one.
microbench:
	go test -run '^$$' -bench . -benchmem ./...

# go test fuzzes one target of one package at a time.
fuzz:
	@set -e; \
	listed=$$(go test -list '^Fuzz' ./...); \
	echo "$$listed" | awk '/^Fuzz/ {name[++n] = $$1} /^ok/ {for (i = 1; i <= n; i++) print $$2, name[i]; n = 0}' | \
	while read -r package target; do \
		echo "fuzzing $$target of $$package for $(FUZZTIME) ..."; \
		go test -run '^$$' -fuzz "^$$target\$$" -fuzztime $(FUZZTIME) "$$package" </dev/null; \
	done

# The image runs on Linux, whatever the machine that packs it runs.
image:
	GOOS=linux $(GO_BUILD) -o bin/image/kymamesh-krm ./plugins/kymamesh-krm
	cd test/tools/image && go run . -binary "$(BIN)/image/kymamesh-krm" -tag $(IMAGE) -o "$(BIN)/kymamesh-krm.tar"

# The image for both architectures; each is loaded and tagged by itself.
images:
	@set -e; for arch in amd64 arm64; do \
		GOARCH=$$arch $(MAKE) --no-print-directory -s one PROGRAM=plugins/kymamesh-krm OUT="$(BIN)/image/$$arch"; \
		(cd test/tools/image && go run . -binary "$(BIN)/image/$$arch/kymamesh-krm" -tag "$(IMAGE)-$$arch" -o "$(BIN)/kymamesh-krm-$$arch.tar"); \
	done

# What is linked into the programs, as SPDX.
sbom: build
	cd test/tools/sbom && go run . "$(BIN)/kymamesh" "$(BIN)/kymamesh-krm" >"$(BIN)/kymamesh.spdx.json"

vulncheck: bin/govulncheck
	test/tools/vulncheck bin/govulncheck

reproducible:
	test/tools/reproducible

# MeshService as well: written as functionConfig it is refused by the plugin,
# which says what to do, while kustomize would say only that there is no plugin.
install-plugin:
	$(GO_BUILD) -o bin/kymamesh-krm ./plugins/kymamesh-krm
	@set -e; \
	home="$(PLUGIN_HOME)/mesh.kyma-project.io/v1alpha1"; \
	for plugin in kymamesh/KymaMesh meshservice/MeshService; do \
		mkdir -p "$$home/$${plugin%/*}"; \
		cp bin/kymamesh-krm "$$home/$$plugin.new"; \
		mv -f "$$home/$$plugin.new" "$$home/$$plugin"; \
		echo "installed $$home/$$plugin"; \
	done

tools: bin/kustomize bin/kpt bin/staticcheck

# $(call version,FOLDER,MODULE) is the version of MODULE that FOLDER pins.
version = $$(sed -n 's|.*$(2) \(v[^ ]*\).*|\1|p' test/tools/$(1)/go.mod)

GO_TOOL = CGO_ENABLED=0 go build -trimpath -ldflags '-s -w' -o "$(CURDIR)/$@"

bin/kustomize: test/tools/kustomize/go.mod test/tools/kustomize/go.sum
	@echo "building kustomize $(call version,kustomize,sigs.k8s.io/kustomize/kustomize/v5) (about half a minute the first time) ..." >&2
	@cd test/tools/kustomize && $(GO_TOOL) sigs.k8s.io/kustomize/kustomize/v5
	@touch $@

# kpt's modules are many, and not every proxy has them all; where they cannot
# be had, the kpt of the machine will do.
bin/kpt: test/tools/kptfn/go.mod test/tools/kptfn/go.sum test/tools/kptfn/main.go
	@echo "building kpt $(call version,kptfn,github.com/kptdev/kpt) (about two minutes the first time) ..." >&2
	@if (cd test/tools/kptfn && $(GO_TOOL) .); then touch $@; else \
		echo "*** kpt cannot be built; looking for the machine's own" >&2; \
		ln -sf "$$(command -v kpt)" $@; \
	fi

bin/staticcheck: test/tools/staticcheck/go.mod test/tools/staticcheck/go.sum
	@echo "building staticcheck $(call version,staticcheck,honnef.co/go/tools) (about half a minute the first time) ..." >&2
	@cd test/tools/staticcheck && $(GO_TOOL) honnef.co/go/tools/cmd/staticcheck
	@touch $@

bin/govulncheck: test/tools/govulncheck/go.mod test/tools/govulncheck/go.sum
	@cd test/tools/govulncheck && $(GO_TOOL) golang.org/x/vuln/cmd/govulncheck
	@touch $@

clean:
	rm -rf bin
