package msalcae_test

import (
	"fmt"
	"go/ast"
	"go/parser"
	"go/token"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// Whoever reads the documentation has nothing else: every package says what it
// is for, and every exported name, field and method of those that users can
// import has a comment.
func TestHouseDocumentation(t *testing.T) {
	for dir, files := range goFiles(t) {
		for _, complaint := range undocumented(t, files, !strings.Contains(filepath.ToSlash(dir)+"/", "internal/")) {
			t.Error(complaint)
		}
	}
}

// Two packages: one without a comment on anything, one with them all.
const undocumentedSample = `package sample

type Bare struct {
	Field int
	hidden int
}
func (Bare) Method() {}
func (*Bare) quiet() {}
type Face interface { Call() }
func Function() {}
const Constant = 1
var (
	Variable int
)
type hidden struct { Field int }
func (hidden) Method() {}
`

const documentedSample = `// Package sample is a sample.
package sample

// Bare is.
type Bare[T any] struct {
	Field int // a field
	// Other is.
	Other int
	Face
	nested struct { X int }
}
// Method does.
func (Bare[T]) Method() {}
// Face is.
type Face interface {
	// Call calls.
	Call()
}
// Errors.
var (
	ErrA int
	ErrB int
)
const (
	One = 1 // the first
	// Two is the second.
	Two = 2
)
`

func TestHouseDocumentationCatches(t *testing.T) {
	sample := func(src string) []string {
		path := filepath.Join(t.TempDir(), "sample.go")
		require.NoError(t, os.WriteFile(path, []byte(src), 0o600))
		return []string{path}
	}
	var got []string
	for _, complaint := range undocumented(t, sample(undocumentedSample), true) {
		got = append(got, complaint[strings.LastIndex(complaint, ": ")+2:])
	}
	assert.ElementsMatch(t, []string{
		"package sample has no comment", "Bare has no comment", "Bare.Field has no comment", "Bare.Method has no comment",
		"Face has no comment", "Face.Call has no comment", "Function has no comment", "Constant has no comment", "Variable has no comment",
	}, got)
	assert.Len(t, undocumented(t, sample(undocumentedSample), false), 1, "an internal package needs its own comment only")
	assert.Empty(t, undocumented(t, sample(documentedSample), true))
}

// undocumented gives a complaint for every exported name without a comment in
// the files of one package, or, unless exported is set, for the package alone.
func undocumented(t *testing.T, files []string, exported bool) (complaints []string) {
	t.Helper()
	fset := token.NewFileSet()
	complain := func(pos token.Pos, name string) {
		complaints = append(complaints, fmt.Sprintf("%s: %s has no comment", fset.Position(pos), name))
	}
	packageDoc := false
	var last *ast.File
	for _, path := range files {
		file, err := parser.ParseFile(fset, path, nil, parser.ParseComments)
		require.NoError(t, err)
		packageDoc = packageDoc || file.Doc.Text() != ""
		last = file
		if !exported || file.Name.Name == "main" {
			continue
		}
		for _, decl := range file.Decls {
			switch d := decl.(type) {
			case *ast.FuncDecl:
				if name, ok := exportedFunc(d); ok && d.Doc.Text() == "" {
					complain(d.Pos(), name)
				}
			case *ast.GenDecl:
				bareSpecs(d, complain)
			}
		}
	}
	if !packageDoc {
		complain(last.Package, "package "+last.Name.Name)
	}
	return complaints
}

// exportedFunc names a function, or a method of an exported type, that users
// see.
func exportedFunc(d *ast.FuncDecl) (name string, ok bool) {
	if !d.Name.IsExported() {
		return "", false
	}
	if d.Recv == nil {
		return d.Name.Name, true
	}
	receiver := d.Recv.List[0].Type
	for {
		switch r := receiver.(type) {
		case *ast.StarExpr:
			receiver = r.X
		case *ast.IndexExpr:
			receiver = r.X
		case *ast.IndexListExpr:
			receiver = r.X
		case *ast.Ident:
			return r.Name + "." + d.Name.Name, r.IsExported()
		default:
			return "", false
		}
	}
}

// bareSpecs complains about the exported names of a declaration that have no
// comment. A comment on a group of constants or variables is for all of them.
func bareSpecs(d *ast.GenDecl, complain func(token.Pos, string)) {
	for _, spec := range d.Specs {
		switch s := spec.(type) {
		case *ast.ValueSpec:
			for _, name := range s.Names {
				if name.IsExported() && s.Doc.Text() == "" && s.Comment.Text() == "" && d.Doc.Text() == "" {
					complain(name.Pos(), name.Name)
				}
			}
		case *ast.TypeSpec:
			if !s.Name.IsExported() {
				continue
			}
			if s.Doc.Text() == "" && (d.Doc.Text() == "" || d.Lparen.IsValid()) {
				complain(s.Pos(), s.Name.Name)
			}
			bareMembers(s, complain)
		}
	}
}

// bareMembers complains about exported fields and interface methods without a
// comment. An embedded one is documented where it is declared.
func bareMembers(s *ast.TypeSpec, complain func(token.Pos, string)) {
	var fields *ast.FieldList
	switch typ := s.Type.(type) {
	case *ast.StructType:
		fields = typ.Fields
	case *ast.InterfaceType:
		fields = typ.Methods
	default:
		return
	}
	for _, f := range fields.List {
		for _, name := range f.Names {
			if name.IsExported() && f.Doc.Text() == "" && f.Comment.Text() == "" {
				complain(name.Pos(), s.Name.Name+"."+name.Name)
			}
		}
	}
}

// goFiles gives the Go files of every package of the repository, nested modules
// included, tests and testdata left out.
func goFiles(t *testing.T) map[string][]string {
	t.Helper()
	packages := map[string][]string{}
	walkTree(t, func(path string, _ fs.DirEntry) {
		if strings.HasSuffix(path, ".go") && !strings.HasSuffix(path, "_test.go") {
			packages[filepath.Dir(path)] = append(packages[filepath.Dir(path)], path)
		}
	}, "testdata")
	require.Contains(t, packages, ".")
	return packages
}
