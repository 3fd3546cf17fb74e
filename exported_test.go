package fxrun_test

import (
	"go/ast"
	"go/parser"
	"go/token"
	"io/fs"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/fxrun/fxrun/internal/goldentest"
)

// TestExportedNames holds the exported names of the public packages to a written
// list, so that a new one is a decision.
func TestExportedNames(t *testing.T) {
	t.Parallel()
	var list strings.Builder
	for _, folder := range publicFolders(t) {
		names := exportedNames(t, folder)
		if len(names) == 0 {
			continue
		}
		list.WriteString(folder + "\n")
		for _, name := range names {
			list.WriteString("\t" + name + "\n")
		}
	}
	goldentest.Compare(t, filepath.Join("testdata", "exported_names.golden"), list.String())
}

// publicFolders are the folders whose packages programs may import, those of nested
// modules among them.
func publicFolders(t *testing.T) []string {
	t.Helper()
	private := []string{"internal", "testdata", "examples", "docs", "tools", "bench", "s3test"}
	var folders []string
	err := filepath.WalkDir(".", func(path string, entry fs.DirEntry, err error) error {
		if err != nil || !entry.IsDir() {
			return err
		}
		if path != "." && (strings.HasPrefix(entry.Name(), ".") || slices.Contains(private, entry.Name())) {
			return filepath.SkipDir
		}
		folders = append(folders, filepath.ToSlash(path))
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	return folders
}

// exportedNames are the exported names of the package in a folder, methods with
// their types, sorted.
func exportedNames(t *testing.T, folder string) []string {
	t.Helper()
	files, err := filepath.Glob(filepath.Join(folder, "*.go"))
	if err != nil {
		t.Fatal(err)
	}
	var names []string
	add := func(name string) {
		if ast.IsExported(name[strings.LastIndex(name, ".")+1:]) && ast.IsExported(name) {
			names = append(names, name)
		}
	}
	for _, file := range files {
		if strings.HasSuffix(file, "_test.go") {
			continue
		}
		syntax, err := parser.ParseFile(token.NewFileSet(), file, nil, parser.SkipObjectResolution)
		if err != nil {
			t.Fatal(err)
		}
		for _, declaration := range syntax.Decls {
			switch declaration := declaration.(type) {
			case *ast.FuncDecl:
				add(receiver(declaration) + declaration.Name.Name)
			case *ast.GenDecl:
				for _, spec := range declaration.Specs {
					switch spec := spec.(type) {
					case *ast.TypeSpec:
						add(spec.Name.Name)
						for _, member := range members(spec.Type) {
							add(spec.Name.Name + "." + member)
						}
						for _, method := range aliasedMethods(t, syntax, spec) {
							add(spec.Name.Name + "." + method)
						}
					case *ast.ValueSpec:
						for _, name := range spec.Names {
							add(name.Name)
						}
					}
				}
			}
		}
	}
	slices.Sort(names)
	return slices.Compact(names)
}

// members are the names of the fields of a struct and of the methods of an interface: a new
// method breaks every implementation, and a new field is a name that users meet. An embedded
// type counts by its name.
func members(t ast.Expr) []string {
	var list *ast.FieldList
	switch t := t.(type) {
	case *ast.StructType:
		list = t.Fields
	case *ast.InterfaceType:
		list = t.Methods
	default:
		return nil
	}
	var names []string
	for _, field := range list.List {
		for _, name := range field.Names {
			names = append(names, name.Name)
		}
		if len(field.Names) == 0 {
			names = append(names, embedded(field.Type))
		}
	}
	return names
}

// embedded is the name of an embedded type, "" for an element of a constraint.
func embedded(t ast.Expr) string {
	switch t := t.(type) {
	case *ast.StarExpr:
		return embedded(t.X)
	case *ast.IndexExpr:
		return embedded(t.X)
	case *ast.SelectorExpr:
		return t.Sel.Name
	case *ast.Ident:
		return t.Name
	}
	return ""
}

// receiver is the name of a method's type with a dot, "" for a function.
func receiver(function *ast.FuncDecl) string {
	if function.Recv == nil {
		return ""
	}
	t := function.Recv.List[0].Type
	for {
		switch inner := t.(type) {
		case *ast.StarExpr:
			t = inner.X
		case *ast.IndexExpr:
			t = inner.X
		case *ast.Ident:
			return inner.Name + "."
		default:
			return ""
		}
	}
}

// aliasedMethods are the methods of a type of an internal package that spec gives
// another name.
func aliasedMethods(t *testing.T, file *ast.File, spec *ast.TypeSpec) []string {
	t.Helper()
	generic := spec.Type
	if index, ok := generic.(*ast.IndexExpr); ok {
		generic = index.X
	}
	of, ok := generic.(*ast.SelectorExpr)
	if !ok || !spec.Assign.IsValid() {
		return nil
	}
	for _, imported := range file.Imports {
		path := strings.Trim(imported.Path.Value, `"`)
		folder, internal := strings.CutPrefix(path, "github.com/fxrun/fxrun/internal/")
		if from, ok := of.X.(*ast.Ident); !ok || !internal || filepath.Base(path) != from.Name {
			continue
		}
		var methods []string
		for _, name := range exportedNames(t, filepath.Join("internal", folder)) {
			if method, ok := strings.CutPrefix(name, of.Sel.Name+"."); ok {
				methods = append(methods, method)
			}
		}
		return methods
	}
	return nil
}
