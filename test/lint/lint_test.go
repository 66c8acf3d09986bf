package lint

import (
	"bytes"
	"flag"
	"os"
	"path/filepath"
	"testing"
)

var rewrite = flag.Bool("rewrite", false, "rewrite the examples that documents show")

// root is the module's directory, seen from this package.
const root = "../.."

var rules = []struct {
	name  string
	check func(*tree) []finding
}{
	{"imports", imports},
	{"comments", comments},
	{"sizes", sizes},
	{"ascii", ascii},
	{"gofmt", gofmt},
	{"sleeps", sleeps},
	{"panics", panics},
	{"contexts", contexts},
	{"goroutines", concurrency},
	{"guides", guides},
	{"operators", operators},
	{"parity", parity},
}

func TestProject(t *testing.T) {
	tree, err := load(os.DirFS(root))
	if err != nil {
		t.Fatal(err)
	}
	if len(tree.files) == 0 || len(tree.docs) == 0 {
		t.Fatalf("%d Go files and %d documents: is %s the module?", len(tree.files), len(tree.docs), root)
	}
	if *rewrite {
		rewriteExamples(t, tree)
	}
	for _, r := range rules {
		t.Run(r.name, func(t *testing.T) {
			for _, f := range sorted(r.check(tree)) {
				t.Error(f)
			}
		})
	}
}

// rewriteExamples brings the examples in documents up to date.
func rewriteExamples(t *testing.T, tree *tree) {
	t.Helper()
	for _, doc := range tree.docs {
		src := tree.showExamples(doc.src)
		if bytes.Equal(src, doc.src) {
			continue
		}
		if err := os.WriteFile(filepath.Join(root, filepath.FromSlash(doc.name)), src, 0o644); err != nil {
			t.Fatal(err)
		}
		doc.src = src
	}
}
