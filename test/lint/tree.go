package lint

import (
	"cmp"
	"fmt"
	"go/ast"
	"go/parser"
	"go/token"
	"io/fs"
	"iter"
	"path"
	"slices"
	"strconv"
	"strings"
)

// tree is the source of a module.
type tree struct {
	fset  *token.FileSet
	files []*file
	docs  []*text // Markdown
}

// text is a file as it is; its name is relative to the module, with slashes.
type text struct {
	name string
	src  []byte
}

// file is a parsed Go file.
type file struct {
	text
	ast *ast.File
}

// dir is the file's package, relative to the module; the root is a dot.
func (f *file) dir() string { return path.Dir(f.name) }

func (f *file) isTest() bool { return strings.HasSuffix(f.name, "_test.go") }
func (f *file) isMain() bool { return f.ast.Name.Name == "main" }

// isHelp tells test support: its code runs in tests alone.
func (f *file) isHelp() bool { return f.isTest() || strings.HasPrefix(f.name, "test/") }

// finding is a place where a rule is broken.
type finding struct {
	name string
	line int
	text string
}

func (f finding) String() string { return fmt.Sprintf("%s:%d: %s", f.name, f.line, f.text) }

// exported returns the exported functions and methods of package topology.
func (t *tree) exported() iter.Seq2[*file, *ast.FuncDecl] {
	return func(yield func(*file, *ast.FuncDecl) bool) {
		for _, f := range t.files {
			if f.dir() != "topology" || f.isTest() {
				continue
			}
			for _, d := range f.ast.Decls {
				if fn, ok := d.(*ast.FuncDecl); ok && fn.Name.IsExported() && !yield(f, fn) {
					return
				}
			}
		}
	}
}

// at makes a finding at a position in a Go file.
func (t *tree) at(f *file, pos token.Pos, format string, args ...any) finding {
	return finding{f.name, t.fset.Position(pos).Line, fmt.Sprintf(format, args...)}
}

// load reads a module. It leaves out what the go tool leaves out.
func load(fsys fs.FS) (*tree, error) {
	t := &tree{fset: token.NewFileSet()}
	err := fs.WalkDir(fsys, ".", func(name string, d fs.DirEntry, err error) error {
		switch {
		case err != nil:
			return err
		case d.IsDir() && ignored(name):
			return fs.SkipDir
		case d.IsDir() || !slices.Contains([]string{".go", ".md"}, path.Ext(name)):
			return nil
		}
		return t.add(fsys, name)
	})
	return t, err
}

func ignored(dir string) bool {
	base := path.Base(dir)
	return dir != "." && (strings.HasPrefix(base, ".") || strings.HasPrefix(base, "_") || base == "testdata" || base == "bin")
}

func (t *tree) add(fsys fs.FS, name string) error {
	src, err := fs.ReadFile(fsys, name)
	if err != nil {
		return err
	}
	if path.Ext(name) == ".md" {
		t.docs = append(t.docs, &text{name, src})
		return nil
	}
	parsed, err := parser.ParseFile(t.fset, name, src, parser.ParseComments|parser.SkipObjectResolution)
	if err != nil {
		return err
	}
	t.files = append(t.files, &file{text{name, src}, parsed})
	return nil
}

// imports returns the paths that a file imports.
func (f *file) imports() []string {
	var paths []string
	for _, s := range f.ast.Imports {
		if p, err := strconv.Unquote(s.Path.Value); err == nil {
			paths = append(paths, p)
		}
	}
	return paths
}

// calls returns the calls of the package's function name in a file, by whatever
// name the file imports the package.
func (f *file) calls(pkg, name string) []*ast.CallExpr {
	local := ""
	for _, s := range f.ast.Imports {
		if s.Path.Value != strconv.Quote(pkg) {
			continue
		}
		local = path.Base(pkg)
		if s.Name != nil {
			local = s.Name.Name
		}
	}
	var found []*ast.CallExpr
	for n := range ast.Preorder(f.ast) {
		call, ok := n.(*ast.CallExpr)
		if !ok {
			continue
		}
		if sel, ok := call.Fun.(*ast.SelectorExpr); ok && sel.Sel.Name == name {
			if id, ok := sel.X.(*ast.Ident); ok && local != "" && id.Name == local {
				found = append(found, call)
			}
		}
	}
	return found
}

// sorted orders findings by place.
func sorted(fs []finding) []finding {
	slices.SortFunc(fs, func(a, b finding) int {
		return cmp.Or(cmp.Compare(a.name, b.name), cmp.Compare(a.line, b.line), cmp.Compare(a.text, b.text))
	})
	return fs
}
