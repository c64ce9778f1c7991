package api

import (
	"context"
	"errors"
	"math"
	"net/http"
	"sync"
	"sync/atomic"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/collectors"
	"github.com/prometheus/client_golang/prometheus/promhttp"

	"github.com/taizhang/taizhang/aggregates"
	"github.com/taizhang/taizhang/events"
	"github.com/taizhang/taizhang/projections"
	"github.com/taizhang/taizhang/services/desk"
	"github.com/taizhang/taizhang/services/spool"
)

// Metrics are the metrics of a process, in base units. Centers and accounts are no labels: their number is not
// limited, and readers of metrics must not learn them.
type Metrics struct {
	registry      *prometheus.Registry
	requests      *prometheus.CounterVec
	requestTime   *prometheus.HistogramVec
	appends       *prometheus.CounterVec
	appendTime    prometheus.Histogram
	syncTime      prometheus.Histogram
	refusals      *prometheus.CounterVec
	logins        *prometheus.CounterVec
	streams       prometheus.Gauge
	ledgerReached atomic.Uint64 // the last position known to be stored
	appending     appending
}

// These are the outcomes of an append and of a login, as labels.
const (
	outcomeAppended = "appended"
	outcomeConflict = "conflict"
	outcomeUnknown  = "unknown"
	outcomeFailed   = "failed"
	outcomeAccepted = "accepted"
	outcomeRefused  = "refused"
)

// NewMetrics returns new metrics of a process with a build.
func NewMetrics(build string) *Metrics {
	counter := func(name, help string, labels ...string) *prometheus.CounterVec {
		return prometheus.NewCounterVec(prometheus.CounterOpts{Name: name, Help: help}, labels)
	}
	seconds := func(name, help string, least float64) prometheus.HistogramOpts {
		return prometheus.HistogramOpts{Name: name, Help: help, Buckets: prometheus.ExponentialBuckets(least, 4, 9)}
	}
	m := &Metrics{registry: prometheus.NewRegistry(),
		requests: counter("taizhang_http_requests_total", "Requests by route and status code.", "route", "code"),
		requestTime: prometheus.NewHistogramVec(seconds("taizhang_http_request_seconds",
			"Time until a request was answered whole, by route.", 0.0001), []string{"route"}),
		appends: counter("taizhang_appends_total", "Appends to the ledger's store by outcome.", "outcome"),
		appendTime: prometheus.NewHistogram(seconds("taizhang_append_seconds",
			"Time of an append to the ledger's store, until it is durable.", 0.0001)),
		syncTime: prometheus.NewHistogram(
			seconds("taizhang_sync_seconds", "Time to sync a commit of the embedded store to the disk.", 0.00005)),
		refusals: counter("taizhang_refusals_total",
			"Reasons against records that were refused and against bad lines of imports, by rule.", "rule"),
		logins: counter("taizhang_logins_total", "Tokens, sessions and JWTs that requests showed, by outcome.",
			"outcome"),
		streams: prometheus.NewGauge(prometheus.GaugeOpts{
			Name: "taizhang_streams", Help: "Streams that are open."}),
	}
	info := prometheus.NewGaugeVec(prometheus.GaugeOpts{
		Name: "taizhang_build_info", Help: "Always 1, with the version of the program."}, []string{"version"})
	info.WithLabelValues(build).Set(1)
	m.registry.MustRegister(m.requests, m.requestTime, m.appends, m.appendTime, m.syncTime, m.refusals, m.logins,
		m.streams, info,
		collectors.NewGoCollector(), collectors.NewProcessCollector(collectors.ProcessCollectorOpts{}))
	for _, outcome := range []string{outcomeAppended, outcomeConflict, outcomeUnknown, outcomeFailed} {
		m.appends.WithLabelValues(outcome)
	}
	for _, outcome := range []string{outcomeAccepted, outcomeRefused} {
		m.logins.WithLabelValues(outcome)
	}
	return m
}

// follow adds the metrics of the ledger of a server.
func (m *Metrics) follow(s *Server) {
	l := s.Desk.Ledger
	gauge := func(name, help string, value func() float64) prometheus.GaugeFunc {
		return prometheus.NewGaugeFunc(prometheus.GaugeOpts{Name: name, Help: help}, value)
	}
	m.registry.MustRegister(
		gauge("taizhang_ledger_position", "The last position of the ledger.",
			func() float64 { return float64(m.position(l.Register().Position())) }),
		gauge("taizhang_applied_position", "The position that answers are of.",
			func() float64 { return float64(l.Register().Position()) }),
		gauge("taizhang_stopped", "1 after a write whose outcome is unknown.", func() float64 {
			if l.Stopped() {
				return 1
			}
			return 0
		}),
		gauge("taizhang_sessions", "Sessions of people who have signed in.",
			func() float64 { return float64(s.Access.Sessions()) }),
		gauge("taizhang_imports", "Imports that run, wait or are being uploaded.",
			func() float64 { return float64(s.Imports.UnderWay()) }),
		gauge("taizhang_room_bytes", "Free bytes on the disk of the ledger; NaN if they cannot be found out.",
			func() float64 {
				room, err := spool.Room(s.Desk.Spool)
				if err != nil {
					return math.NaN()
				}
				return float64(room)
			}),
		unreadyGauge{s},
		s.Gate.Metric(),
		&alertGauge{register: l.Register(), now: s.Now, open: map[aggregates.Severity]int{}})
	if s.CertificateEnd != nil {
		m.registry.MustRegister(gauge("taizhang_certificate_end_timestamp_seconds",
			"The end of the certificate that clients get, in seconds since 1970.",
			func() float64 { return float64(s.CertificateEnd().Unix()) }))
	}
	if s.Feed != nil {
		m.registry.MustRegister(feedFigures{s.Feed})
	}
	if s.Sealing != nil {
		m.registry.MustRegister(sealFigures{s.Sealing})
	}
}

// unreadyGauge is 1 for each reason for which a server is not ready, and 0 for each other one.
type unreadyGauge struct{ s *Server }

var unreadyDesc = prometheus.NewDesc("taizhang_unready", "1 for a reason for which the server is not ready, else 0.",
	[]string{"check"}, nil)

// Describe implements prometheus.Collector.
func (g unreadyGauge) Describe(to chan<- *prometheus.Desc) { to <- unreadyDesc }

// Collect implements prometheus.Collector.
func (g unreadyGauge) Collect(to chan<- prometheus.Metric) {
	holds := map[string]float64{}
	for _, check := range checks {
		holds[check] = 0
	}
	for _, r := range g.s.health(context.Background()).Reasons {
		holds[r.Check] = 1
	}
	for check, value := range holds {
		to <- prometheus.MustNewConstMetric(unreadyDesc, prometheus.GaugeValue, value, check)
	}
}

// position returns the last position known to be stored. applied is the position of the answers.
func (m *Metrics) position(applied uint64) uint64 { return max(m.ledgerReached.Load(), applied) }

// Synced records how long the embedded store took to sync a commit.
func (m *Metrics) Synced(took time.Duration) { m.syncTime.Observe(took.Seconds()) }

// handler answers with all figures.
func (m *Metrics) handler() http.Handler {
	return promhttp.HandlerFor(m.registry, promhttp.HandlerOpts{})
}

// refused counts the reasons against records in an error.
func (m *Metrics) refused(err error) {
	var one *desk.Refusal
	var batch *desk.BatchRefusal
	switch {
	case errors.As(err, &batch):
		for _, r := range batch.Refused {
			m.CountReasons(r.Reasons)
		}
	case errors.As(err, &one):
		m.CountReasons(one.Breaches)
	}
}

// CountReasons counts reasons against a record. A reason without a rule is counted under "".
func (m *Metrics) CountReasons(why []desk.Reason) {
	for _, b := range why {
		m.refusals.WithLabelValues(string(b.Rule)).Inc()
	}
}

// Store returns a store that counts the appends to another one.
func (m *Metrics) Store(store events.Store) events.Store {
	counted := &countedStore{store, m}
	if limited, ok := store.(events.Limited); ok {
		return &limitedStore{counted, limited}
	}
	return counted
}

type countedStore struct {
	events.Store
	m *Metrics
}

// limitedStore is a countedStore for a store that accepts fewer bytes.
type limitedStore struct {
	*countedStore
	events.Limited
}

// Append implements events.Store.
func (s *countedStore) Append(ctx context.Context, stream events.StreamID, expected uint64,
	batch []events.Proposed) ([]events.Place, error) {
	begun := time.Now()
	ended := s.m.appending.begin(begun)
	places, err := s.Store.Append(ctx, stream, expected, batch)
	ended()
	outcome := outcomeAppended
	var conflict *events.ConflictError
	switch {
	case err == nil:
		s.m.appendTime.Observe(time.Since(begun).Seconds())
		s.m.reached(places[len(places)-1].Position)
	case errors.Is(err, events.ErrUnknown):
		outcome = outcomeUnknown
	case errors.As(err, &conflict):
		outcome = outcomeConflict
	default:
		outcome = outcomeFailed
	}
	s.m.appends.WithLabelValues(outcome).Inc()
	return places, err
}

// appending holds when each append under way began.
type appending struct {
	mu    sync.Mutex
	begun map[*time.Time]struct{}
}

// begin adds an append, which lasts until the caller calls ended.
func (a *appending) begin(at time.Time) (ended func()) {
	a.mu.Lock()
	defer a.mu.Unlock()
	if a.begun == nil {
		a.begun = map[*time.Time]struct{}{}
	}
	a.begun[&at] = struct{}{}
	return func() {
		a.mu.Lock()
		defer a.mu.Unlock()
		delete(a.begun, &at)
	}
}

// longest returns how long the oldest append under way has taken by now, or 0 without one.
func (a *appending) longest(now time.Time) (took time.Duration) {
	a.mu.Lock()
	defer a.mu.Unlock()
	for at := range a.begun {
		took = max(took, now.Sub(*at))
	}
	return took
}

func (m *Metrics) reached(position uint64) {
	for {
		before := m.ledgerReached.Load()
		if position <= before || m.ledgerReached.CompareAndSwap(before, position) {
			return
		}
	}
}

// alertsStay is how old the number of open alerts may be. Counting evaluates the centers that changed since.
const alertsStay = 10 * time.Second

// alertGauge is the number of open alerts by severity.
type alertGauge struct {
	register *projections.Register
	now      func() time.Time

	mu      sync.Mutex
	counted time.Time
	open    map[aggregates.Severity]int
}

var alertsDesc = prometheus.NewDesc("taizhang_open_alerts", "Open alerts by severity, at most 10 s old.",
	[]string{"severity"}, nil)

// Describe implements prometheus.Collector.
func (g *alertGauge) Describe(to chan<- *prometheus.Desc) { to <- alertsDesc }

// Collect implements prometheus.Collector.
func (g *alertGauge) Collect(to chan<- prometheus.Metric) {
	g.mu.Lock()
	defer g.mu.Unlock()
	if time.Since(g.counted) >= alertsStay {
		clear(g.open)
		for _, severity := range []aggregates.Severity{aggregates.Red, aggregates.Yellow, aggregates.Blue} {
			g.open[severity] = 0
		}
		for x := range g.register.Alerts(events.DateAt(g.now()), projections.AlertFilter{}) {
			g.open[x.Severity]++
		}
		g.counted = time.Now()
	}
	for severity, n := range g.open {
		to <- prometheus.MustNewConstMetric(alertsDesc, prometheus.GaugeValue, float64(n), string(severity))
	}
}
