package access

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/taizhang/taizhang/events/text"
)

const issuer = "https://id.example.gov.cn"

func TestAnIdentityBelongsToOneAccountAtMost(t *testing.T) {
	a, ctx := mustOpen(t, newStore()), t.Context()
	sys := add(t, a, "sys", Binding{Role: SysAdmin})
	add(t, a, "cai", Binding{Role: Finance})
	add(t, a, "ke", Binding{Role: STOffice})
	id := Identity{issuer, "9f2c1e"}
	for _, c := range []struct {
		name    string
		account string
		id      Identity
		unlink  bool
		want    text.Code
	}{
		{"linked", "cai", id, false, ""},
		{"again", "cai", id, false, ""},
		{"to another", "ke", id, false, text.Conflict},
		{"the same subject of another issuer", "ke", Identity{issuer + "/", "9f2c1e"}, false, ""},
		{"another case", "ke", Identity{issuer, "9F2C1E"}, false, ""},
		{"unlinked from another", "ke", id, true, text.NotFound},
		{"unlinked", "cai", id, true, ""},
		{"unlinked again", "cai", id, true, text.NotFound},
		{"to another once it is free", "ke", id, false, ""},
		{"to nobody", "nobody", id, false, text.NotFound},
		{"from nobody", "nobody", id, true, text.NotFound},
		{"to himself", "sys", Identity{issuer, "sys"}, false, text.Forbidden},
	} {
		do := a.Office(sys).Link
		if c.unlink {
			do = a.Office(sys).Unlink
		}
		if _, err := do(ctx, c.account, c.id); code(err) != c.want {
			t.Errorf("%s: expected %q, got %v", c.name, c.want, err)
		}
	}
	shown, err := a.Office(sys).Account(ctx, "ke")
	if err != nil || !slices.Equal(shown.Identities, []Identity{{issuer + "/", "9f2c1e"}, {issuer, "9F2C1E"}, id}) {
		t.Errorf("%+v, %v", shown, err)
	}
	for i := range identitiesMax {
		if _, err := a.Office(sys).Link(ctx, "cai", Identity{issuer, fmt.Sprint("s", i)}); err != nil {
			t.Error(err)
		}
	}
	if _, err := a.Office(sys).Link(ctx, "cai", Identity{issuer, "more"}); code(err) != text.Conflict {
		t.Errorf("more identities than there may be: %v", err)
	}
}

func TestWhoMayLinkAccounts(t *testing.T) {
	a, ctx := mustOpen(t, newStore()), t.Context()
	add(t, a, "cai", Binding{Role: Finance})
	for i, role := range append(Roles(), "") {
		p, want := owner, text.Code("")
		if role != "" {
			b := Binding{Role: role}
			switch role {
			case Center:
				b.Center = "ZJ-0001"
			case LocalGov:
				b.Region = "33"
			case IndustryDept:
				b.Departments = []string{"省经信厅"}
			}
			p = add(t, a, fmt.Sprint("x", i), b)
			if role != SysAdmin {
				want = text.Forbidden
			}
		}
		id := Identity{issuer, fmt.Sprint(i)}
		if _, err := a.Office(p).Link(ctx, "cai", id); code(err) != want {
			t.Errorf("%s links: %v", role, err)
		}
		if _, err := a.Office(p).Unlink(ctx, "cai", id); code(err) != want {
			t.Errorf("%s unlinks: %v", role, err)
		}
		p.May = nil // of a token that is not made for it
		if _, err := a.Office(p).Link(ctx, "cai", id); role != "" && code(err) != text.Forbidden {
			t.Errorf("%s links with a plain token: %v", role, err)
		}
	}
}

func TestAnIdentityThatCannotBeIsRefused(t *testing.T) {
	a := mustOpen(t, newStore())
	add(t, a, "cai", Binding{Role: Finance})
	for _, c := range []struct {
		id    Identity
		param string
	}{
		{Identity{issuer, "9f2c1e"}, ""},
		{Identity{"https://id.example.gov.cn:8443/realms/省", "张三@省厅"}, ""},
		{Identity{"http://127.0.0.1:9000", "a b"}, ""},
		{Identity{"http://[::1]:9000/x", "a"}, ""},
		{Identity{"http://localhost", strings.Repeat("省", 255)}, ""},
		{Identity{"http://id.example.gov.cn", "a"}, "issuer"},
		{Identity{"", "a"}, "issuer"},
		{Identity{"id.example.gov.cn", "a"}, "issuer"},
		{Identity{"https://", "a"}, "issuer"},
		{Identity{"https://u:p@id.example.gov.cn", "a"}, "issuer"},
		{Identity{issuer + "?x=1", "a"}, "issuer"},
		{Identity{issuer + "#x", "a"}, "issuer"},
		{Identity{issuer + " ", "a"}, "issuer"},
		{Identity{issuer + "\n", "a"}, "issuer"},
		{Identity{"javascript:alert(1)", "a"}, "issuer"},
		{Identity{issuer + strings.Repeat("/x", 100), "a"}, "issuer"},
		{Identity{issuer, ""}, "subject"},
		{Identity{issuer, " a"}, "subject"},
		{Identity{issuer, "a\x00"}, "subject"},
		{Identity{issuer, "\xff"}, "subject"},
		{Identity{issuer, strings.Repeat("a", 256)}, "subject"},
	} {
		_, err := a.Office(owner).Link(t.Context(), "cai", c.id)
		if e, isText := err.(*text.Error); c.param == "" && err != nil || c.param != "" && (!isText || e.Code != text.Invalid || e.Param != c.param) {
			t.Errorf("%+v: %v", c.id, err)
		}
	}
}
