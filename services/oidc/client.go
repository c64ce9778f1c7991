package oidc

import (
	"context"
	"fmt"
	"io"
	"net/http"
	"net/netip"
	"net/url"
	"time"
)

const (
	// for one request to the issuer, and for each of Begin, Finish and Verify as a whole
	waitMax        = 10 * time.Second
	answerBytesMax = 1 << 20
	headerBytesMax = 64 << 10
)

// newClient returns a client for requests to the issuer. It follows no redirects, keeps no cookies, and limits
// waits and the size of answers.
func newClient(c *http.Client, plain bool) *http.Client {
	d := door{plain: plain}
	wait := waitMax
	if c != nil {
		d.base = c.Transport
		if c.Timeout > 0 {
			wait = min(wait, c.Timeout)
		}
	}
	if d.base == nil {
		t := http.DefaultTransport.(*http.Transport).Clone()
		t.MaxResponseHeaderBytes = headerBytesMax
		d.base = t
	}
	return &http.Client{
		Transport:     d,
		Timeout:       wait,
		CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
	}
}

// door is a transport that rejects unsafe addresses and limits the size of answers.
type door struct {
	base  http.RoundTripper
	plain bool // the issuer is on loopback without TLS, so its endpoints may be too
}

// RoundTrip implements http.RoundTripper.
func (d door) RoundTrip(r *http.Request) (*http.Response, error) {
	if err := checkURL(r.URL, d.plain); err != nil {
		return nil, err
	}
	resp, err := d.base.RoundTrip(r)
	if err != nil {
		return nil, err
	}
	resp.Body = http.MaxBytesReader(nil, resp.Body, answerBytesMax)
	return resp, nil
}

// checkURL returns an error unless an address is https, or, where plain is set, on loopback.
func checkURL(u *url.URL, plain bool) error {
	switch {
	case u.Host == "" || u.Opaque != "":
		return fmt.Errorf("expected the address of a server, got %q", u.Redacted())
	case u.User != nil:
		return fmt.Errorf("expected an address without a user, got %q", u.Redacted())
	case u.Scheme == "https", plain && isPlainLoopback(u):
		return nil
	}
	return fmt.Errorf("expected https, got %q", u.Redacted())
}

// isPlainLoopback reports whether an address is http on this machine.
func isPlainLoopback(u *url.URL) bool {
	addr, err := netip.ParseAddr(u.Hostname())
	return u.Scheme == "http" && (u.Hostname() == "localhost" || err == nil && addr.IsLoopback())
}

// read sends a GET and returns the body of the answer.
func (p *Provider) read(ctx context.Context, address string) ([]byte, error) {
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, address, nil)
	if err != nil {
		return nil, err
	}
	req.Header.Set("Cache-Control", "no-cache")
	resp, err := p.client.Do(req)
	if err != nil {
		return nil, err
	}
	defer resp.Body.Close()
	if resp.StatusCode != http.StatusOK {
		return nil, fmt.Errorf("expected status 200 of %s, got %d", address, resp.StatusCode)
	}
	body, err := io.ReadAll(resp.Body)
	if err != nil {
		return nil, fmt.Errorf("read %s: %w", address, err)
	}
	return body, nil
}
