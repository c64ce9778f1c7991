package api_test

import (
	"context"
	"fmt"
	"io"
	"math/rand/v2"
	"net/http"
	"net/http/httptest"
	"net/http/httputil"
	"net/url"
	"strings"
	"sync"
	"testing"
)

// lossy returns the address of a proxy in front of a server. It loses some requests and some answers: the
// connection ends before or within the answer.
func lossy(t testing.TB, server string) string {
	t.Helper()
	to, err := url.Parse(server)
	if err != nil {
		t.Fatal(err)
	}
	proxy := httputil.NewSingleHostReverseProxy(to)
	p := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		lost := rand.IntN(10)
		if lost == 0 {
			panic(http.ErrAbortHandler)
		}
		answer := httptest.NewRecorder()
		proxy.ServeHTTP(answer, r)
		switch {
		case lost < 4:
			panic(http.ErrAbortHandler)
		case lost < 6:
			w.Header().Set("Content-Length", fmt.Sprint(answer.Body.Len()))
			w.WriteHeader(answer.Code)
			_, _ = w.Write(answer.Body.Bytes()[:rand.IntN(answer.Body.Len())])
			panic(http.ErrAbortHandler)
		}
		w.WriteHeader(answer.Code)
		_, _ = w.Write(answer.Body.Bytes())
	}))
	t.Cleanup(p.Close)
	return p.URL
}

// insist sends records until there is an answer, and returns its status.
func insist(ctx context.Context, address, body, key string) (status int, err error) {
	for {
		r, err := http.NewRequestWithContext(ctx, http.MethodPost, address+"/v1/records", strings.NewReader(body))
		if err != nil {
			return 0, err
		}
		r.Header.Set("Content-Type", "application/json")
		if key != "" {
			r.Header.Set("Idempotency-Key", key)
		}
		answer, err := http.DefaultClient.Do(r)
		if err == nil {
			_, err = io.ReadAll(answer.Body)
			_ = answer.Body.Close()
		}
		switch {
		case err == nil:
			return answer.StatusCode, nil
		case ctx.Err() != nil:
			return 0, err
		}
	}
}

func TestRecordsWhoseAnswersAreLostAreThereOnce(t *testing.T) {
	x := live(t)
	address := lossy(t, x.owner.URL)
	const writers, each = 4, 20
	var all sync.WaitGroup
	for w := range writers {
		center := fmt.Sprintf("ZJ-000%d", w%2+1) // two writers of each center
		if w < 2 {
			x.begun(t, center)
		}
		all.Go(func() {
			for i := range each {
				a, b := spend(fmt.Sprintf("V%d-%d-a", w, i), 1), spend(fmt.Sprintf("V%d-%d-b", w, i), 1)
				body, key := list(object(center, a), object(center, b)), ""
				if i%2 == 1 {
					body, key = list(lean(center, a), lean(center, b)), fmt.Sprintf("w%d-%d", w, i)
				}
				if status, err := insist(t.Context(), address, body, key); err != nil ||
					status != 200 && status != 201 {
					t.Errorf("got %d, %v", status, err)
				}
			}
		})
	}
	all.Wait()
	whole := strings.Join(x.lines(t), "\n")
	for w := range writers {
		for i := range each {
			for _, part := range []string{"a", "b"} {
				if voucher := fmt.Sprintf(`"voucher":"V%d-%d-%s"`, w, i, part); strings.Count(whole, voucher) != 1 {
					t.Errorf("%s is there %d times", voucher, strings.Count(whole, voucher))
				}
			}
		}
	}
}
