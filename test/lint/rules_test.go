package lint

import (
	"fmt"
	"slices"
	"strings"
	"testing"
	"testing/fstest"
)

// files makes a module of names and contents.
func files(t *testing.T, contents map[string]string) *tree {
	t.Helper()
	fsys := make(fstest.MapFS)
	for name, src := range contents {
		fsys[name] = &fstest.MapFile{Data: []byte(src)}
	}
	tree, err := load(fsys)
	if err != nil {
		t.Fatal(err)
	}
	return tree
}

func wantFindings(t *testing.T, got []finding, want ...string) {
	t.Helper()
	var lines []string
	for _, f := range sorted(got) {
		lines = append(lines, f.String())
	}
	if !slices.Equal(lines, want) {
		t.Errorf("findings:\n%s\nwant:\n%s", strings.Join(lines, "\n"), strings.Join(want, "\n"))
	}
}

// importing is a file that imports one package.
func importing(path string) string { return fmt.Sprintf("package x\n\nimport _ %q\n", path) }

func TestImports(t *testing.T) {
	const once = module
	for _, tc := range []struct{ file, path, want string }{
		{"statestore/x.go", once + "/topology/serde", ""},
		{"statestore/x.go", once + "/topology", "statestore may not import topology"},
		{"topology/x.go", once + "/statestore", ""},
		{"topology/x.go", once + "/task", "topology may not import task"},
		{"topology/internal/op/x.go", once + "/topology", "topology/internal/op may not import topology"},
		{"task/x.go", once + "/topology", ""},
		{"task/x.go", once, "task may not import ."},
		{"x.go", once + "/task", ""},
		{"x.go", once + "/test/kafka", ". may not import test/kafka"},
		{"eosv2/x.go", once + "/statestore", "eosv2 may not import statestore"},
		{"eosv2/x.go", once + "/task", "eosv2 may not import task"},
		{"eosv2/x.go", once + "/topology", "eosv2 may not import topology"},
		{"internal/record/x.go", once + "/statestore", "internal/record may not import statestore"},
		{"internal/plan/x.go", once + "/statestore", ""},
		{"internal/plan/x.go", once + "/topology", "internal/plan may not import topology"},
		{"examples/wordcount/x.go", once + "/internal/plan", "examples/wordcount may not import internal/plan"},
		{"novel/x.go", once + "/topology", "package novel has no row in the table of layers"},
		{"statestore/x.go", "github.com/cockroachdb/pebble/v2/vfs", ""},
		{"task/x.go", "github.com/cockroachdb/pebble/v2", "task may not import github.com/cockroachdb/pebble/v2"},
		{"eosv2/x.go", "github.com/IBM/sarama", ""},
		{"changelog/x.go", "github.com/IBM/sarama", "changelog may not import github.com/IBM/sarama"},
		{"task/x.go", "go.uber.org/zap", ""},
		{"eosv2/x.go", "go.uber.org/zap", "eosv2 may not import go.uber.org/zap"},
		{"statestore/x.go", "github.com/prometheus/client_golang/prometheus",
			"statestore may not import github.com/prometheus/client_golang/prometheus"},
		{"examples/flights/x.go", "github.com/twmb/franz-go/pkg/kfake", ""},
		{"cmd/oncestream-bench/x.go", "github.com/twmb/franz-go/pkg/kadm", ""},
		{"cmd/oncestream-bench/x.go", "github.com/twmb/franz-go/pkg/kfake",
			"cmd/oncestream-bench may not import github.com/twmb/franz-go/pkg/kfake"},
		{"task/x.go", "github.com/twmb/franz-go/pkg/kgo", "task may not import github.com/twmb/franz-go/pkg/kgo"},
		{"task/x_test.go", "github.com/twmb/franz-go/pkg/kfake", ""},
		{"task/x.go", "example.com/left-pad", "example.com/left-pad has no row in the table of modules"},
		{"task/x.go", "encoding/json", ""},
	} {
		t.Run(tc.file+" "+tc.path, func(t *testing.T) {
			var want []string
			if tc.want != "" {
				want = []string{tc.file + ":3: " + tc.want}
			}
			wantFindings(t, imports(files(t, map[string]string{tc.file: importing(tc.path)})), want...)
		})
	}
}

func TestComments(t *testing.T) {
	const src = `package x

type T struct{ F int }
type t struct{}
func F() {}
func f() {}
func (T) M() {}
func (*G[K, V]) M() {}
func (t) M() {}
const C = 1
var V, v = 1, 2

// G has a comment.
type G[K, V any] struct{}

// Config has a field without.
type Config struct {
	// A has a comment.
	A int
	B int // B too
	C int
	d int
}

// The group has one.
const (
	D = 1
	E = 2
)

type (
	// H has a comment.
	H int
	I int
)
`
	tree := files(t, map[string]string{
		"a/a.go":      src,
		"a/a_test.go": "package x\n\nfunc Exported() {}\n",
		"b/doc.go":    "// Package b is documented.\npackage b\n",
		"c/one.go":    "// Package c is documented.\npackage c\n",
		"c/two.go":    "// Package c is documented twice.\npackage c\n",
	})
	var want []string
	for _, s := range []string{
		"10: C", "11: V", "21: C", "3: T", "34: I", "5: F", "7: M", "8: M",
	} {
		want = append(want, "a/a.go:"+s+" has no doc comment")
	}
	want = append(want, "a/a.go:1: package a has 0 package comments, want one",
		"c/one.go:2: package c has 2 package comments, want one")
	wantSet(t, comments(tree), want)
}

// wantSet compares findings without regard to their order.
func wantSet(t *testing.T, got []finding, want []string) {
	t.Helper()
	var lines []string
	for _, f := range got {
		lines = append(lines, f.String())
	}
	slices.Sort(lines)
	slices.Sort(want)
	if !slices.Equal(lines, want) {
		t.Errorf("findings:\n%s\nwant:\n%s", strings.Join(lines, "\n"), strings.Join(want, "\n"))
	}
}

func TestSizes(t *testing.T) {
	body := func(n int) string { return "func f() {\n" + strings.Repeat("\n", n-2) + "}\n" }
	tree := files(t, map[string]string{
		"long.go":      "package x\n" + strings.Repeat("\n", maxFile),
		"just.go":      "package x\n" + strings.Repeat("\n", maxFile-1),
		"long_test.go": "package x\n" + strings.Repeat("\n", maxFile) + body(maxFunc+1),
		"func.go":      "package x\n" + body(maxFunc+1),
		"func2.go":     "package x\n" + body(maxFunc),
	})
	wantFindings(t, sizes(tree), "func.go:2: f has 101 lines, at most 100", "long.go:1: the file has 601 lines, at most 600")
}

func TestASCII(t *testing.T) {
	tree := files(t, map[string]string{
		"a.go":      "package x\n\n// caf\u00e9\n",
		"a_test.go": "package x\n\nconst arrow = \"\u2192\"\n",
		"a.md":      "plain\nlong \u2014 dash\n",
		"b.md":      "plain\n",
	})
	wantFindings(t, ascii(tree), "a.go:3: U+00E9 isn't ASCII", "a.md:2: U+2014 isn't ASCII", "a_test.go:3: U+2192 isn't ASCII")
}

func TestGofmt(t *testing.T) {
	tree := files(t, map[string]string{
		"a.go": "package x\nvar  a = 1\n",
		"b.go": "package x\n\nfunc (s *S[K]) Map[V any](f func(K) V) {}\n",
	})
	wantFindings(t, gofmt(tree), "a.go:1: not formatted; run go fmt")
}

func TestSleeps(t *testing.T) {
	const sleep = "package x\n\nimport \"time\"\n\nfunc f() { time.Sleep(1) }\n"
	tree := files(t, map[string]string{
		"a_test.go":         sleep,
		"named_test.go":     "package x\n\nimport clock \"time\"\n\nfunc f() { clock.Sleep(1) }\n",
		"bubble_test.go":    "package x\n\nimport (\n\t\"testing/synctest\"\n\t\"time\"\n)\n\nfunc f() { time.Sleep(1); synctest.Wait() }\n",
		"other_test.go":     "package x\n\nfunc f() { time.Sleep(1) }\n",
		"a.go":              sleep,
		"test/chaos/run.go": sleep,
	})
	const text = ":5: a test sleeps; wait for the condition"
	wantFindings(t, sleeps(tree), "a_test.go"+text, "named_test.go"+text, "test/chaos/run.go"+text)
}

func TestPanics(t *testing.T) {
	const src = "package x\n\nfunc f() { panic(1) }\n"
	tree := files(t, map[string]string{"a.go": src, "a_test.go": src, "listed.go": src, "b.go": "package x\n\nfunc g(x T) { x.panic(1) }\n"})
	wantFindings(t, panicsBut(tree, map[string]string{"listed.go": "has a reason"}), "a.go:3: panic outside of a test; return an error")
}

func TestContexts(t *testing.T) {
	const src = "import \"context\"\n\nvar a, b = context.Background(), context.TODO()\n"
	tree := files(t, map[string]string{
		"a.go": "package x\n\n" + src, "a_test.go": "package x\n\n" + src, "test/x/a.go": "package x\n\n" + src,
		"cmd/x/main.go": "package main\n\n" + src, "listed.go": "package x\n\n" + src,
	})
	wantFindings(t, contextsBut(tree, map[string]string{"listed.go": "has a reason"}),
		"a.go:5: context.Background in a library; take the caller's context",
		"a.go:5: context.TODO in a library; take the caller's context")
}

func TestGoroutines(t *testing.T) {
	const src = "package x\n\nfunc f() {\n\tgo f()\n\twg.Go(f)\n}\n"
	tree := files(t, map[string]string{
		"a.go": src, "a_test.go": src, "test/x/a.go": src, "listed.go": src, "fewer.go": "package x\n",
	})
	listed := map[string]starts{"listed.go": {2, ""}, "fewer.go": {1, ""}, "gone.go": {1, ""}}
	wantFindings(t, concurrencyBut(tree, listed),
		"a.go:5: 2 goroutine starts, 0 are listed",
		"fewer.go:1: 0 goroutine starts, 1 are listed",
		"gone.go:1: 1 goroutine starts are listed, the file is gone")
}

// What the go tool doesn't build isn't looked at.
func TestLoadIgnores(t *testing.T) {
	const src = "package x\n"
	tree := files(t, map[string]string{
		"a.go": src, "testdata/a.go": src, ".cache/a.go": src, "_old/a.go": src, "bin/a.md": "x", "a.txt": "x",
	})
	if len(tree.files) != 1 || len(tree.docs) != 0 {
		t.Errorf("%d files and %d documents, want one file", len(tree.files), len(tree.docs))
	}
}
