package docs

import (
	"go/ast"
	"go/token"
	"path"
	"regexp"
	"slices"
	"strings"
	"testing"
)

// sealPackages are the packages of seals, witnesses, bundles and their verification, and the verbs.
var sealPackages = []string{"services/seal", "services/sealing", "services/witness", "services/sealer",
	"services/bundle", "services/verify", "cmd/taizhang", "cmd/taizhang-verify"}

// chinese matches a character of a Chinese text, or of its punctuation, such as the colon of “%s：%s”.
var chinese = regexp.MustCompile(`[\p{Han}，。：；、（）]`)

// TestAChineseMessageHasTheChineseHalfOfAnError finds messages that are made with an error itself or with its method
// Error. Both give English, also inside the Chinese half; text.Of(err) gives each half its own.
func TestAChineseMessageHasTheChineseHalfOfAnError(t *testing.T) {
	read := 0
	for _, s := range sources(t) {
		if !slices.Contains(sealPackages, path.Dir(s.path)) {
			continue
		}
		ast.Inspect(s.file, func(n ast.Node) bool {
			var said string
			var parts []ast.Expr
			switch n := n.(type) {
			case *ast.CallExpr:
				said, parts = chineseOf(n.Args), n.Args
			case *ast.KeyValueExpr: // the half of a text.Text
				if key, ok := n.Key.(*ast.Ident); ok && key.Name == "Zh" {
					said, parts = chineseOf([]ast.Expr{n.Value}), []ast.Expr{n.Value}
				}
			}
			if said == "" {
				return true
			}
			read++
			if slices.ContainsFunc(parts, isEnglishError) {
				t.Errorf("%s: the message %s is made with an error, which has English alone: give it text.Of(err)",
					s.path, said)
			}
			return true
		})
	}
	if read < 200 {
		t.Errorf("only %d messages were read", read)
	}
}

// chineseOf returns the first Chinese literal among the arguments of a call, or "".
func chineseOf(list []ast.Expr) (said string) {
	for _, x := range list {
		ast.Inspect(x, func(n ast.Node) bool {
			if lit, ok := n.(*ast.BasicLit); ok && lit.Kind == token.STRING && said == "" && chinese.MatchString(lit.Value) {
				said = lit.Value
			}
			_, isCall := n.(*ast.CallExpr) // which is looked at by itself
			return !isCall
		})
	}
	return said
}

// isEnglishError reports whether an expression is an error, by its name, or has a call of its method Error.
func isEnglishError(x ast.Expr) (found bool) {
	switch x := x.(type) {
	case *ast.Ident:
		return x.Name == "err" || strings.HasSuffix(x.Name, "Err")
	case *ast.BinaryExpr:
		return isEnglishError(x.X) || isEnglishError(x.Y)
	case *ast.CallExpr:
		called, ok := x.Fun.(*ast.SelectorExpr)
		return ok && called.Sel.Name == "Error" && len(x.Args) == 0
	}
	return false
}
