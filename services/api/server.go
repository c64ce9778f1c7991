package api

import (
	"cmp"
	"context"
	"crypto/rand"
	"encoding/hex"
	"errors"
	"net/http"
	"runtime/debug"
	"slices"
	"strings"
	"time"

	"github.com/klauspost/compress/gzhttp"
	"go.opentelemetry.io/otel/trace"
	"go.uber.org/zap"

	"github.com/taizhang/taizhang/events/text"
	"github.com/taizhang/taizhang/services/access"
	"github.com/taizhang/taizhang/services/alertfeed"
	"github.com/taizhang/taizhang/services/answers"
	"github.com/taizhang/taizhang/services/desk"
	"github.com/taizhang/taizhang/services/imports"
	"github.com/taizhang/taizhang/services/signin"
	"github.com/taizhang/taizhang/services/spool"
	"github.com/taizhang/taizhang/services/table"
)

// ServerConfig holds the parameters of New.
type ServerConfig struct {
	Desk    desk.Local // each principal gets a guarded desk of its own over the same ledger
	Access  *access.Access
	Answers *answers.Kept // shared with Pages; nil for one of its own
	Gate    *signin.Gate  // authenticates requests; nil for one over Access without single sign-on and proxies
	Pages   http.Handler  // the pages of the browser; nil for none
	// answers a browser with a page that explains an error or a sort of errors; nil for none
	ShowProblem func(w http.ResponseWriter, r *http.Request, status int, title, what text.Text)
	Feed        *alertfeed.Feed // nil for none; it outlives the server
	// returns the state of the sealing, false if the ledger was never sealed; nil for a server that does not seal
	Sealing  func() (SealStatus, bool)
	Now      func() time.Time
	Log      *zap.Logger
	Build    string        // the build of the program; answers name it, and ETags depend on it
	Document []byte        // docs/openapi.json
	Imports  *imports.Jobs // shared with Pages, and stopped with the server; nil for its own in the directory Spool
	Spool    string
	// checks that the store on other machines can be reached; nil for a store in this process
	Reach func(context.Context) error
	// the names of the server beside those of loopback; requests to other names are refused
	Hosts   []string
	Metrics *Metrics     // nil for new ones
	Tracer  trace.Tracer // for spans of requests; nil for none
	// the end of the certificate that clients get; nil without TLS
	CertificateEnd func() time.Time
	// how long an append or the answers may stall before the server is not alive; 0 for wedgedAfter
	WedgedAfter time.Duration
}

// Server serves the API. It may serve several listeners.
type Server struct {
	ServerConfig
	mux     *http.ServeMux
	methods []string         // the methods of all routes
	zipped  http.HandlerFunc // dispatch, with compressed answers
	// the same for pages, whose sizes are blurred
	zippedPages http.HandlerFunc

	underway *underway
	lag      lag
	work
}

// New returns a server. Its owner calls Stop and Close.
func New(cfg ServerConfig) *Server {
	if cfg.Log == nil {
		cfg.Log = zap.NewNop()
	}
	if cfg.Metrics == nil {
		cfg.Metrics = NewMetrics(cfg.Build)
	}
	if cfg.Gate == nil {
		cfg.Gate = signin.New(signin.GateConfig{Access: cfg.Access, Now: cfg.Now, Log: cfg.Log})
	}
	if cfg.Answers == nil {
		cfg.Answers = answers.New(answers.Config{Desk: cfg.Desk, Access: cfg.Access, Now: cfg.Now})
	}
	if cfg.Imports == nil {
		cfg.Imports = imports.New(imports.Config{Spool: spool.New(cfg.Spool, cfg.Log), Now: cfg.Now,
			Log: cfg.Log, Refused: cfg.Metrics.CountReasons})
	}
	cfg.WedgedAfter = cmp.Or(cfg.WedgedAfter, wedgedAfter)
	s := &Server{ServerConfig: cfg, mux: http.NewServeMux(), underway: newUnderway(),
		work: newWork(&cfg)}
	s.Metrics.follow(s)
	for _, rt := range routes() {
		s.mux.Handle(rt.method+" "+rt.path, &handler{s, newPlan(rt)})
		if !slices.Contains(s.methods, rt.method) {
			s.methods = append(s.methods, rt.method)
		}
	}
	zip, err := gzhttp.NewWrapper(gzhttp.MinSize(zipBytesMin), gzhttp.ContentTypes(zippedTypes))
	zipPages, errPages := gzhttp.NewWrapper(gzhttp.MinSize(zipBytesMin), gzhttp.ContentTypes(zippedTypes),
		gzhttp.RandomJitter(zipJitterBytes, 0, false))
	if err = errors.Join(err, errPages); err != nil {
		panic(err) // cannot happen: the options are constants
	}
	s.zipped, s.zippedPages = zip(http.HandlerFunc(s.dispatch)), zipPages(http.HandlerFunc(s.dispatch))
	return s
}

// zipBytesMin is the size from which an answer is compressed.
const zipBytesMin = 1024

// zipJitterBytes is the most that is added to a compressed page at random, so that its size says little about what
// it repeats of the question.
const zipJitterBytes = 64

// zippedTypes are the media types that are compressed. A workbook is compressed already, and a stream of events
// must not wait for a compressor.
var zippedTypes = []string{jsonType, problemType, linesType, table.WholeType, csvType, htmlType,
	"text/css", "text/javascript"}

// ServeHTTP implements http.Handler. Every answer has an X-Request-Id, and every error is a problem.
func (s *Server) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	s.underway.begin()
	defer s.underway.end()
	zipped := s.zipped
	if s.isPage(r) {
		zipped = s.zippedPages
	}
	zipped(newPaced(w, r), r)
}

// dispatch finds the route of a request.
func (s *Server) dispatch(w http.ResponseWriter, r *http.Request) {
	if err := s.mayAsk(r); err != nil {
		q := s.request(w, r)
		defer q.observe()
		q.fail(err)
		return
	}
	if h := s.routed(r); h != nil {
		s.mux.ServeHTTP(w, r) // again, because it sets the values of the path
		return
	}
	if s.isPage(r) {
		s.page(w, r)
		return
	}
	s.unrouted(w, r)
}

// mayAsk returns an error for a request that another site may have made a browser send.
func (s *Server) mayAsk(r *http.Request) error {
	if !s.isHost(r) {
		return fail(forbidden, "本服务没有这个主机名", "this server has no such name of a host")
	}
	return s.Gate.SameOrigin(r)
}

// routed returns the handler of the route for a request, or nil. A path that the multiplexer would redirect to a
// cleaner one, such as one with two slashes, has no route: a redirect would be an answer without a request id.
func (s *Server) routed(r *http.Request) *handler {
	h, _ := s.mux.Handler(r)
	routed, _ := h.(*handler)
	return routed
}

// handler serves one route.
type handler struct {
	s *Server
	*plan
}

// ServeHTTP implements http.Handler.
func (h *handler) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	q := h.s.request(w, r)
	q.plan = h.plan
	defer q.observe()
	defer q.recovered()
	if err := h.answer(q); err != nil {
		q.fail(err)
	}
}

// answer authenticates a request before it reads its parameters, so that errors about parameters go only to those
// who may ask.
func (h *handler) answer(q *request) error {
	if !h.open {
		if err := h.s.admit(q); err != nil {
			return err
		}
	}
	if err := q.readQuery(); err != nil {
		return err
	}
	if err := q.chooseMedia(); err != nil {
		return err
	}
	if err := q.limitBody(); err != nil {
		return err
	}
	return h.handle(q)
}

// admit authenticates a request and checks that the principal may use the route.
func (s *Server) admit(q *request) (err error) {
	if who, local := q.Context().Value(ownerKey{}).(access.Principal); local {
		q.who = who
	} else if q.who, err = s.authenticate(q); err != nil {
		s.Metrics.logins.WithLabelValues(outcomeRefused).Inc()
		return err
	} else {
		s.Metrics.logins.WithLabelValues(outcomeAccepted).Inc()
	}
	if needs := q.who.Needs; len(needs) > 0 && !slices.Contains(q.plan.needs, needs[0]) {
		s.Access.NoteDenied(q.who, q.plan.right, q.plan.path)
		return &access.MoreProofError{Needs: needs}
	}
	if q.plan.inSession && q.who.SessionID == "" {
		return fail(conflict, "此操作须先以账号和密码登录；令牌不是登录会话",
			"this is for who has signed in; a token is no session")
	}
	local := s.Desk
	if q.Header.Get(PrefixHeader) == flagPrefix {
		local.Prefix = flagPrefix
	}
	q.prefix = local.Prefix
	q.desk = s.Access.Guard(local, q.who)
	q.setPosition(q.position())
	if right := q.plan.right; right != "" && !q.who.Can(right) {
		s.Access.NoteDenied(q.who, right, q.plan.path)
		return fail(forbidden, "此账号没有这项权限（%s）", "the account has no right to this (%s)", right)
	}
	return nil
}

// authenticate authenticates a request from the network. A request that a page sends by itself, for example to
// resume a stream, does not count as a use of the session.
func (s *Server) authenticate(q *request) (access.Principal, error) {
	asked := q.Method + " " + q.URL.Path
	if q.plan.unattended {
		return s.Gate.Watch(q.Request, asked)
	}
	return s.Gate.Authenticate(q.Request, asked)
}

// These are headers of answers beside those of HTTP.
const (
	PositionHeader = "Ledger-Position" // the position of the ledger that the answer is based on
	AsOfHeader     = "Ledger-As-Of"    // the date of the answer
	RowsHeader     = "Ledger-Rows"     // the number of rows of the whole list
	BuildHeader    = "Taizhang-Build"  // the build of the program
	RequestHeader  = "X-Request-Id"
)

// PrefixHeader has what the user of a client writes before the name of a parameter, if the client is a command
// line. Messages then name parameters as he types them.
const PrefixHeader = "Taizhang-Parameter-Prefix"

const flagPrefix = "-" + "-"

type ownerKey struct{}

// AsOwner returns the context of a connection whose other end is proven to be the owner of the ledger's directory,
// on the same machine. Requests on it need no token and no session.
func AsOwner(ctx context.Context, who access.Principal) context.Context {
	return context.WithValue(ctx, ownerKey{}, who)
}

// request returns a request before its authentication. Its answer may not be stored in shared caches.
func (s *Server) request(w http.ResponseWriter, r *http.Request) *request {
	q := &request{Request: r, w: &answering{ResponseWriter: w}, s: s, id: requestID(), lang: langOf(r),
		began: time.Now()}
	h := w.Header()
	h.Set(RequestHeader, q.id)
	h.Set(BuildHeader, s.Build)
	h.Set("Cache-Control", "private, no-cache")
	h.Set("Vary", "Accept, Accept-Encoding, Accept-Language, Authorization, Cookie")
	h.Set("X-Content-Type-Options", "nosniff")
	return q
}

func requestID() string {
	var id [12]byte
	_, _ = rand.Read(id[:]) // never fails
	return hex.EncodeToString(id[:])
}

// recovered answers a request whose handler panicked.
func (q *request) recovered() {
	switch failed := recover(); {
	case failed == nil:
	case failed == http.ErrAbortHandler:
		panic(failed)
	default:
		q.s.Log.Error("a handler panicked", zap.String("request", q.id), zap.Any("panic", failed),
			zap.ByteString("stack", debug.Stack()))
		q.fail(fail(internal, "程序出错", "the program has failed"))
	}
}

// fail answers with a problem. If a part of another answer was sent already, it cuts the connection, so that
// nobody takes the part for the whole.
func (q *request) fail(err error) {
	q.failed = err
	var cut *cutError
	// the client has gone and cannot read a problem
	if errors.As(err, &cut) || text.CodeOf(err) == text.Internal && errors.Is(err, context.Canceled) {
		panic(http.ErrAbortHandler)
	}
	p := problemOf(err, q)
	if q.w.status != 0 {
		panic(http.ErrAbortHandler)
	}
	if q.s.isPage(q.Request) && q.isOfBrowser() {
		q.s.ShowProblem(q.w, q.Request, p.Status, text.Same(p.Title), p.Text)
		return
	}
	writeProblem(q.w, p)
}

// isOfBrowser reports whether the sender of a request reads pages, and this server has them.
func (q *request) isOfBrowser() bool {
	return q.s.ShowProblem != nil &&
		accepted(q.Header.Values("Accept"), []string{problemType, jsonType, htmlType}) == htmlType
}

// unrouted answers a request that no route takes.
func (s *Server) unrouted(w http.ResponseWriter, r *http.Request) {
	q := s.request(w, r)
	defer q.observe()
	var allowed []string
	for _, method := range s.methods {
		other := *r
		other.Method = method
		if s.routed(&other) == nil {
			continue
		}
		if allowed = append(allowed, method); method == http.MethodGet {
			allowed = append(allowed, http.MethodHead)
		}
	}
	if len(allowed) == 0 {
		q.fail(fail(notFound, "没有这个地址", "there is nothing at this address"))
		return
	}
	w.Header().Set("Allow", strings.Join(allowed, ", "))
	q.fail(fail(methodNotAllowed, "此地址只接受 %[1]s", "this address takes %[2]s only", strings.Join(allowed, "、"),
		strings.Join(allowed, ", ")))
}
