package main

import (
	"context"
	"fmt"
	"io"
	"net"
	"net/http"
	"strings"

	"github.com/taizhang/taizhang/services/listen"
)

// aliveBytesMax is how much is read of an answer of /livez.
const aliveBytesMax = 4 << 10

// alive returns the function that asks the server over its socket whether it is alive, as a client would. It keeps its
// connection, so that clients that use up all of them do not make the server look dead.
func (a *app) alive() func(context.Context) error {
	client := &http.Client{Transport: &http.Transport{DialContext: func(ctx context.Context, _, _ string) (net.Conn,
		error) {
		return listen.DialSocket(ctx, a.dir)
	}}}
	return func(ctx context.Context) error {
		r, err := http.NewRequestWithContext(ctx, http.MethodGet, "http://localhost/livez", nil)
		if err != nil {
			return err
		}
		answer, err := client.Do(r)
		if err != nil {
			return err
		}
		defer answer.Body.Close()
		body, err := io.ReadAll(io.LimitReader(answer.Body, aliveBytesMax))
		if err == nil && answer.StatusCode != http.StatusOK {
			err = fmt.Errorf("%s: %s", answer.Status, strings.TrimSpace(string(body)))
		}
		return err
	}
}
