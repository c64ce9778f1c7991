package documented

import (
	"bytes"
	"encoding/json"
	"fmt"
	"net/http"
	"net/url"
	"slices"
	"strings"

	"github.com/google/uuid"

	"github.com/taizhang/taizhang/services/access"
	"github.com/taizhang/taizhang/services/desk"
	"github.com/taizhang/taizhang/services/natsserver/natstest"
)

// ask is a request to an operation.
type ask struct {
	path   map[string]string
	query  url.Values
	header map[string]string
	media  string
	body   string
}

// sample returns a valid request for an operation by an account with a role. It has everything that the operation
// needs and does not depend on earlier requests.
func (w *world) sample(name string, role access.Role) ask {
	build, ok := samples[name]
	if !ok {
		w.t.Fatalf("the operation %s has no sample: add it to samples", name)
	}
	return build(w, role)
}

// samples has a request for each operation.
var samples = map[string]func(*world, access.Role) ask{
	"centers":    about(),
	"alerts":     about("center", home),
	"execution":  about("year", "2025"),
	"delayed":    about(),
	"deferrals":  about(),
	"ageing":     about(),
	"spending":   about("center", home),
	"due":        about(),
	"trace":      about("center", home, "year", "2025", "scope", "province", "figure", "executed"),
	"changes":    about("since", "3"),
	"find":       about("center", home),
	"sample":     about("center", home, "year", "2025"),
	"duplicates": about(),

	"center":  inPath("id", home),
	"history": inPath("id", home),
	"story":   inPath("id", home),
	"entry": func(w *world, _ access.Role) ask {
		return ask{path: map[string]string{"id": home, "record": w.record}}
	},
	"alert": func(w *world, _ access.Role) ask {
		return ask{path: map[string]string{"id": home, "code": w.alert[0], "key": w.alert[1], "raisedOn": w.alert[2]}}
	},
	"explain": func(w *world, _ access.Role) ask { return ask{query: query("center", home, "code", w.alert[0])} },

	"checkpoint": about(),
	"seal":       about(),
	"receipt": func(w *world, _ access.Role) ask {
		return ask{path: map[string]string{"id": home, "record": w.record}}
	},
	"receiptAt": inPath("position", "3"),

	"policies": about(),
	"policy":   inPath("id", "zj-2024-draft", "version", "2"),
	"yearly":   about("year", "2025", "center", home),
	"export":   about(),
	"events":   about("after", "1", "limit", "3"),
	"stream":   about(),
	"reproduce": func(w *world, role access.Role) ask {
		return ask{query: query("name", "a.csv"), media: "text/csv", body: w.report(role)}
	},

	"record": func(w *world, role access.Role) ask { return ask{media: "application/json", body: w.newRecord(role)} },
	"try":    func(w *world, role access.Role) ask { return ask{media: "application/jsonl", body: w.newRecord(role)} },
	"import": func(w *world, role access.Role) ask {
		return ask{query: query("name", "a.jsonl"), media: "application/jsonl", body: w.newRecord(role)}
	},
	"importState":  (*world).imported,
	"importBad":    (*world).imported,
	"importRows":   (*world).imported,
	"importMarked": (*world).imported,

	"openapi": about(),
	"problem": inPath("slug", "not-found"),

	"me":       about(),
	"accounts": about(),
	"account":  inPath("name", "in-finance"),
	"addAccount": func(w *world, _ access.Role) ask {
		return ask{media: "application/json", body: fmt.Sprintf(`{"account":%q}`, w.fresh("new-"))}
	},
	"bindAccount": func(w *world, _ access.Role) ask {
		return ask{path: map[string]string{"name": w.added()}, media: "application/json",
			body: `{"role":"center","center":"` + home + `"}`}
	},
	"disableAccount": func(w *world, _ access.Role) ask { return ask{path: map[string]string{"name": w.added()}} },
	"enableAccount": func(w *world, _ access.Role) ask {
		name := w.added()
		if _, err := w.office.Disable(w.t.Context(), name); err != nil {
			w.t.Fatal(err)
		}
		return ask{path: map[string]string{"name": name}}
	},
	"tokens": about(),
	"addToken": func(w *world, _ access.Role) ask {
		return ask{media: "application/json", body: fmt.Sprintf(`{"name":%q,"days":1}`, w.fresh("t"))}
	},
	"revokeToken": func(w *world, role access.Role) ask {
		made, err := w.office.AddToken(w.t.Context(),
			access.NewToken{Account: "in-" + string(role), Name: "to revoke"})
		if err != nil {
			w.t.Fatal(err)
		}
		return ask{path: map[string]string{"id": made.ID}}
	},
	"natsUsers": about(),
	"addNATSUser": func(w *world, _ access.Role) ask {
		return ask{media: "application/json",
			body: fmt.Sprintf(`{"name":%q,"key":%q,"filter":{"centers":[],"severities":["red"],"families":["EXE"]}}`,
				w.fresh("u"), natstest.NewUser(w.t).Public)}
	},
	"revokeNATSUser": func(w *world, _ access.Role) ask {
		u := access.NewNATSUser{Name: w.fresh("u"), Key: natstest.NewUser(w.t).Public}
		if _, err := w.office.AddNATSUser(w.t.Context(), u); err != nil {
			w.t.Fatal(err)
		}
		return ask{path: map[string]string{"user": u.Name}}
	},
	"feed":        about(),
	"restateFeed": about(),

	"signIn":         jsonBody(`{"account":"signs-in","password":"` + password + `"}`),
	"signOut":        about(), // a token has no session
	"showCode":       jsonBody(`{"code":"123456"}`),
	"changePassword": jsonBody(`{"current":"` + password + `","new":"` + password + ` 2"}`),
	"beginFactor":    about(),
	"confirmFactor":  jsonBody(`{"code":"123456"}`),
	"setPassword": func(w *world, _ access.Role) ask {
		return ask{path: map[string]string{"name": w.added()}, media: "application/json",
			body: `{"password":"` + password + `"}`}
	},
	"resetFactor": func(w *world, _ access.Role) ask { return ask{path: map[string]string{"name": w.added()}} },
	"linkAccount": func(w *world, _ access.Role) ask {
		return ask{path: map[string]string{"name": w.added()}, media: "application/json",
			body: fmt.Sprintf(`{"issuer":"https://id.example","subject":%q}`, w.fresh("s"))}
	},
	"unlinkAccount": func(w *world, _ access.Role) ask {
		name, id := w.added(), access.Identity{Issuer: "https://id.example", Subject: w.fresh("s")}
		if _, err := w.office.Link(w.t.Context(), name, id); err != nil {
			w.t.Fatal(err)
		}
		return ask{path: map[string]string{"name": name}, media: "application/json",
			body: fmt.Sprintf(`{"issuer":%q,"subject":%q}`, id.Issuer, id.Subject)}
	},

	"accessLog": about("kind", "read"), // an auditor reads those alone
}

// about returns a sample with a query.
func about(pairs ...string) func(*world, access.Role) ask {
	return func(*world, access.Role) ask { return ask{query: query(pairs...)} }
}

// jsonBody returns a sample with a body.
func jsonBody(body string) func(*world, access.Role) ask {
	return func(*world, access.Role) ask { return ask{media: "application/json", body: body} }
}

// password is the password of the account signs-in.
const password = "correct horse battery"

// inPath returns a sample with values in the path.
func inPath(pairs ...string) func(*world, access.Role) ask {
	values := map[string]string{}
	for i := 0; i < len(pairs); i += 2 {
		values[pairs[i]] = pairs[i+1]
	}
	return func(*world, access.Role) ask { return ask{path: values} }
}

func query(pairs ...string) url.Values {
	q := url.Values{}
	for i := 0; i < len(pairs); i += 2 {
		q.Set(pairs[i], pairs[i+1])
	}
	return q
}

// fresh returns a name that was not used before.
func (w *world) fresh(prefix string) string { return fmt.Sprintf("%s%d", prefix, w.serial.Add(1)) }

// added returns the name of a new account.
func (w *world) added() string {
	w.t.Helper()
	name := w.fresh("added-")
	if _, err := w.office.AddAccount(w.t.Context(), access.NewAccount{Account: name}); err != nil {
		w.t.Fatal(err)
	}
	return name
}

// writes are facts about home that an account with a role may record at any time. %s makes each one unique.
var writes = map[access.Role]string{
	access.Center:       `"kind":"funds.spent","on":"2026-06-01","data":{"voucher":"%s","payee":"乙","use":"pilot","lines":[{"grant":"G1","amountFen":1}],"summary":"中试"}`,
	access.Finance:      `"kind":"subsidy.received","on":"2026-06-01","data":{"grant":"G1","amountFen":1},"note":"%s"`,
	access.LocalGov:     `"kind":"matching.committed","on":"2026-06-01","data":{"match":"%s","fiscalYear":2026,"level":"county","amountFen":100,"dueOn":"2026-12-31"}`,
	access.IndustryDept: `"kind":"incident.recorded","on":"2026-06-01","data":{"incident":"%s","kind":"safety","severity":"general","occurredOn":"2026-05-31"}`,
	access.STOffice:     `"kind":"center.assigned","on":"2026-06-01","data":{"industryDept":"省经信厅","localGov":"330106"},"note":"%s"`,
	access.Auditor:      `"kind":"audit-finding.opened","on":"2026-06-01","data":{"finding":"%s","text":"查","dueOn":"2026-12-31"}`,
}

// newRecord returns a new record about home for a role.
func (w *world) newRecord(role access.Role) string {
	if role == access.SecAdmin {
		return w.newPolicy()
	}
	tail, ok := writes[role]
	if !ok {
		tail = writes[access.Finance]
	}
	n := w.fresh("N")
	return fmt.Sprintf(`{"id":"%s","center":"%s",%s}`, uuid.NewSHA1(uuid.NameSpaceOID, []byte(n)), home,
		fmt.Sprintf(tail, n))
}

// newPolicy returns the record that adopts a version of the policy that was not adopted before.
func (w *world) newPolicy() string {
	w.t.Helper()
	version := []byte(`"version": "` + w.fresh("3-") + `"`)
	p, problems := desk.ParsePolicy(bytes.Replace(desk.BuiltinPolicy().Text(), []byte(`"version": "2"`), version, 1))
	if len(problems) > 0 {
		w.t.Fatal(problems)
	}
	d, err := p.Adoption()
	if err != nil {
		w.t.Fatal(err)
	}
	d.By = desk.DraftBy{} // of the account
	d.On = "2026-06-01"
	record, err := json.Marshal(map[string]any{
		"id": d.ID, "kind": d.Kind, "on": d.On, "data": json.RawMessage(d.Data)})
	if err != nil {
		w.t.Fatal(err)
	}
	return string(record)
}

// imported returns the path of a finished import of an account, with a bad line; for a center, with a marked copy
// of a sheet. For an account that may not import, it is the path of no import.
func (w *world) imported(role access.Role) ask {
	w.t.Helper()
	none := ask{path: map[string]string{"id": "none"}}
	op := w.operation("import")
	if !slices.Contains(op.roles(), role) {
		return none
	}
	if w.imports[role] == "" {
		bad := ask{query: query("name", "a.jsonl"), media: "application/jsonl", body: "{}\n"}
		if role == access.Center { // who fills in sheets of vouchers
			bad = ask{query: query("name", "a.csv", "actor", "in-"+string(role), "marked", "true"), media: "text/csv",
				body: badSheet}
		}
		a := w.do(op, w.tokens[role], bad)
		if a.status != http.StatusAccepted {
			w.t.Fatalf("import as %s: %d %s", role, a.status, a.body)
		}
		w.imports[role] = strings.TrimPrefix(a.header.Get("Location"), "/v1/imports/")
	}
	if a := w.ended(role, w.imports[role]); !bytes.Contains(a.body, []byte(`"state":"done"`)) {
		w.t.Fatalf("import as %s: %s", role, a.body)
	}
	return ask{path: map[string]string{"id": w.imports[role]}}
}

// ended waits until an import has ended and returns its state.
func (w *world) ended(role access.Role, id string) answer {
	w.t.Helper()
	for {
		a := w.send("GET", "/v1/imports/"+id+"?wait=10", w.tokens[role], nil, nil)
		if a.status != http.StatusOK {
			w.t.Fatalf("import as %s: %d %s", role, a.status, a.body)
		}
		if !bytes.Contains(a.body, []byte(`"state":"waiting"`)) &&
			!bytes.Contains(a.body, []byte(`"state":"running"`)) {
			return a
		}
	}
}

// badSheet is a sheet of vouchers with a bad amount.
const badSheet = "凭证号,日期,中心编号,经费下达编号,用途,金额(元),收款单位,摘要,经济分类,外拨,委托任务书编号\n" +
	"V-7,2025-07-02,ZJ-0001,G1,中试,much,丙,样机,,,\n"

// report returns a report that an account may reproduce.
func (w *world) report(role access.Role) string {
	if strings.HasSuffix(string(role), "admin") {
		role = access.Finance
	}
	a := w.send("GET", "/v1/spending?format=csv&center="+home, w.tokens[role], nil, nil)
	return string(a.body)
}
