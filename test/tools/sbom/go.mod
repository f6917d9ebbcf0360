module github.com/kymamesh/kymamesh/test/tools/sbom

go 1.26.0
