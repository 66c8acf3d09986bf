package lint

import (
	"go/ast"
	"slices"
)

// sleeps forbids tests to sleep: they wait for the condition. Inside a synctest
// bubble time is a fake that no one waits for.
func sleeps(t *tree) []finding {
	var found []finding
	for _, f := range t.files {
		if !f.isHelp() || slices.Contains(f.imports(), "testing/synctest") {
			continue
		}
		for _, c := range f.calls("time", "Sleep") {
			found = append(found, t.at(f, c.Pos(), "a test sleeps; wait for the condition"))
		}
	}
	return found
}

// panics forbids panics outside of tests: a mistake of a user is an error.
func panics(t *tree) []finding { return panicsBut(t, invariants) }

// invariants lists the files that may panic, with the reason.
var invariants = map[string]string{
	"statestore/options.go": "Pebble's Fatalf must not return, and what calls it runs on Pebble's goroutines",
	"statestore/pebble.go":  "raises again a panic that isn't the engine's",
	"test/oracle/fail.go":   "scenarios have functions of users that fail, and those have no error to return",
}

func panicsBut(t *tree, allowed map[string]string) []finding {
	var found []finding
	for _, f := range t.files {
		if f.isTest() || allowed[f.name] != "" {
			continue
		}
		for n := range ast.Preorder(f.ast) {
			call, ok := n.(*ast.CallExpr)
			if !ok {
				continue
			}
			if id, ok := call.Fun.(*ast.Ident); ok && id.Name == "panic" {
				found = append(found, t.at(f, call.Pos(), "panic outside of a test; return an error"))
			}
		}
	}
	return found
}

// contexts forbids libraries to make a context that nobody can cancel.
func contexts(t *tree) []finding { return contextsBut(t, detached) }

// detached lists the files that need a context of their own, with the reason.
var detached = map[string]string{
	"internal/kafka/dial.go":    "the interface that dials has no context; closing the dialer cancels it",
	"internal/kafka/fetcher.go": "the Fetcher owns its goroutines' context; Close cancels it",
}

func contextsBut(t *tree, allowed map[string]string) []finding {
	var found []finding
	for _, f := range t.files {
		if f.isHelp() || f.isMain() || allowed[f.name] != "" {
			continue
		}
		for _, name := range []string{"Background", "TODO"} {
			for _, c := range f.calls("context", name) {
				found = append(found, t.at(f, c.Pos(), "context.%s in a library; take the caller's context", name))
			}
		}
	}
	return found
}
