package main

import (
	"context"
	"net/url"
	"time"

	"go.opentelemetry.io/otel"
	"go.opentelemetry.io/otel/attribute"
	"go.opentelemetry.io/otel/exporters/otlp/otlptrace/otlptracehttp"
	"go.opentelemetry.io/otel/sdk/resource"
	sdktrace "go.opentelemetry.io/otel/sdk/trace"
	"go.opentelemetry.io/otel/trace"
	"go.uber.org/zap"

	"github.com/taizhang/taizhang/events/text"
)

// traceEndpoints are the variables of OpenTelemetry that switch spans on. Its libraries read the others, such as
// OTEL_EXPORTER_OTLP_HEADERS and OTEL_TRACES_SAMPLER.
var traceEndpoints = []string{"OTEL_EXPORTER_OTLP_TRACES_ENDPOINT", "OTEL_EXPORTER_OTLP_ENDPOINT"}

// traceProtocols are the variables that choose the protocol for spans. This program supports one protocol.
var traceProtocols = []string{"OTEL_EXPORTER_OTLP_TRACES_PROTOCOL", "OTEL_EXPORTER_OTLP_PROTOCOL"}

const traceProtocol = "http/protobuf"

// flushWait is the maximum time for sending the last spans when a server ends. Together with shutWait it is within
// stopWait.
const flushWait = 2 * time.Second

// openTraces returns the provider that sends spans to the collector named in the environment, or nil if none is
// named. Spans wait in a bounded queue. A span is lost if the queue is full or the collector does not accept it.
func (a *app) openTraces(ctx context.Context) (*sdktrace.TracerProvider, error) {
	named := false
	for _, name := range traceEndpoints {
		value := a.getenv(name)
		if value == "" {
			continue
		}
		named = true
		if u, err := url.Parse(value); err != nil || u.Scheme != "http" && u.Scheme != "https" || u.Host == "" {
			// the value may have a password
			return nil, text.Errorf(text.Invalid, "%s 应为 http:// 或 https:// 开头的地址",
				"%s must be an address that begins with http:// or https://", name)
		}
	}
	if !named {
		return nil, nil
	}
	for _, name := range traceProtocols {
		if value := a.getenv(name); value != "" && value != traceProtocol {
			return nil, text.Errorf(text.Invalid, "%s 只能是 %s", "%s can only be %s", name, traceProtocol)
		}
	}
	exporter, err := otlptracehttp.New(ctx)
	if err != nil {
		return nil, err
	}
	about, err := resource.New(ctx, resource.WithTelemetrySDK(),
		resource.WithAttributes(attribute.String("service.name", "taizhang"),
			attribute.String("service.version", programVersion())), resource.WithFromEnv())
	if err != nil {
		return nil, err
	}
	otel.SetErrorHandler(otel.ErrorHandlerFunc(func(err error) { a.log.Warn("spans are lost", zap.Error(err)) }))
	return sdktrace.NewTracerProvider(sdktrace.WithBatcher(exporter), sdktrace.WithResource(about)), nil
}

// tracer returns the tracer of the API, or nil if there are no spans.
func tracer(p *sdktrace.TracerProvider) trace.Tracer {
	if p == nil {
		return nil
	}
	return p.Tracer("github.com/taizhang/taizhang/services/api")
}

// flush sends the last spans. A collector that does not answer does not keep a server from ending.
func (a *app) flush(p *sdktrace.TracerProvider) {
	if p == nil {
		return
	}
	ctx, cancel := context.WithTimeout(context.Background(), flushWait)
	defer cancel()
	if err := p.Shutdown(ctx); err != nil {
		a.log.Warn("the last spans are lost", zap.Error(err))
	}
}
