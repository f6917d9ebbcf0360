package main

import (
	"errors"
	"os"
	"strconv"
	"strings"
	"testing"
)

const foreign = "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: settings, namespace: shop}\n"

func TestInputs(t *testing.T) {
	enter(t, files{
		"mesh.yaml": platform, "reviews.yaml": reviews, "all.yaml": foreign + "---\n" + platform + "---\n" + reviews,
		"mesh.json":     `{"apiVersion": "mesh.kyma-project.io/v1alpha1", "kind": "KymaMesh", "metadata": {"name": "shop"}, "spec": {"domain": "shop.example.com"}}`,
		"foreign.yaml":  foreign,
		"empty.yaml":    "",
		"comments.yaml": "# nothing\n---\n---\n",
		"my mesh.yaml":  platform, "my shop/my reviews.yaml": reviews,
		"-": platform, "a,b.yaml": platform,
	})
	for _, c := range []struct {
		name, stdin string
		args        []string
	}{
		{"files", "", []string{"mesh.yaml", "reviews.yaml"}},
		{"flag", "", []string{"-f", "mesh.yaml", "--filename", "reviews.yaml"}},
		{"flag and argument", "", []string{"reviews.yaml", "-f", "mesh.yaml"}},
		{"stream", "", []string{"all.yaml"}},
		{"stdin", platform + "---\n" + reviews, []string{"-"}},
		{"stdin by flag", platform + "---\n" + reviews, []string{"-f", "-"}},
		{"stdin and file", reviews, []string{"-", "mesh.yaml"}},
		{"stdin twice", reviews, []string{"-", "mesh.yaml", "-f", "-"}},
		{"json", "", []string{"mesh.json", "reviews.yaml"}},
		{"without documents of ours beside one with", "", []string{"foreign.yaml", "empty.yaml", "comments.yaml", "mesh.yaml", "reviews.yaml"}},
		{"spaces", "", []string{"my mesh.yaml", "my shop"}},
		{"a comma", "", []string{"-f", "a,b.yaml", "reviews.yaml"}},
		{"a file called -", reviews, []string{"./-", "-"}},
		{"twice", "", []string{"mesh.yaml", "reviews.yaml", "mesh.yaml"}},
		{"twice by flag", "", []string{"mesh.yaml", "reviews.yaml", "-f", "mesh.yaml"}},
		{"twice by two paths", "", []string{"mesh.yaml", "reviews.yaml", "./my shop/../mesh.yaml"}},
	} {
		t.Run(c.name, func(t *testing.T) {
			same(t, "objects", ofCanary, objects(t, rendered(t, c.stdin, append([]string{"render"}, c.args...)...)))
		})
	}
}

func TestDirectoryIsAPackage(t *testing.T) {
	const no = "{" // a file that is read by mistake is a fault
	for _, c := range []struct {
		name string
		all  files
		args []string
	}{
		{"recursive", files{"app/mesh.yaml": platform, "app/teams/shop/reviews.yml": reviews, "app/teams/pay/payments.json": asJSON}, nil},
		{"other names are left alone", files{"app/mesh.yaml": platform, "app/a.yaml": reviews, "app/p.yaml": payments,
			"app/README.md": no, "app/values.tmpl": no, "app/yaml": no, "app/x.yaml.bak": no}, nil},
		{"dot files are out", files{"app/mesh.yaml": platform, "app/a.yaml": reviews, "app/p.yaml": payments,
			"app/.x.yaml": no, "app/.git/x.yaml": no, "app/teams/.x.json": no}, nil},
		{"but not a directory that is named", files{".app/mesh.yaml": platform, ".app/a.yaml": reviews, ".app/p.yaml": payments}, []string{".app"}},
		{"nor the current one", files{"mesh.yaml": platform, "a.yaml": reviews, "p.yaml": payments}, []string{"."}},
		{"krmignore", files{"app/mesh.yaml": platform, "app/a.yaml": reviews, "app/p.yaml": payments,
			"app/.krmignore": "# a comment\r\ncharts/\r\n*.tpl.yaml\r\n/only-here.yaml\r\n", "app/charts/deep/x.yaml": no, "app/y.tpl.yaml": no,
			"app/teams/y.tpl.yaml": no, "app/only-here.yaml": no, "app/teams/only-here.yaml": foreign}, nil},
		{"krmignore holds below it", files{"app/mesh.yaml": platform, "app/x.yaml": reviews, "app/teams/.krmignore": "x.yaml\nlast\n",
			"app/teams/x.yaml": no, "app/teams/deep/x.yaml": no, "app/teams/p.yaml": payments, "app/teams/last/z.yaml": no}, nil},
		{"krmignore takes back", files{"app/.krmignore": "*.yaml\n!keep.yaml\n", "app/keep.yaml": platform + "---\n" + reviews + "---\n" + payments, "app/x.yaml": no}, nil},
		{"two directories", files{"app/mesh.yaml": platform, "shop/a.yaml": reviews, "pay/a.yaml": payments}, []string{"app", "shop", "-f", "pay/"}},
		{"one inside the other", files{"app/mesh.yaml": platform, "app/shop/a.yaml": reviews, "app/pay/a.yaml": payments}, []string{"app/shop", "app", "./app/pay"}},
		{"a named file is not ignored", files{"app/mesh.yaml": platform, "app/.a.yaml": reviews, "app/p.txt": payments}, []string{"app", "app/.a.yaml", "app/p.txt"}},
		{"a directory called like a file", files{"app/mesh.yaml": platform, "app/shop.yaml/a.yaml": reviews, "app/p.yaml": payments}, nil},
	} {
		t.Run(c.name, func(t *testing.T) {
			enter(t, c.all)
			args := c.args
			if args == nil {
				args = []string{"app"}
			}
			want := append(append([]string{}, ofPayments...), ofReviews...)
			var got []string
			for _, o := range objects(t, rendered(t, "", append([]string{"render", "--part", "resources"}, args...)...)) {
				if !strings.Contains(o, "istio-system") && !strings.Contains(o, "Gateway") {
					got = append(got, o)
				}
			}
			want[1], want[2] = want[2], want[1] // DestinationRules stand in front of VirtualServices
			same(t, "objects", want, got)
		})
	}
}

const asJSON = `{"apiVersion": "mesh.kyma-project.io/v1alpha1", "kind": "MeshService",
	"metadata": {"name": "payments", "namespace": "pay"}, "spec": {"split": {"v1": 90, "v2": 10}}}`

// The order of files decides which of two equal documents is the second.
func TestDirectoryIsReadInOrder(t *testing.T) {
	enter(t, files{"app/b.yaml": reviews, "app/a/z.yaml": platform, "app/c.yaml": reviews})
	got := call("", "render", "app")
	if got.Code != 1 || got.Out != "" || !strings.HasPrefix(got.Err, "app/c.yaml:1:") {
		t.Errorf("got %+v", got)
	}
}

func TestLinks(t *testing.T) {
	enter(t, files{"real/mesh.yaml": platform, "real/reviews.yaml": reviews, "else/x.yaml": "{", "app/p.yaml": payments})
	link(t, "real", "linked")
	link(t, "mesh.yaml", "real/again.yaml")
	link(t, "../real/mesh.yaml", "app/mesh.yaml")
	link(t, "../else", "app/else")
	for _, c := range []struct {
		name string
		args []string
		want []string
	}{
		{"a directory that is a link", []string{"linked"}, ofReviews},
		{"the same directory twice", []string{"linked/", "real"}, ofReviews},
		{"the same file twice", []string{"real/mesh.yaml", "linked/mesh.yaml", "real/again.yaml", "real/reviews.yaml"}, ofReviews},
		{"relative and absolute", []string{"real", whole(t, "real/mesh.yaml"), whole(t, "linked")}, ofReviews},
		{"a file that is a link; a link to a directory is not followed", []string{"app", "real/mesh.yaml"}, ofPayments},
	} {
		t.Run(c.name, func(t *testing.T) {
			got := objects(t, rendered(t, "", append([]string{"render"}, c.args...)...))
			want := append(append([]string{}, ofInstall...), ofPlatform[0], ofPlatform[1], c.want[0], ofPlatform[2], c.want[1])
			same(t, "objects", want, got)
		})
	}
	t.Run("a file out of the package", func(t *testing.T) {
		want := "kymamesh: app/mesh.yaml leads to ../real/mesh.yaml, out of the package; name that as well, or remove the link\n"
		for _, args := range [][]string{{"render", "app"}, {"render", "app", "-i"}, {"check", "app", "else"}, {"render", "app", "real/reviews.yaml"}} {
			same(t, "result", result{Code: 2, Err: want}, call("", args...))
		}
	})
	t.Run("what is left out", func(t *testing.T) {
		enter(t, files{"app/mesh.yaml": platform, "else/patterns": "mesh.yaml\n"})
		link(t, "../else/patterns", "app/.krmignore")
		same(t, "result", result{Code: 2, Err: "kymamesh: app/.krmignore is no file; links are not followed there\n"}, call("", "render", "app"))
		enter(t, files{"app/mesh.yaml": platform, "app/.krmignore/mesh.yaml": ""})
		same(t, "result", result{Code: 2, Err: "kymamesh: app/.krmignore is no file; links are not followed there\n"}, call("", "render", "app"))
	})
	t.Run("named as it was called first", func(t *testing.T) {
		write(t, files{"real/mesh.yaml": wrong, "real/reviews.yaml": payments})
		got := call("", "render", "linked", "real/mesh.yaml")
		same(t, "result", result{Code: 1, Err: strings.ReplaceAll(wrongDomain+wrongSplit, "wrong.yaml", "linked/again.yaml")}, got)
	})
}

func link(t *testing.T, target, path string) {
	t.Helper()
	if err := os.Symlink(target, path); err != nil {
		t.Skip(err)
	}
}

func whole(t *testing.T, path string) string {
	t.Helper()
	dir, err := os.Getwd()
	if err != nil {
		t.Fatal(err)
	}
	return dir + "/" + path
}

// A shell's <(...) is a path that leads to no place in the file system.
func TestPipes(t *testing.T) {
	got := objects(t, rendered(t, "", "render", pipe(t, platform), pipe(t, reviews)))
	same(t, "objects", ofCanary, got)
}

func pipe(t *testing.T, text string) string {
	t.Helper()
	r, w, err := os.Pipe()
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { r.Close() })
	path := "/dev/fd/" + strconv.Itoa(int(r.Fd()))
	if _, err := os.Stat(path); err != nil {
		t.Skip(err)
	}
	_, err = w.WriteString(text)
	if err := errors.Join(err, w.Close()); err != nil {
		t.Fatal(err)
	}
	return path
}

// Counted twice, a package would hold everything twice.
func TestPackageHoldsEveryObjectOnce(t *testing.T) {
	enter(t, files{"app/mesh.yaml": platform + "---\n" + foreign, "app/reviews.yaml": reviews})
	for _, paths := range [][]string{{"app"}, {"app", "./app"}, {"app/mesh.yaml", "app", "app/reviews.yaml"}} {
		in, err := read(paths, nil)
		if err != nil {
			t.Fatal(err)
		}
		if len(in.items) != 3 || len(in.docs) != 2 {
			t.Errorf("%q: %d objects, %d documents", paths, len(in.items), len(in.docs))
		}
	}
}

// root reads what it likes: it skips this.
func TestDirectoryThatCannotBeRead(t *testing.T) {
	enter(t, files{"app/mesh.yaml": canary, "app/shut/x.yaml": foreign})
	if err := os.Chmod("app/shut", 0o300); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = os.Chmod("app/shut", 0o700) })
	if _, err := os.ReadDir("app/shut"); err == nil {
		t.Skip("may read everything")
	}
	same(t, "result", result{Code: 2, Err: "kymamesh: open app/shut: permission denied\n"}, call("", "render", "app"))
}

func TestFilesThatCannotBeRead(t *testing.T) {
	enter(t, files{"mesh.yaml": canary, "app/mesh.yaml": canary, "links/mesh.yaml": canary,
		"folder/mesh.yaml": canary, "folder/else/a.txt": ""})
	link(t, "nothing.yaml", "links/a.yaml")
	link(t, "else", "folder/else.yaml")
	for _, c := range []struct {
		name, want string
		args       []string
	}{
		{"not there", "kymamesh: stat none.yaml: no such file or directory\n", []string{"mesh.yaml", "none.yaml"}},
		{"empty name", "kymamesh: stat : no such file or directory\n", []string{"mesh.yaml", ""}},
		{"link to nothing", "kymamesh: open links/a.yaml: no such file or directory\n", []string{"links"}},
		{"link to a directory called like a file", "kymamesh: read folder/else.yaml: is a directory\n", []string{"folder"}},
	} {
		t.Run(c.name, func(t *testing.T) {
			same(t, "result", result{Code: 2, Err: c.want}, call("", append([]string{"render"}, c.args...)...))
		})
	}
}
