package main

import (
	"bytes"
	"encoding/hex"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"syscall"
	"testing"

	collector "go.opentelemetry.io/proto/otlp/collector/trace/v1"
	spans "go.opentelemetry.io/proto/otlp/trace/v1"
	"google.golang.org/protobuf/proto"
)

func TestSpansGoToTheCollectorThatTheEnvironmentNames(t *testing.T) {
	var mu sync.Mutex
	var posted []byte
	got := map[string]*spans.Span{}
	service := map[string]string{}
	c := httptest.NewServer(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
		content, err := io.ReadAll(r.Body)
		var batch collector.ExportTraceServiceRequest
		if err == nil {
			err = proto.Unmarshal(content, &batch)
		}
		if err != nil || r.URL.Path != "/v1/traces" {
			t.Errorf("%s: %v", r.URL.Path, err)
			return
		}
		mu.Lock()
		defer mu.Unlock()
		posted = append(posted, content...)
		for _, of := range batch.ResourceSpans {
			for _, x := range of.Resource.Attributes {
				service[x.Key] = x.Value.GetStringValue()
			}
			for _, scope := range of.ScopeSpans {
				for _, span := range scope.Spans {
					got[span.Name] = span
				}
			}
		}
	}))
	defer c.Close()
	t.Setenv("OTEL_EXPORTER_OTLP_ENDPOINT", c.URL)
	p := startServe(t, t.TempDir())
	const parent = "4bf92f3577b34da6a3ce929d0e0e4736"
	_, _ = p.owner("/v1/centers/ZJ-SECRET?asOf=SECRET")
	status, _ := get(t, http.DefaultClient, p.url+"/v1/execution?limit=SECRET", "Authorization", "Bearer tz_SECRET",
		"User-Agent", "SECRET",
		"X-Forwarded-For", "SECRET", "Traceparent", "00-"+parent+"-00f067aa0ba902b7-01", "Baggage", "a=SECRET",
		"Tracestate", "a=x")
	if status != http.StatusUnauthorized {
		t.Errorf("got %d", status)
	}
	_, _ = get(t, http.DefaultClient, p.url+"/SECRET")
	if code := p.end(syscall.SIGTERM); code != 0 {
		t.Errorf("exit %d: %s", code, p.log)
	}
	mu.Lock()
	defer mu.Unlock()
	for name, status := range map[string]int64{"GET /v1/centers/{id}": 400, "GET /v1/execution": 401,
		"GET /": 404} {
		span := got[name]
		if span == nil {
			t.Fatalf("no span %s in %v", name, got)
		}
		attributes := map[string]string{}
		for _, x := range span.Attributes {
			attributes[x.Key] = x.Value.GetStringValue()
			if x.Key == "http.response.status_code" && x.Value.GetIntValue() != status {
				t.Errorf("%s: expected %d, got %v", name, status, x.Value)
			}
		}
		if "GET "+attributes["http.route"] != name || attributes["taizhang.request"] == "" ||
			span.Kind != spans.Span_SPAN_KIND_SERVER || span.EndTimeUnixNano < span.StartTimeUnixNano {
			t.Errorf("got %v", span)
		}
		if joined := hex.EncodeToString(span.TraceId) == parent; joined != (name == "GET /v1/execution") {
			t.Errorf("%s is of the trace %x", name, span.TraceId)
		}
	}
	if service["service.name"] != "taizhang" || service["service.version"] != programVersion() {
		t.Errorf("got %v", service)
	}
	if bytes.Contains(posted, []byte("SECRET")) {
		t.Error("a span has what was asked for")
	}
}

func TestACollectorThatIsNotThereKeepsNobodyWaiting(t *testing.T) {
	c := httptest.NewServer(http.NotFoundHandler())
	c.Close()
	t.Setenv("OTEL_EXPORTER_OTLP_TRACES_ENDPOINT", c.URL)
	p := startServe(t, t.TempDir())
	if status, body := p.owner("/v1/me"); status != http.StatusOK {
		t.Errorf("got %d %s", status, body)
	}
	if code := p.end(syscall.SIGTERM); code != 0 || !strings.Contains(p.log.String(), `"spans are lost"`) &&
		!strings.Contains(p.log.String(), `"the last spans are lost"`) {
		t.Errorf("exit %d: %s", code, p.log)
	}
}

func TestACollectorThatCannotBeMeantIsRefused(t *testing.T) {
	for _, x := range []struct{ name, value, says string }{
		{"OTEL_EXPORTER_OTLP_ENDPOINT", "collector:4318",
			"OTEL_EXPORTER_OTLP_ENDPOINT must be an address that begins with http:// or https://"},
		{"OTEL_EXPORTER_OTLP_TRACES_ENDPOINT", "grpc://a:secret@collector:4317",
			"OTEL_EXPORTER_OTLP_TRACES_ENDPOINT must be an address"},
		{"OTEL_EXPORTER_OTLP_PROTOCOL", "grpc", "OTEL_EXPORTER_OTLP_PROTOCOL can only be http/protobuf"},
	} {
		env := map[string]string{"OTEL_EXPORTER_OTLP_ENDPOINT": "http://127.0.0.1:1"}
		env[x.name] = x.value
		_, errOut, code := taizhangIn(t, env, "serve", "--data", t.TempDir(), "--listen", "127.0.0.1:0", "--nats-listen",
			"off", "--lang", "en")
		if code != 1 || !strings.Contains(errOut, x.says) || strings.Contains(errOut, "secret") {
			t.Errorf("%s: exit %d: %s", x.name, code, errOut)
		}
	}
}
