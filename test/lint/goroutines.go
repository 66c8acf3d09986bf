package lint

import (
	"fmt"
	"go/ast"
	"maps"
	"slices"
)

// starts is the number of goroutine starts in a file, and for the reader who
// owns the goroutines, what stops them and who waits for their end.
type starts struct {
	n   int
	why string
}

// goroutines lists every file outside of tests that starts goroutines.
var goroutines = map[string]starts{
	"app.go":                    {1, "Run's workers, its keeper and its global stores; the end of Run's context stops them, Run waits"},
	"changelog/restorer.go":     {1, "the Restorer's loop; Close cancels its context and waits for done"},
	"eosv2/producer.go":         {1, "the Producer's sender; Close closes stop and waits for done"},
	"internal/kafka/fetcher.go": {1, "the Fetcher's router; Close cancels its context and waits for the group"},
	"internal/kafka/loop.go":    {1, "the Fetcher's loop for one broker; as its router"},
	"internal/kafka/member.go":  {1, "the Member's protocol; Close cancels its context and waits for the group"},

	"cmd/oncestream-bench/metrics.go": {1, "the HTTP server; the returned function closes it and waits for done"},
	"cmd/oncestream-bench/run.go":     {1, "runUntilEnd's watcher; its context ends with the application, runUntilEnd waits"},
	"statestore/storetest/global.go":  {1, "testGlobalConcurrent's readers; each ends with the last round it reads, the test waits"},
	"examples/flights/demo.go":        {1, "process's application; process ends its context and waits for ran"},
}

// concurrency compares the starts in the source with the list.
func concurrency(t *tree) []finding { return concurrencyBut(t, goroutines) }

func concurrencyBut(t *tree, listed map[string]starts) []finding {
	var found []finding
	seen := make(map[string]bool)
	for _, f := range t.files {
		if f.isHelp() {
			continue
		}
		seen[f.name] = true
		at := startsIn(f)
		if want := listed[f.name].n; len(at) != want {
			pos := f.ast.Package
			if len(at) > 0 {
				pos = at[len(at)-1].Pos()
			}
			found = append(found, t.at(f, pos, "%d goroutine starts, %d are listed", len(at), want))
		}
	}
	for _, name := range slices.Sorted(maps.Keys(listed)) {
		if !seen[name] {
			found = append(found, finding{name, 1, fmt.Sprintf("%d goroutine starts are listed, the file is gone", listed[name].n)})
		}
	}
	return found
}

// startsIn returns go statements and the calls of the Go method of wait groups
// and the like.
func startsIn(f *file) []ast.Node {
	var found []ast.Node
	for n := range ast.Preorder(f.ast) {
		switch n := n.(type) {
		case *ast.GoStmt:
			found = append(found, n)
		case *ast.CallExpr:
			if sel, ok := n.Fun.(*ast.SelectorExpr); ok && sel.Sel.Name == "Go" && len(n.Args) == 1 {
				found = append(found, n)
			}
		}
	}
	return found
}
