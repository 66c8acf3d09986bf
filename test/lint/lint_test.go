package lint

import (
	"os"
	"testing"
)

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
}

func TestProject(t *testing.T) {
	tree, err := load(os.DirFS(root))
	if err != nil {
		t.Fatal(err)
	}
	if len(tree.files) == 0 || len(tree.docs) == 0 {
		t.Fatalf("%d Go files and %d documents: is %s the module?", len(tree.files), len(tree.docs), root)
	}
	for _, r := range rules {
		t.Run(r.name, func(t *testing.T) {
			for _, f := range sorted(r.check(tree)) {
				t.Error(f)
			}
		})
	}
}
