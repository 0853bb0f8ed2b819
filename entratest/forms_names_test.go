package entratest

import (
	"go/ast"
	"go/parser"
	gotoken "go/token"
	"slices"
	"strconv"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// Every form has a constant, and every constant is a form.
func TestChallengeFormsHaveConstants(t *testing.T) {
	file, err := parser.ParseFile(gotoken.NewFileSet(), "forms.go", nil, 0)
	require.NoError(t, err)
	var constants []ChallengeForm
	ast.Inspect(file, func(n ast.Node) bool {
		if spec, ok := n.(*ast.ValueSpec); ok {
			if of, ok := spec.Type.(*ast.Ident); ok && of.Name == "ChallengeForm" {
				name, err := strconv.Unquote(spec.Values[0].(*ast.BasicLit).Value)
				require.NoError(t, err)
				constants = append(constants, ChallengeForm(name))
			}
		}
		return true
	})
	forms := append(ChallengeForms(), MalformedForms()...)
	require.Len(t, forms, 21+19)
	slices.Sort(forms)
	slices.Sort(constants)
	assert.Equal(t, forms, constants)
}
