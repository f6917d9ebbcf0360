package main

import (
	"archive/tar"
	"bytes"
	"io"
	"time"

	v1 "github.com/google/go-containerregistry/pkg/v1"
	"github.com/google/go-containerregistry/pkg/v1/empty"
	"github.com/google/go-containerregistry/pkg/v1/mutate"
	"github.com/google/go-containerregistry/pkg/v1/tarball"
)

// kustomize and kpt run every function with --user nobody. The engines look
// that name up in the image's own /etc/passwd and refuse to start without it.
const (
	passwd = "root:x:0:0:root:/root:/none\nnobody:x:65534:65534:nobody:/:/none\n"
	group  = "root:x:0:\nnobody:x:65534:\n"
	nobody = "65534"
)

// build returns an image that holds the program content as /program, what the
// engines need to find user nobody, and nothing else.
func build(program string, content []byte, architecture string) (v1.Image, error) {
	archive, err := rootFilesystem(program, content)
	if err != nil {
		return nil, err
	}
	layer, err := tarball.LayerFromOpener(func() (io.ReadCloser, error) {
		return io.NopCloser(bytes.NewReader(archive)), nil
	})
	if err != nil {
		return nil, err
	}
	img, err := mutate.AppendLayers(empty.Image, layer)
	if err != nil {
		return nil, err
	}
	config, err := img.ConfigFile()
	if err != nil {
		return nil, err
	}
	config = config.DeepCopy()
	config.OS, config.Architecture = "linux", architecture
	config.Created = v1.Time{Time: time.Unix(0, 0).UTC()}
	config.Config = v1.Config{
		Entrypoint: []string{"/" + program},
		User:       nobody,
		WorkingDir: "/",
	}
	return mutate.ConfigFile(img, config)
}

// rootFilesystem returns the one layer of the image as a tar archive. Its times
// are the epoch and its owner is root, so that neither the build's time nor
// the builder's name is in it.
func rootFilesystem(program string, content []byte) ([]byte, error) {
	entries := []struct {
		name    string
		mode    int64
		content []byte
	}{
		{"etc/", 0o755, nil},
		{"etc/group", 0o644, []byte(group)},
		{"etc/passwd", 0o644, []byte(passwd)},
		{program, 0o755, content},
	}
	var archive bytes.Buffer
	w := tar.NewWriter(&archive)
	for _, entry := range entries {
		header := &tar.Header{
			Name:    entry.name,
			Mode:    entry.mode,
			Size:    int64(len(entry.content)),
			ModTime: time.Unix(0, 0).UTC(),
			Format:  tar.FormatUSTAR,
		}
		if err := w.WriteHeader(header); err != nil {
			return nil, err
		}
		if _, err := w.Write(entry.content); err != nil {
			return nil, err
		}
	}
	if err := w.Close(); err != nil {
		return nil, err
	}
	return archive.Bytes(), nil
}
