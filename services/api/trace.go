package api

import (
	"context"
	"net/http"
	"time"

	"go.opentelemetry.io/otel/attribute"
	"go.opentelemetry.io/otel/codes"
	"go.opentelemetry.io/otel/propagation"
	"go.opentelemetry.io/otel/trace"
)

// trace writes the span of a finished request, if the server has a tracer. The span has the values of a log line
// except account and source: the route, never the path, the query, a header or a body. It belongs to the trace
// that the client names in traceparent.
//
// The OpenTelemetry instrumentation of net/http is not used: its spans contain the path, with ids of centers, and
// the client's name for itself, and it would stand between a handler and its connection.
func (q *request) trace(route string, took time.Duration) {
	if q.s.Tracer == nil {
		return
	}
	caller := propagation.TraceContext{}.Extract(context.Background(), propagation.HeaderCarrier(q.Header))
	method := methodLabel(q.Method)
	_, span := q.s.Tracer.Start(caller, method+" "+route, trace.WithSpanKind(trace.SpanKindServer),
		trace.WithTimestamp(q.began), trace.WithAttributes(
			attribute.String("http.request.method", method), attribute.String("http.route", route),
			attribute.Int("http.response.status_code", q.w.status), attribute.String("taizhang.request", q.id)))
	if q.w.status >= http.StatusInternalServerError {
		span.SetStatus(codes.Error, "")
	}
	span.End(trace.WithTimestamp(q.began.Add(took)))
}
