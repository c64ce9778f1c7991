package client

import (
	"context"
	"net/http"
	"net/url"
	"strconv"

	"github.com/go-json-experiment/json"

	"github.com/taizhang/taizhang/services/access"
	"github.com/taizhang/taizhang/services/api"
)

// act posts an act on accounts, tokens or users of NATS. If the server may have received it, it is not repeated,
// because it may have been done.
func (c *Client) act(ctx context.Context, path string, body any) (*answer, error) {
	q := &call{method: http.MethodPost, path: path}
	if body != nil {
		wire, err := json.Marshal(body)
		if err != nil {
			return nil, err
		}
		q.body, q.bytes, q.media = content(wire), int64(len(wire)), jsonType
	}
	return c.do(ctx, q)
}

// Me implements access.AccountDesk.
func (c *Client) Me(ctx context.Context) (*access.Me, error) {
	return one[access.Me](c.read(ctx, pathOf("me"), nil, ""))
}

// AddAccount implements access.AccountDesk.
func (c *Client) AddAccount(ctx context.Context, r access.NewAccount) (*access.Account, error) {
	return one[access.Account](c.act(ctx, pathOf("accounts"), r))
}

// Bind implements access.AccountDesk.
func (c *Client) Bind(ctx context.Context, name string, b access.Binding) (*access.Account, error) {
	return one[access.Account](c.act(ctx, pathOf("accounts", name, "bind"), b))
}

// Disable implements access.AccountDesk.
func (c *Client) Disable(ctx context.Context, name string) (*access.Account, error) {
	return one[access.Account](c.act(ctx, pathOf("accounts", name, "disable"), nil))
}

// Enable implements access.AccountDesk.
func (c *Client) Enable(ctx context.Context, name string) (*access.Account, error) {
	return one[access.Account](c.act(ctx, pathOf("accounts", name, "enable"), nil))
}

// Accounts implements access.AccountDesk.
func (c *Client) Accounts(ctx context.Context) (access.Accounts, error) {
	list, err := one[access.Accounts](c.read(ctx, pathOf("accounts"), nil, ""))
	if err != nil {
		return nil, err
	}
	return *list, nil
}

// Account implements access.AccountDesk.
func (c *Client) Account(ctx context.Context, name string) (*access.Account, error) {
	return one[access.Account](c.read(ctx, pathOf("accounts", name), nil, ""))
}

// SetPassword implements access.AccountDesk.
func (c *Client) SetPassword(ctx context.Context, name string, r access.NewPassword) (*access.Account, error) {
	return one[access.Account](c.act(ctx, pathOf("accounts", name, "password"), r))
}

// ResetFactor implements access.AccountDesk.
func (c *Client) ResetFactor(ctx context.Context, name string) (*access.Account, error) {
	return one[access.Account](c.act(ctx, pathOf("accounts", name, "reset-factor"), nil))
}

// Link implements access.AccountDesk.
func (c *Client) Link(ctx context.Context, name string, id access.Identity) (*access.Account, error) {
	return one[access.Account](c.act(ctx, pathOf("accounts", name, "link"), id))
}

// Unlink implements access.AccountDesk.
func (c *Client) Unlink(ctx context.Context, name string, id access.Identity) (*access.Account, error) {
	return one[access.Account](c.act(ctx, pathOf("accounts", name, "unlink"), id))
}

// AddToken implements access.AccountDesk.
func (c *Client) AddToken(ctx context.Context, r access.NewToken) (*access.MadeToken, error) {
	return one[access.MadeToken](c.act(ctx, pathOf("tokens"), r))
}

// Tokens implements access.AccountDesk.
func (c *Client) Tokens(ctx context.Context, account string) (access.Tokens, error) {
	q := url.Values{}
	set(q, "account", account)
	list, err := one[access.Tokens](c.read(ctx, pathOf("tokens"), q, ""))
	if err != nil {
		return nil, err
	}
	return *list, nil
}

// RevokeToken implements access.AccountDesk.
func (c *Client) RevokeToken(ctx context.Context, id string) (*access.Token, error) {
	return one[access.Token](c.do(ctx, &call{method: http.MethodDelete, path: pathOf("tokens", id)}))
}

// AddNATSUser implements access.AccountDesk.
func (c *Client) AddNATSUser(ctx context.Context, r access.NewNATSUser) (*access.NATSUser, error) {
	return one[access.NATSUser](c.act(ctx, pathOf("nats", "users"), r))
}

// RevokeNATSUser implements access.AccountDesk.
func (c *Client) RevokeNATSUser(ctx context.Context, name string) (*access.NATSUser, error) {
	return one[access.NATSUser](c.do(ctx, &call{method: http.MethodDelete, path: pathOf("nats", "users", name)}))
}

// NATSUsers implements access.AccountDesk.
func (c *Client) NATSUsers(ctx context.Context) (access.NATSUsers, error) {
	list, err := one[access.NATSUsers](c.read(ctx, pathOf("nats", "users"), nil, ""))
	if err != nil {
		return nil, err
	}
	return *list, nil
}

// Feed returns the state of the alert feed of the server.
func (c *Client) Feed(ctx context.Context) (*api.FeedStatus, error) {
	return one[api.FeedStatus](c.read(ctx, pathOf("feed"), nil, ""))
}

// RestateFeed lets the alert feed publish every alert again, and returns when that is done.
func (c *Client) RestateFeed(ctx context.Context) (*api.FeedStatus, error) {
	return one[api.FeedStatus](c.act(ctx, pathOf("feed", "restate"), nil))
}

// Log implements access.AccountDesk.
func (c *Client) Log(ctx context.Context, q access.LogQuestion, each func(*access.LogEntry) error) error {
	params := url.Values{}
	set(params, "account", q.Account)
	set(params, "from", q.From)
	set(params, "to", q.To)
	set(params, "kind", q.Kind)
	set(params, "center", q.Center)
	if q.Limit != 0 {
		params.Set("limit", strconv.Itoa(q.Limit))
	}
	a, err := c.read(ctx, pathOf("access-log"), params, linesType)
	return lines(a, err, each)
}
