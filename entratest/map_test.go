package entratest

import (
	"io/fs"
	"os"
	"path"
	"regexp"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// The map at the end of doc.go names every file of the folder, every package
// below it, and nothing that is not there.
func TestMapOfTheFolder(t *testing.T) {
	text, err := os.ReadFile("doc.go")
	require.NoError(t, err)
	_, drawn, found := strings.Cut(string(text), "\n// Where things are")
	require.True(t, found)
	packages, files, found := strings.Cut(drawn, "\n// In this folder")
	require.True(t, found)
	there := map[string]bool{}
	require.NoError(t, fs.WalkDir(os.DirFS("."), ".", func(name string, entry fs.DirEntry, err error) error {
		if err != nil || entry.IsDir() || path.Ext(name) != ".go" || strings.HasSuffix(name, "_test.go") || name == "doc.go" {
			return err
		}
		where, what := packages, path.Dir(name)
		if what == "." {
			where, what = files, strings.TrimSuffix(name, ".go")
		}
		there[what] = true
		assert.Regexp(t, `(?m)[\t ,]`+regexp.QuoteMeta(what)+`\b`, where, name)
		return nil
	}))
	for _, name := range regexp.MustCompile(`internal/\w+`).FindAllString(packages, -1) {
		assert.True(t, there[name], "%s is not there", name)
	}
	for _, line := range regexp.MustCompile(`(?m)^//\t.*?  +(.*)$`).FindAllStringSubmatch(files, -1) {
		for name := range strings.SplitSeq(line[1], ", ") {
			assert.True(t, there[name], "%s.go is not there", name)
		}
	}
}
