package lint

import (
	"bytes"
	"fmt"
	"go/ast"
	"regexp"
	"strings"
)

// marked is a block of Go in a document that says which example it shows.
var marked = regexp.MustCompile("(?m)^<!-- (Example\\w*) -->\n```go\n((?s:.*?))^```$")

// guides checks that documents show examples as they are in the tests, where they
// run: what a reader copies works. Every example of the language is in a document.
func guides(t *tree) []finding {
	examples := t.examples()
	shown := map[string]bool{}
	var found []finding
	for _, doc := range t.docs {
		for _, m := range marked.FindAllSubmatchIndex(doc.src, -1) {
			name, block := string(doc.src[m[2]:m[3]]), doc.src[m[4]:m[5]]
			line := 1 + bytes.Count(doc.src[:m[0]], []byte("\n"))
			e, ok := examples[name]
			switch {
			case !ok:
				found = append(found, finding{doc.name, line, fmt.Sprintf("there is no %s in package topology", name)})
			case !bytes.Equal(block, e.body):
				found = append(found, finding{doc.name, line, name + " isn't what the test has: run go test ./test/lint -rewrite"})
			}
			shown[name] = true
		}
	}
	for name, e := range examples {
		if !shown[name] {
			found = append(found, finding{e.file, e.line, name + " is in no document: show it in docs/language.md"})
		}
	}
	return found
}

// showExamples returns a document with its examples as they are in the tests.
func (t *tree) showExamples(doc []byte) []byte {
	examples := t.examples()
	return marked.ReplaceAllFunc(doc, func(block []byte) []byte {
		name := string(marked.FindSubmatch(block)[1])
		e, ok := examples[name]
		if !ok {
			return block
		}
		return fmt.Appendf(nil, "<!-- %s -->\n```go\n%s```", name, e.body)
	})
}

// example is a function that documentation shows and tests run.
type example struct {
	file string
	line int
	body []byte
}

// examples returns the examples of the language by name.
func (t *tree) examples() map[string]example {
	all := map[string]example{}
	for _, f := range t.files {
		if f.dir() != "topology" || !f.isTest() {
			continue
		}
		for _, d := range f.ast.Decls {
			if fn, ok := d.(*ast.FuncDecl); ok && fn.Recv == nil && strings.HasPrefix(fn.Name.Name, "Example") {
				p := t.fset.Position(fn.Pos())
				all[fn.Name.Name] = example{f.name, p.Line, f.body(t, fn)}
			}
		}
	}
	return all
}

// body returns what's between the braces of a function, without its indentation.
func (f *file) body(t *tree, fn *ast.FuncDecl) []byte {
	from, to := t.fset.Position(fn.Body.Lbrace).Offset+1, t.fset.Position(fn.Body.Rbrace).Offset
	var b bytes.Buffer
	for line := range strings.Lines(strings.Trim(string(f.src[from:to]), "\n")) {
		b.WriteString(strings.TrimPrefix(strings.TrimRight(line, "\n"), "\t"))
		b.WriteByte('\n')
	}
	return b.Bytes()
}

// shownByOthers are the operators that make nothing by themselves: their example is
// that of the call which ends their chain.
var shownByOthers = map[string]string{
	"ExampleGroupedStream_Cogroup":    "ExampleCogrouped_And",
	"ExampleGroupedStream_SessionsBy": "ExampleSessionWindowedStream_Count",
	"ExampleCogrouped_Aggregate":      "ExampleCogrouped_And",
	"ExampleCogrouped_WindowedBy":     "ExampleTimeWindowedCogrouped_Aggregate",
	"ExampleCogrouped_SessionsBy":     "ExampleSessionWindowedCogrouped_Aggregate",
}

// operators checks that each method of the language's types has an example.
func operators(t *tree) []finding {
	examples := t.examples()
	var found []finding
	for f, fn := range t.exported() {
		on := receiver(fn)
		if !language[on] {
			continue
		}
		name := "Example" + on + "_" + fn.Name.Name
		if other := shownByOthers[name]; other != "" {
			name = other
		}
		if _, ok := examples[name]; !ok {
			found = append(found, t.at(f, fn.Pos(), "%s.%s has no example: write %s", on, fn.Name.Name, name))
		}
	}
	return found
}

// language are the types whose methods are operators.
var language = map[string]bool{
	"Builder": true, "Stream": true, "Table": true, "GlobalTable": true,
	"GroupedStream": true, "GroupedTable": true, "Cogrouped": true,
	"TimeWindowedStream": true, "SessionWindowedStream": true,
	"TimeWindowedCogrouped": true, "SessionWindowedCogrouped": true,
	"WindowedTable": true,
}

// receiver returns the name of the type that a method is of.
func receiver(fn *ast.FuncDecl) string {
	if fn.Recv == nil {
		return ""
	}
	e := fn.Recv.List[0].Type
	for {
		switch x := e.(type) {
		case *ast.StarExpr:
			e = x.X
		case *ast.IndexExpr:
			e = x.X
		case *ast.IndexListExpr:
			e = x.X
		case *ast.Ident:
			return x.Name
		default:
			return ""
		}
	}
}
