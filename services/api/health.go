package api

import (
	"context"
	"fmt"
	"net/http"
	"net/http/pprof"
	"time"

	"github.com/go-json-experiment/json"
	"go.uber.org/zap"

	"github.com/taizhang/taizhang/events/text"
	"github.com/taizhang/taizhang/services/spool"
)

// Health says whether a server can accept writes, and if not, why.
type Health struct {
	Ready    bool      `json:"ready"`
	Reasons  []Unready `json:"reasons"`
	Position uint64    `json:"position"` // of the answers
	Build    string    `json:"build"`
}

// Unready is one reason why a server is not ready.
type Unready struct {
	Check string    `json:"check"` // one of checks
	Text  text.Text `json:"text"`
}

// checks are all reasons for which a server is not ready.
var checks = []string{"append", "lag", "stopping", "stopped", "access-log", "room", "record", "feed"}

// roomReady is the number of free bytes that a ready server needs on its disk: the store reserves 32 MiB at a
// time, and the access log needs some more.
var roomReady uint64 = 64 << 20 // a variable for tests

// lagMax is how long an append of a ready server may take, and how long its answers may be behind the stored events.
const lagMax = 5 * time.Second

// reachRecordWait is how long the store of a ready server may take to answer.
const reachRecordWait = 2 * time.Second

// wedgedAfter is how long an append may take, and how long answers may be behind a stored event, before only a restart
// helps. The store of a cluster gives up before.
const wedgedAfter = time.Minute

// stalled returns the reasons why a server is not alive: an append that has not ended for longer than a limit, and
// answers that have been behind the ledger for longer. A full disk, a cluster that does not answer and a feed that
// does not publish are no such reasons, because a restart does not mend them.
func (s *Server) stalled(limit time.Duration) []Unready {
	reasons, now := []Unready{}, time.Now()
	if took := s.Metrics.appending.longest(now); took > limit {
		reasons = append(reasons, Unready{"append", text.Say("有一次写入已 %d 秒未完成",
			"a write has not ended for %d seconds", int(took.Seconds()))})
	}
	applied := s.Desk.Ledger.Register().Position()
	if behind := s.lag.behind(s.Metrics.position(applied), applied, now); behind > limit {
		reasons = append(reasons, Unready{"lag", text.Say("答复已落后于台账 %d 秒",
			"answers have been behind the ledger for %d seconds", int(behind.Seconds()))})
	}
	return reasons
}

// health returns the health of the server.
func (s *Server) health(ctx context.Context) *Health {
	l := s.Desk.Ledger
	h := &Health{Reasons: s.stalled(lagMax), Position: l.Register().Position(), Build: s.Build}
	not := func(check, zh, en string, args ...any) {
		h.Reasons = append(h.Reasons, Unready{check, text.Say(zh, en, args...)})
	}
	if s.underway.isStopping() {
		not("stopping", "服务正在停止", "the server is stopping")
	}
	if l.Stopped() {
		not("stopped", "有一次写入的结果不明，台账不再接受记录",
			"the outcome of a write is unknown, and the ledger takes no more writing")
	}
	if err := s.Access.Healthy(); err != nil {
		not("access-log", "访问日志不能写入", "the access log cannot be written")
		s.Log.Error("the access log cannot be written", zap.Error(err))
	}
	if room, err := spool.Room(s.Desk.Spool); err != nil {
		not("room", "不能查明磁盘余量", "how much room is on the disk cannot be found out")
		s.Log.Error("the room on the disk is not known", zap.Error(err))
	} else if room < roomReady {
		not("room", "磁盘只余 %d MiB", "only %d MiB are left on the disk", room>>20)
	}
	if s.Reach != nil {
		ctx, cancel := context.WithTimeout(ctx, reachRecordWait)
		defer cancel()
		if err := s.Reach(ctx); err != nil {
			not("record", "保存记录的集群没有应答", "the cluster that keeps the record does not answer")
			s.Log.Warn("the record cannot be reached", zap.Error(err))
		}
	}
	if s.Feed != nil {
		if why := feedUnready(s.Feed.Status()); why != (text.Text{}) {
			h.Reasons = append(h.Reasons, Unready{"feed", why})
		}
	}
	h.Ready = len(h.Reasons) == 0
	return h
}

// Admin returns a handler for the health and the metrics of the process. It requires no token.
func (s *Server) Admin() http.Handler {
	mux := http.NewServeMux()
	mux.HandleFunc("GET /livez", s.answerAlive)
	mux.HandleFunc("GET /readyz", s.answerHealth)
	mux.HandleFunc("GET /healthz", s.answerHealth)
	mux.Handle("GET /metrics", s.Metrics.handler())
	return mux
}

// answerAlive answers with 200 or, if only a restart helps, with 503 and why. A supervisor ends a process that is not
// alive for long: systemd by its watchdog, Kubernetes by a liveness probe.
func (s *Server) answerAlive(w http.ResponseWriter, _ *http.Request) {
	w.Header().Set("Content-Type", "text/plain; charset=utf-8")
	reasons := s.stalled(s.WedgedAfter)
	if len(reasons) == 0 {
		_, _ = w.Write([]byte("ok\n")) // the client may have gone
		return
	}
	w.WriteHeader(http.StatusServiceUnavailable)
	for _, r := range reasons {
		_, _ = fmt.Fprintf(w, "%s: %s\n", r.Check, r.Text.En)
	}
}

// answerHealth answers with 200 if the server is ready, else with 503.
func (s *Server) answerHealth(w http.ResponseWriter, r *http.Request) {
	h := s.health(r.Context())
	body, err := json.Marshal(h)
	if err != nil {
		http.Error(w, http.StatusText(http.StatusInternalServerError), http.StatusInternalServerError)
		return
	}
	w.Header().Set("Content-Type", jsonType)
	if !h.Ready {
		w.WriteHeader(http.StatusServiceUnavailable)
	}
	_, _ = w.Write(append(body, '\n')) // the client may have gone
}

// Socket returns a handler for the socket beside the ledger: the API, health, metrics, and profiles of the
// process. Profiles are served only here, because they contain everything in memory, with tokens. It serves only
// the owner (AsOwner).
func (s *Server) Socket() http.Handler {
	mux := http.NewServeMux()
	admin := s.Admin()
	for _, path := range []string{"/livez", "/readyz", "/healthz", "/metrics"} {
		mux.Handle(path, admin)
	}
	mux.HandleFunc("/debug/pprof/", pprof.Index)
	mux.HandleFunc("/debug/pprof/cmdline", pprof.Cmdline)
	mux.HandleFunc("/debug/pprof/profile", pprof.Profile)
	mux.HandleFunc("/debug/pprof/symbol", pprof.Symbol)
	mux.HandleFunc("/debug/pprof/trace", pprof.Trace)
	mux.Handle("/", s)
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.Context().Value(ownerKey{}) == nil {
			s.request(w, r).fail(fail(forbidden, "此套接字只供台账目录的所有者使用",
				"this socket is for the owner of the ledger's directory alone"))
			return
		}
		mux.ServeHTTP(w, r)
	})
}
