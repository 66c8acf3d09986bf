package lint

import (
	"go/ast"
	"go/token"
	"maps"
	"slices"
	"strings"
)

// comments asks for a doc comment on every package, on every exported name, and
// on every exported field of a struct that holds configuration.
func comments(t *tree) []finding {
	var found []finding
	for _, f := range t.files {
		if f.isTest() {
			continue
		}
		for _, d := range f.ast.Decls {
			switch d := d.(type) {
			case *ast.FuncDecl:
				if d.Doc == nil && d.Name.IsExported() && exportedReceiver(d) {
					found = append(found, undocumented(t, f, d.Name))
				}
			case *ast.GenDecl:
				found = append(found, undocumentedSpecs(t, f, d)...)
			}
		}
	}
	return append(found, packageComments(t)...)
}

func undocumented(t *tree, f *file, name *ast.Ident) finding {
	return t.at(f, name.Pos(), "%s has no doc comment", name.Name)
}

// exportedReceiver says whether a function is no method, or one of an exported
// type.
func exportedReceiver(d *ast.FuncDecl) bool {
	if d.Recv == nil {
		return true
	}
	e := d.Recv.List[0].Type
	for {
		switch x := e.(type) {
		case *ast.StarExpr:
			e = x.X
		case *ast.IndexExpr:
			e = x.X
		case *ast.IndexListExpr:
			e = x.X
		case *ast.Ident:
			return x.IsExported()
		default:
			return true
		}
	}
}

// undocumentedSpecs looks at a declaration of types, constants or variables. One
// comment may stand for a group of constants or variables.
func undocumentedSpecs(t *tree, f *file, d *ast.GenDecl) []finding {
	var found []finding
	for _, s := range d.Specs {
		switch s := s.(type) {
		case *ast.TypeSpec:
			if s.Name.IsExported() && s.Doc == nil && (d.Doc == nil || d.Lparen.IsValid()) {
				found = append(found, undocumented(t, f, s.Name))
			}
			if st, ok := s.Type.(*ast.StructType); ok && isConfig(s.Name.Name) {
				found = append(found, undocumentedFields(t, f, st)...)
			}
		case *ast.ValueSpec:
			for _, name := range s.Names {
				if name.IsExported() && s.Doc == nil && s.Comment == nil && d.Doc == nil {
					found = append(found, undocumented(t, f, name))
				}
			}
		}
	}
	return found
}

// isConfig tells structs that users or other packages fill in.
func isConfig(name string) bool {
	return token.IsExported(name) && (strings.HasSuffix(name, "Config") || strings.HasSuffix(name, "Options"))
}

func undocumentedFields(t *tree, f *file, st *ast.StructType) []finding {
	var found []finding
	for _, field := range st.Fields.List {
		for _, name := range field.Names {
			if name.IsExported() && field.Doc == nil && field.Comment == nil {
				found = append(found, undocumented(t, f, name))
			}
		}
	}
	return found
}

// packageComments asks for exactly one package comment in each package.
func packageComments(t *tree) []finding {
	pkgs := make(map[string][]*file)
	for _, f := range t.files {
		if !f.isTest() {
			pkgs[f.dir()] = append(pkgs[f.dir()], f)
		}
	}
	var found []finding
	for _, dir := range slices.Sorted(maps.Keys(pkgs)) {
		n := 0
		for _, f := range pkgs[dir] {
			if f.ast.Doc != nil {
				n++
			}
		}
		if n != 1 {
			f := pkgs[dir][0]
			found = append(found, t.at(f, f.ast.Package, "package %s has %d package comments, want one", dir, n))
		}
	}
	return found
}
