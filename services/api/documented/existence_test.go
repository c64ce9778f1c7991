package documented

import (
	"archive/zip"
	"bytes"
	"fmt"
	"io"
	"net/http"
	"reflect"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/taizhang/taizhang/services/access"
)

// signs are texts that only the records of the other center have.
var signs = []string{foreign, "乙中心", "FREMD-JF", "FREMD-PZ", "76543.21", "7654321", "丙公司", "fremd-1",
	"91330203MA2B3C4D59", "330203", "省卫健委"}

// scoped are the roles that see a part of the ledger.
var scoped = []access.Role{access.Center, access.LocalGov, access.IndustryDept}

// TestNothingTellsThatAnotherCenterIsThere asks as each role with a scope, with every way to name a center, about
// a center out of scope and about one that does not exist. The two answers must be equal except for the name in
// the question.
func TestNothingTellsThatAnotherCenterIsThere(t *testing.T) {
	w := newWorld(t)
	compared := 0
	for _, op := range w.operations() {
		for _, role := range scoped {
			if op.isOpen() || !slices.Contains(op.roles(), role) {
				continue
			}
			for _, about := range w.naming(op, role) {
				there, not := about(foreign), about(nowhere)
				first, second := w.do(op, w.tokens[role], there), w.do(op, w.tokens[role], not)
				if op.OperationID == "import" { // the answer is the state at its end
					first = w.ended(role, strings.TrimPrefix(first.header.Get("Location"), "/v1/imports/"))
					second = w.ended(role, strings.TrimPrefix(second.header.Get("Location"), "/v1/imports/"))
					if !strings.Contains(string(first.body), `"accepted":0`) &&
						!strings.Contains(string(first.body), `"state":"failed"`) {
						t.Errorf("import as %s about a center of others: %s", role, first.body)
					}
				} else if first.status < 300 && op.method == http.MethodPost && op.OperationID != "try" &&
					op.OperationID != "reproduce" {
					t.Errorf("%s as %s wrote to a center of others: %d %s", op.OperationID, role, first.status,
						first.body)
				}
				if got, want := masked(first, foreign), masked(second, nowhere); got != want {
					t.Errorf("%s %s as %s: about a center of others\n%s\nand about one that is not there\n%s",
						op.OperationID, target(op, there), role, got, want)
				}
				for _, sign := range signs[1:] {
					if !asked(op, there, sign) && strings.Contains(string(first.body), sign) {
						t.Errorf("%s %s as %s shows %q: %.500s", op.OperationID, target(op, there), role, sign,
							first.body)
					}
				}
				compared++
			}
		}
	}
	if compared < 30 {
		t.Errorf("only %d questions name a center", compared)
	}
}

// naming returns the questions of an operation that name a center: that of its sample, and the sample with each
// parameter that is a center.
func (w *world) naming(op operation, role access.Role) (all []func(string) ask) {
	sample := w.sample(op.OperationID, role)
	if !reflect.DeepEqual(w.about(sample, foreign), w.about(sample, nowhere)) {
		all = append(all, func(center string) ask { return w.about(sample, center) })
	}
	for _, p := range op.Parameters {
		if p.Value.In == "query" && p.Value.Schema.Value.Pattern == centerPattern &&
			sample.query.Get(p.Value.Name) == "" {
			all = append(all, func(center string) ask {
				q := w.about(sample, center)
				q.query[p.Value.Name] = []string{center}
				return q
			})
		}
	}
	return all
}

// centerPattern is the form of a parameter that is a center.
const centerPattern = `^[A-Z0-9][A-Z0-9-]{2,31}$`

// about returns a request about another center. The records and alerts that it names are those of foreign.
func (w *world) about(q ask, center string) ask {
	other := func(v string) string { return w.others.Replace(strings.ReplaceAll(v, home, center)) }
	moved := ask{media: q.media, body: other(q.body), path: map[string]string{}, query: map[string][]string{},
		header: q.header}
	for name, value := range q.path {
		moved.path[name] = other(value)
	}
	for name, values := range q.query {
		for _, v := range values {
			moved.query[name] = append(moved.query[name], other(v))
		}
	}
	return moved
}

// changing matches the parts that differ between two answers to the same question: ids of requests and of new
// things, and the time.
var changing = regexp.MustCompile(`"(requestId|addedAt|expiresAt)":"[^"]*"`)

// importID matches the id of an import.
var importID = regexp.MustCompile(`\{"id":"[^"]*"`)

// masked returns an answer without these parts, with another name for the center.
func masked(a answer, center string) string {
	head := a.header.Clone()
	for _, name := range []string{"Date", "X-Request-Id", "Location"} {
		if head.Get(name) != "" {
			head.Set(name, "-")
		}
	}
	whole := fmt.Sprintf("%d %v\n%s", a.status, head, a.body)
	if strings.Contains(whole, `"badTotal"`) {
		whole = importID.ReplaceAllString(whole, `{"id":"-"`)
	}
	return strings.ReplaceAll(changing.ReplaceAllString(whole, "-"), center, "CENTER")
}

// TestNoAnswerShowsARecordOfAnotherCenter asks everything that an account with a scope may ask, without naming a
// center.
func TestNoAnswerShowsARecordOfAnotherCenter(t *testing.T) {
	w := newWorld(t)

	for _, op := range w.operations() {
		for _, role := range scoped {
			if op.isOpen() || !slices.Contains(op.roles(), role) {
				continue
			}
			q := w.sample(op.OperationID, role)
			for _, media := range success200(op) {
				q.header = map[string]string{"Accept": media}
				got := w.do(op, w.tokens[role], q)
				for _, sign := range signs {
					if strings.Contains(got.text(t), sign) || strings.Contains(fmt.Sprint(got.header), sign) {
						t.Errorf("%s as %s shows %q as %s: %.600s", op.OperationID, role, sign, media, got.body)
					}
				}
			}
		}
	}
}

// asked reports whether the request itself contains a text.
func asked(op operation, q ask, what string) bool {
	return strings.Contains(target(op, q), what) || strings.Contains(q.body, what)
}

// text returns the body of an answer as text: of a workbook, all its parts.
func (a answer) text(t *testing.T) string {
	if !bytes.HasPrefix(a.body, []byte("PK")) {
		return string(a.body)
	}
	book, err := zip.NewReader(bytes.NewReader(a.body), int64(len(a.body)))
	if err != nil {
		t.Fatal(err)
	}
	var all strings.Builder
	for _, file := range book.File {
		part, err := file.Open()
		if err != nil {
			t.Fatal(err)
		}
		if _, err := io.Copy(&all, part); err != nil {
			t.Fatal(err)
		}
		_ = part.Close() // all of it was read
	}
	return all.String()
}

// success200 returns the media types of the successful answers of an operation, at least one.
func success200(op operation) (all []string) {
	if r := op.Responses.Status(success(op)); r != nil {
		for media := range r.Value.Content {
			all = append(all, media)
		}
	}
	if slices.Sort(all); len(all) == 0 {
		return []string{"*/*"}
	}
	return all
}

// operation returns an operation by its name.
func (w *world) operation(name string) operation {
	for _, op := range w.operations() {
		if op.OperationID == name {
			return op
		}
	}
	w.t.Fatalf("the document has no operation %s", name)
	return operation{}
}
