package client

import (
	"bytes"
	"cmp"
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"net"
	"net/http"
	"net/netip"
	"net/url"
	"os"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"github.com/taizhang/taizhang/events/text"
	"github.com/taizhang/taizhang/services/access"
	"github.com/taizhang/taizhang/services/desk"
	"github.com/taizhang/taizhang/services/listen"
)

// ClientOptions hold the address of the server and how to ask it. Give either URL or Directory.
type ClientOptions struct {
	URL string // of the server, such as https://ledger.example.cn; http only on this machine itself
	// the directory of a ledger that the same user serves on this machine: the client uses the socket in it
	Directory string

	Token     string // "" for none
	TokenFile string // a file that contains only the token and that nobody else may read; instead of Token
	CAFile    string // PEM: the certificates to trust; "" for those of the system

	Timeout time.Duration // how long to wait for a silent server; 0 for two minutes
	// how long to repeat a request that may be repeated; 0 for half a minute, negative for not at all
	Patience time.Duration

	// Waiting, if it is set, is called at most once: when the server has not been reached WaitingAfter from the
	// beginning of a request, or is reached and has not answered for ten times as long.
	Waiting      func()
	WaitingAfter time.Duration

	Prefix string // for a command line: what its user writes before the name of a parameter
	Build  string // the server must have this build, which is checked before anything else; "" for any
}

// These are limits and defaults.
const (
	timeoutDefault   = 2 * time.Minute
	patienceDefault  = 30 * time.Second
	dialTimeout      = 10 * time.Second
	tokenBytesMax    = 4 << 10
	caBytesMax       = 1 << 20
	idleConnections  = 8
	idleFor          = 90 * time.Second
	headerBytesMax   = 64 << 10
	problemBytesMax  = 4 << 20
	jsonAnswerMax    = 256 << 20 // the size of an answer that is one JSON value
	tlsHandshakeTime = 10 * time.Second
)

// Client asks one server. Its methods may be called from several goroutines. Close it after use.
type Client struct {
	options  ClientOptions
	base     *url.URL
	token    string
	http     *http.Client
	position atomic.Uint64 // the position of the ledger in the latest answer
	greeted  atomic.Bool   // greet has succeeded
	waiting  sync.Once     // calls Waiting
}

var (
	_ desk.Desk          = (*Client)(nil)
	_ access.AccountDesk = (*Client)(nil)
)

// New returns a client. It reads the files that the options name, but does not connect. Wrong options are a
// *text.Error.
func New(o ClientOptions) (*Client, error) {
	o.Timeout, o.Patience = cmp.Or(o.Timeout, timeoutDefault), cmp.Or(o.Patience, patienceDefault)
	c := &Client{options: o}
	transport := &http.Transport{
		Proxy: http.ProxyFromEnvironment, DialContext: (&net.Dialer{Timeout: dialTimeout}).DialContext,
		ForceAttemptHTTP2:   true,
		TLSHandshakeTimeout: tlsHandshakeTime, TLSClientConfig: &tls.Config{MinVersion: tls.VersionTLS12},
		MaxIdleConnsPerHost: idleConnections, IdleConnTimeout: idleFor, MaxResponseHeaderBytes: headerBytesMax,
	}
	var err error
	switch {
	case (o.URL == "") == (o.Directory == ""):
		return nil, text.Errorf(text.Invalid, "须给出服务器地址或台账目录，二者取一",
			"either the URL of a server or the directory of a ledger must be given")
	case o.Directory != "":
		transport.Proxy = nil
		transport.DialContext = func(ctx context.Context, _, _ string) (net.Conn, error) {
			ctx, cancel := context.WithTimeout(ctx, dialTimeout)
			defer cancel()
			return listen.DialSocket(ctx, o.Directory)
		}
		c.base = &url.URL{Scheme: "http", Host: "localhost"}
	default:
		if c.base, err = serverURL(o.URL); err != nil {
			return nil, err
		}
	}
	if c.token, err = o.token(); err != nil {
		return nil, err
	}
	if o.CAFile != "" {
		if transport.TLSClientConfig.RootCAs, err = authorities(o.CAFile); err != nil {
			return nil, err
		}
	}
	c.http = &http.Client{Transport: transport, CheckRedirect: func(*http.Request, []*http.Request) error {
		return http.ErrUseLastResponse
	}}
	return c, nil
}

// Close closes the idle connections of the client.
func (c *Client) Close() { c.http.CloseIdleConnections() }

// serverURL reads the address of a server. It rejects http to another machine, since the token could be read on
// the way.
func serverURL(typed string) (*url.URL, error) {
	bad := func(zh, en string, args ...any) error {
		return text.Errorf(text.Invalid, zh, en, args...).Of("server")
	}
	u, err := url.Parse(typed)
	switch {
	case err != nil || u.Host == "" || u.Opaque != "" || u.Scheme != "http" && u.Scheme != "https":
		return nil, bad("服务器地址应如 https://ledger.example.cn",
			"the URL of a server must be like https://ledger.example.cn")
	case u.User != nil || u.RawQuery != "" || u.ForceQuery || u.Fragment != "":
		return nil, bad("服务器地址不能带用户名、密码、参数或 #",
			"the URL of a server must have no user, password, parameters or #")
	case u.Scheme == "http" && !isLoopback(u.Hostname()):
		return nil, bad("%s 不在本机，须用 https：令牌不能明文发送",
			"%s is not this machine, so it must be https: a token is not sent in the clear", u.Hostname())
	}
	u.Path, u.RawPath = strings.TrimRight(u.Path, "/"), ""
	return u, nil
}

func isLoopback(host string) bool {
	ip, err := netip.ParseAddr(host)
	return host == "localhost" || err == nil && ip.IsLoopback()
}

// token returns the token that the options give, or "".
func (o *ClientOptions) token() (string, error) {
	token := o.Token
	if o.TokenFile != "" {
		if token != "" {
			return "", text.Errorf(text.Invalid, "令牌与令牌文件只能给出一个",
				"a token and a file with one cannot both be given").Of("token-file")
		}
		if err := listen.Private(o.TokenFile); err != nil {
			return "", err
		}
		content, err := readFile(o.TokenFile, tokenBytesMax)
		if err != nil {
			return "", err
		}
		if token = string(bytes.TrimSpace(content)); token == "" {
			return "", text.Errorf(text.Invalid, "%s 中没有令牌", "%s holds no token", o.TokenFile).Of("token-file")
		}
	}
	if strings.ContainsFunc(token, func(r rune) bool { return r <= ' ' || r > '~' }) {
		return "", text.Errorf(text.Invalid, "令牌应为一行可见的 ASCII 字符",
			"a token is one line of visible ASCII characters").Of("token-file")
	}
	return token, nil
}

// authorities reads certificates to trust.
func authorities(file string) (*x509.CertPool, error) {
	content, err := readFile(file, caBytesMax)
	if err != nil {
		return nil, err
	}
	pool := x509.NewCertPool()
	if !pool.AppendCertsFromPEM(content) {
		return nil, text.Errorf(text.Invalid, "%s 中没有 PEM 证书", "%s holds no certificate in PEM",
			file).Of("tls-ca")
	}
	return pool, nil
}

func readFile(name string, bytesMax int64) ([]byte, error) {
	info, err := os.Stat(name)
	if err != nil {
		return nil, err
	}
	if info.Size() > bytesMax {
		return nil, text.Errorf(text.Invalid, "%s 超过 %d 字节", "%s is longer than %d bytes", name, bytesMax)
	}
	return os.ReadFile(name)
}

// server returns the name of the server for messages.
func (c *Client) server() string {
	if c.options.Directory != "" {
		return c.options.Directory
	}
	return c.base.String()
}

// unreachable returns the error for a server that does not answer.
func (c *Client) unreachable(cause error) error {
	var why *url.Error
	if errors.As(cause, &why) {
		cause = why.Err
	}
	e := text.Errorf(text.Unavailable, "服务器 %s 没有应答：%v", "the server %s does not answer: %v",
		c.server(), cause)
	e.Cause = cause
	return e
}
