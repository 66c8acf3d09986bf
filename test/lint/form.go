package lint

import (
	"bytes"
	"fmt"
	"go/ast"
	"go/format"
	"unicode/utf8"
)

const (
	maxFile = 600 // lines
	maxFunc = 100 // lines
)

// sizes bounds files and functions outside of tests.
func sizes(t *tree) []finding {
	var found []finding
	for _, f := range t.files {
		if f.isTest() {
			continue
		}
		if n := bytes.Count(f.src, []byte("\n")); n > maxFile {
			found = append(found, finding{f.name, 1, fmt.Sprintf("the file has %d lines, at most %d", n, maxFile)})
		}
		for _, d := range f.ast.Decls {
			fn, ok := d.(*ast.FuncDecl)
			if !ok {
				continue
			}
			if n := t.fset.Position(fn.End()).Line - t.fset.Position(fn.Pos()).Line + 1; n > maxFunc {
				found = append(found, t.at(f, fn.Pos(), "%s has %d lines, at most %d", fn.Name.Name, n, maxFunc))
			}
		}
	}
	return found
}

// ascii bounds Go and Markdown to what every terminal, diff and search shows
// alike.
func ascii(t *tree) []finding {
	texts := t.docs
	for _, f := range t.files {
		texts = append(texts, &f.text)
	}
	var found []finding
	for _, x := range texts {
		for i, line := range bytes.Split(x.src, []byte("\n")) {
			if at := bytes.IndexFunc(line, func(r rune) bool { return r >= utf8.RuneSelf }); at >= 0 {
				r, _ := utf8.DecodeRune(line[at:])
				found = append(found, finding{x.name, i + 1, fmt.Sprintf("%U isn't ASCII", r)})
			}
		}
	}
	return found
}

// gofmt wants what the toolchain's own formatter prints.
func gofmt(t *tree) []finding {
	var found []finding
	for _, f := range t.files {
		want, err := format.Source(f.src)
		if err != nil || !bytes.Equal(want, f.src) {
			found = append(found, finding{f.name, 1, "not formatted; run go fmt"})
		}
	}
	return found
}
