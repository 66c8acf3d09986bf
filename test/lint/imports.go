package lint

import (
	"slices"
	"strings"
)

const module = "github.com/oncestream/oncestream"

// row says which packages of the project a package may import. Names that end in
// a slash stand for the packages below.
type row struct {
	pkg string
	may []string
}

// layers is the import direction of the project, lowest first. Test files are
// free: they may use the layers above as fixtures.
var layers = []row{
	{"internal/record", nil},
	{"internal/fault", nil},
	{"topology/serde", nil},
	{"statestore", []string{"internal/record", "internal/fault", "topology/serde"}},
	{"statestore/storetest", []string{"statestore", "internal/record"}},
	{"internal/plan", []string{"internal/record", "statestore"}},
	{"topology/internal/", []string{"internal/record", "internal/plan", "statestore", "topology/serde", "topology/internal/"}},
	{"topology", []string{"internal/record", "internal/plan", "statestore", "topology/serde", "topology/internal/"}},
	{"internal/kafka", []string{"internal/record", "internal/fault"}},
	{"eosv2", []string{"internal/record", "internal/fault", "internal/kafka"}},
	{"changelog", []string{"internal/record", "internal/fault", "internal/kafka", "statestore"}},
	{"task", []string{
		"internal/record", "internal/fault", "internal/plan", "internal/kafka", "statestore", "topology",
		"topology/serde", "eosv2", "changelog",
	}},
	{".", []string{
		"internal/record", "internal/fault", "internal/plan", "internal/kafka", "statestore", "topology",
		"topology/serde", "eosv2", "changelog", "task",
	}},
	// Programs are written with what users have.
	{"cmd/", []string{".", "topology", "topology/serde", "statestore"}},
	{"examples/", []string{".", "topology", "topology/serde", "statestore"}},
	{"test/", []string{".", "topology/", "topology", "statestore/", "statestore", "internal/", "eosv2", "changelog", "task", "test/"}},
}

// vendors says which packages may import a module. The first row that matches
// decides.
var vendors = []row{
	{"github.com/cockroachdb/pebble", []string{"statestore", "statestore/"}},
	{"github.com/IBM/sarama", []string{".", "internal/kafka", "eosv2", "cmd/", "examples/", "test/"}},
	{"go.uber.org/zap", []string{".", "task", "cmd/", "examples/", "test/"}},
	{"github.com/prometheus/", []string{".", "task", "cmd/", "examples/", "test/"}},
	// The fake broker stays out of what users link, and out of benchmarks.
	{"github.com/twmb/franz-go/pkg/kfake", []string{"examples/", "test/"}},
	// The other client library checks this one's work, and isn't built on.
	{"github.com/twmb/franz-go", []string{"cmd/", "examples/", "test/"}},
	{"github.com/RaduBerinde/btreemap", []string{"statestore"}},
	{"github.com/schollz/progressbar", []string{"cmd/", "examples/"}},
	{"go.uber.org/goleak", []string{"test/"}},
	{"golang.org/x/", []string{".", "task", "eosv2", "changelog", "topology", "statestore", "internal/", "cmd/", "examples/", "test/"}},
}

// imports checks both tables.
func imports(t *tree) []finding {
	var found []finding
	for _, f := range t.files {
		if f.isTest() {
			continue
		}
		for i, p := range f.imports() {
			if why := refused(f.dir(), p); why != "" {
				found = append(found, t.at(f, f.ast.Imports[i].Pos(), "%s", why))
			}
		}
	}
	return found
}

// refused says why a package may not import another, or nothing.
func refused(dir, imported string) string {
	if own, ok := inModule(imported); ok {
		i := slices.IndexFunc(layers, func(r row) bool { return matches(r.pkg, dir) })
		if i < 0 {
			return "package " + dir + " has no row in the table of layers"
		}
		if !matchesAny(layers[i].may, own) {
			return dir + " may not import " + own
		}
		return ""
	}
	if !strings.Contains(strings.Split(imported, "/")[0], ".") {
		return "" // the standard library
	}
	i := slices.IndexFunc(vendors, func(r row) bool { return strings.HasPrefix(imported, r.pkg) })
	if i < 0 {
		return imported + " has no row in the table of modules"
	}
	if !matchesAny(vendors[i].may, dir) {
		return dir + " may not import " + imported
	}
	return ""
}

// inModule returns the path of a package of the project below its module.
func inModule(imported string) (string, bool) {
	if imported == module {
		return ".", true
	}
	return strings.CutPrefix(imported, module+"/")
}

// matches says whether a name of a table stands for a package.
func matches(name, pkg string) bool {
	if strings.HasSuffix(name, "/") {
		return strings.HasPrefix(pkg, name)
	}
	return pkg == name
}

func matchesAny(names []string, pkg string) bool {
	return slices.ContainsFunc(names, func(n string) bool { return matches(n, pkg) })
}
