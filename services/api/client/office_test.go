package client_test

import (
	"context"
	"errors"
	"fmt"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/taizhang/taizhang/events"
	"github.com/taizhang/taizhang/events/text"
	"github.com/taizhang/taizhang/services/access"
	"github.com/taizhang/taizhang/services/api"
	"github.com/taizhang/taizhang/services/api/client"
	"github.com/taizhang/taizhang/services/natsserver/natstest"
)

// atAnyTime matches an instant.
var atAnyTime = regexp.MustCompile(`"20[0-9-]+T[0-9:.]+\+08:00"`)

// errEnough ends a call early.
var errEnough = errors.New("enough")

func TestAClientIsTheOfficeOfTheAccounts(t *testing.T) {
	here, there := small(t), small(t)
	offices := []access.AccountDesk{
		here.access.Desk(access.Local("kit", "socket")), ask(t, client.ClientOptions{URL: there.URL, Patience: -1})}
	ctx := t.Context()
	ids := make([]string, len(offices))
	key := natstest.NewUser(t).Public
	bare := func(u *access.NATSUser, err error) (any, error) { // without what a server says about its feed
		if u != nil {
			u.Warnings = nil
		}
		return u, err
	}
	for _, step := range []struct {
		name string
		do   func(o access.AccountDesk, i int) (any, error)
	}{
		{"me", func(o access.AccountDesk, _ int) (any, error) { return o.Me(ctx) }},
		{"no accounts", func(o access.AccountDesk, _ int) (any, error) { return o.Accounts(ctx) }},
		{"an account", func(o access.AccountDesk, _ int) (any, error) {
			return o.AddAccount(ctx,
				access.NewAccount{Account: "dept-1",
					Binding: access.Binding{Role: access.IndustryDept, Departments: []string{"省经信厅"}}})
		}},
		{"again", func(o access.AccountDesk, _ int) (any, error) {
			return o.AddAccount(ctx, access.NewAccount{Account: "dept-1"})
		}},
		{"a bad name", func(o access.AccountDesk, _ int) (any, error) {
			return o.AddAccount(ctx, access.NewAccount{Account: "../X"})
		}},
		{"bound", func(o access.AccountDesk, _ int) (any, error) {
			return o.Bind(ctx, "dept-1", access.Binding{Role: access.LocalGov, Region: "3301"})
		}},
		{"bound badly", func(o access.AccountDesk, _ int) (any, error) {
			return o.Bind(ctx, "dept-1", access.Binding{Role: "king"})
		}},
		{"one that is not there", func(o access.AccountDesk, _ int) (any, error) { return o.Account(ctx, "nobody") }},
		{"a token", func(o access.AccountDesk, i int) (any, error) {
			made, err := o.AddToken(ctx, access.NewToken{Account: "dept-1", Name: "测试", Days: 3})
			if err == nil {
				ids[i] = made.ID
			}
			return made, err
		}},
		{"a token for too long", func(o access.AccountDesk, _ int) (any, error) {
			return o.AddToken(ctx, access.NewToken{Account: "dept-1", Name: "x", Days: 9999})
		}},
		{"the tokens", func(o access.AccountDesk, _ int) (any, error) { return o.Tokens(ctx, "dept-1") }},
		{"all tokens", func(o access.AccountDesk, _ int) (any, error) { return o.Tokens(ctx, "") }},
		{"revoked", func(o access.AccountDesk, i int) (any, error) { return o.RevokeToken(ctx, ids[i]) }},
		{"no token", func(o access.AccountDesk, _ int) (any, error) { return o.RevokeToken(ctx, "x") }},
		{"disabled", func(o access.AccountDesk, _ int) (any, error) { return o.Disable(ctx, "dept-1") }},
		{"enabled", func(o access.AccountDesk, _ int) (any, error) { return o.Enable(ctx, "dept-1") }},
		{"the account", func(o access.AccountDesk, _ int) (any, error) { return o.Account(ctx, "dept-1") }},
		{"a user of NATS", func(o access.AccountDesk, _ int) (any, error) {
			return bare(o.AddNATSUser(ctx,
				access.NewNATSUser{Name: "screen", Key: key, Filter: access.NATSFilter{Severities: []string{"red"}}}))
		}},
		{"a user of NATS with a bad family", func(o access.AccountDesk, _ int) (any, error) {
			return o.AddNATSUser(ctx,
				access.NewNATSUser{Name: "other", Key: key, Filter: access.NATSFilter{Families: []string{"ABC"}}})
		}},
		{"the key of another", func(o access.AccountDesk, _ int) (any, error) {
			return o.AddNATSUser(ctx, access.NewNATSUser{Name: "other", Key: key})
		}},
		{"the users of NATS", func(o access.AccountDesk, _ int) (any, error) { return o.NATSUsers(ctx) }},
		{"a user of NATS revoked", func(o access.AccountDesk, _ int) (any, error) {
			return bare(o.RevokeNATSUser(ctx, "screen"))
		}},
		{"no user of NATS", func(o access.AccountDesk, _ int) (any, error) {
			return o.RevokeNATSUser(ctx, "../screen")
		}},
		{"no users of NATS", func(o access.AccountDesk, _ int) (any, error) { return o.NATSUsers(ctx) }},
		{"the log of acts", func(o access.AccountDesk, _ int) (any, error) {
			var all []string
			err := o.Log(ctx, access.LogQuestion{Kind: access.LogAct}, func(e *access.LogEntry) error {
				all = append(all, fmt.Sprint(e.Kind, e.Account, e.Verb, e.Outcome, e.Source))
				return nil
			})
			return all, err
		}},
		{"the log of writes", func(o access.AccountDesk, _ int) (any, error) {
			var all []access.LogEntry
			err := o.Log(ctx, access.LogQuestion{Kind: access.LogWrite, Limit: 3}, func(e *access.LogEntry) error {
				all = append(all, *e)
				return nil
			})
			return all, err
		}},
		{"a bad question to the log", func(o access.AccountDesk, _ int) (any, error) {
			return nil, o.Log(ctx, access.LogQuestion{Kind: "everything"}, func(*access.LogEntry) error { return nil })
		}},
	} {
		var answers []string
		for i, o := range offices {
			answer, err := step.do(o, i)
			shown := shown(t, answer, err)
			if made, ok := answer.(*access.MadeToken); ok && err == nil { // by chance
				shown = strings.NewReplacer(made.Secret, "SECRET", made.ID, "ID").Replace(shown)
			}
			if ids[i] != "" {
				shown = strings.ReplaceAll(shown, ids[i], "ID")
			}
			answers = append(answers, atAnyTime.ReplaceAllString(shown, "TIME"))
		}
		if answers[0] != answers[1] {
			t.Errorf("%s: expected\n%s\ngot\n%s", step.name, answers[0], answers[1])
		}
	}
}

func TestAClientAsksHowTheFeedDoes(t *testing.T) {
	c := ask(t, client.ClientOptions{URL: small(t).URL, Patience: -1})
	if f, err := c.Feed(t.Context()); err != nil || f.State != api.FeedOff || f.Position != 6 {
		t.Errorf("%+v, %v", f, err)
	}
	if _, err := c.RestateFeed(t.Context()); text.CodeOf(err) != text.Conflict {
		t.Errorf("restated: %v", err)
	}
}

func TestAFollowerSeesWhatIsWrittenAndGoesOnOverALostConnection(t *testing.T) {
	x := small(t) // position 6
	c := ask(t, client.ClientOptions{URL: x.URL})
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	defer cancel()
	var got []string
	err := c.Follow(ctx, 4, func(s *events.Stored) error {
		got = append(got, fmt.Sprint(s.Position, s.Kind))
		switch s.Position {
		case 6:
			go func() {
				if _, err := x.desk.Record(ctx, draft("ZJ-0001", reversed)); err != nil {
					t.Error(err)
				}
				x.CloseClientConnections()
				if _, err := x.desk.Record(ctx, draft("ZJ-0002", registered)); err != nil {
					t.Error(err)
				}
			}()
		case 8:
			return errEnough
		}
		return nil
	})
	if want := "[5funds.spent 6funds.spent 7spending.reversed 8center.registered]"; err != errEnough ||
		fmt.Sprint(got) != want {
		t.Errorf("got %v, %v", got, err)
	}
	if err := c.Reaches(ctx, 8); err != nil {
		t.Error(err)
	}
}
