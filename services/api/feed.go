package api

import (
	"context"
	"net/http"
	"net/url"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"go.uber.org/zap"

	"github.com/taizhang/taizhang/events/text"
	"github.com/taizhang/taizhang/services/access"
	"github.com/taizhang/taizhang/services/alertfeed"
	"github.com/taizhang/taizhang/services/table"
)

// FeedOff is the state of a server without a feed. The other states are in package alertfeed.
const FeedOff = "off"

// FeedStatus is the state of the alert feed. Numbers about the whole ledger are left out for a principal who may
// not see all of it.
type FeedStatus struct {
	State  string    `json:"state"`
	Reason text.Text `json:"reason,omitzero"` // why it does not publish
	Server string    `json:"server"`          // where the stream is; "" without a feed
	// all subjects are right as of it; left out if the stream belongs to another ledger
	At       *alertfeed.At `json:"at,omitzero"`
	Position uint64        `json:"position"` // the position of the ledger
	// positions of the ledger that the feed does not include yet
	Behind    uint64               `json:"behind"`
	Seconds   int                  `json:"seconds"` // how long it has been behind, or has not published
	Subjects  *int                 `json:"subjects,omitzero"`
	Open      *alertfeed.Counts    `json:"open,omitzero"`
	Messages  *uint64              `json:"messages,omitzero"`  // the number of messages that this process published
	Consumers []alertfeed.Consumer `json:"consumers,omitzero"` // the consumers of the users of NATS
}

// feedStates holds the words for the states of a feed.
var feedStates = map[string]text.Text{
	FeedOff:                   text.Say("未启用", "off"),
	alertfeed.StateConnecting: text.Say("正在连接", "connecting"),
	alertfeed.StatePublishing: text.Say("正常发布", "publishing"),
	alertfeed.StateRestating:  text.Say("正在重新发布全部预警", "stating every alert again"),
	alertfeed.StateBehind:     text.Say("落后，暂不发布", "behind, says nothing"),
	alertfeed.StateStopped:    text.Say("已停止发布", "stopped"),
}

// Title returns the words for the state.
func (f *FeedStatus) Title() text.Text { return feedStates[f.State] }

// FeedColumns are the columns for the state of the feed.
var FeedColumns = []table.Column{{Name: "state", Title: text.Say("状态", "state")}, {Name: "reason"},
	{Name: "server", Title: text.Say("服务器", "server")}, {Name: "position", Type: table.Count},
	{Name: "behind", Title: text.Say("落后位置", "behind"), Type: table.Count}, {Name: "seconds", Type: table.Count},
	{Name: "subjects", Type: table.Count},
	{Name: "red", Type: table.Count}, {Name: "yellow", Type: table.Count}, {Name: "blue", Type: table.Count},
	{Name: "messages", Type: table.Count}}

// Table returns the state as a table with one row, with its reason in one language. It has no consumers.
func (f *FeedStatus) Table(lang string) *table.Table {
	row := []table.Cell{table.Named(f.State, f.Title()), table.Optional(f.Reason.In(lang)), table.Optional(f.Server),
		table.Number(f.Position), table.Number(f.Behind), table.Number(f.Seconds)}
	for len(row) < len(FeedColumns) { // values that the principal may not see stay empty
		row = append(row, table.Cell{})
	}
	if f.Subjects != nil {
		row[6] = table.Number(*f.Subjects)
	}
	if f.Open != nil {
		row[7], row[8], row[9] = table.Number(f.Open.Red), table.Number(f.Open.Yellow), table.Number(f.Open.Blue)
	}
	if f.Messages != nil {
		row[10] = table.Number(*f.Messages)
	}
	return &table.Table{Columns: FeedColumns, Rows: [][]table.Cell{row}}
}

func feedRoutes() []route {
	user := []answer{{http.StatusOK, jsonType, access.NATSUser{},
		"the user as it is now; warnings say if the server of NATS does not know it yet"}}
	status := []answer{{http.StatusOK, jsonType, FeedStatus{}, "how the feed does"}}
	return []route{
		{method: http.MethodGet, path: "/v1/nats/users", name: "natsUsers", right: access.HandleNATSUsers,
			short:  text.Say("可通过 NATS 接收预警的用户", "the users that may read the alerts over NATS"),
			gives:  []answer{{http.StatusOK, jsonType, access.NATSUsers{}, "the users by name"}},
			handle: (*request).natsUsers},
		{method: http.MethodPost, path: "/v1/nats/users", name: "addNATSUser", right: access.HandleNATSUsers,
			short: text.Say("增加或替换 NATS 用户；重复提交不改变任何内容",
				"add a user of NATS, or replace the one of that name; the same again changes nothing"),
			takes: []body{{jsonType, access.NewNATSUser{}}}, limit: actBytesMax, gives: user,
			handle: (*request).addNATSUser},
		{method: http.MethodDelete, path: "/v1/nats/users/{user}", name: "revokeNATSUser",
			right: access.HandleNATSUsers, short: text.Say("注销 NATS 用户", "revoke a user of NATS"),
			gives: user, handle: (*request).revokeNATSUser},
		{method: http.MethodGet, path: "/v1/feed", name: "feed", right: access.ReadFeed,
			short: text.Say("预警推送的状态", "how the alert feed does"), gives: status, handle: (*request).feed},
		{method: http.MethodPost, path: "/v1/feed/restate", name: "restateFeed", right: access.RestateFeed,
			short: text.Say("重新发布全部预警，完成后返回", "state every alert again, and answer when it is done"),
			gives: status, handle: (*request).restateFeed},
	}
}

func (q *request) natsUsers() error {
	list, err := q.office().NATSUsers(q.Context())
	return done(q, http.StatusOK, list, err)
}

func (q *request) addNATSUser() error {
	var r access.NewNATSUser
	if err := q.decode(&r); err != nil {
		return err
	}
	u, err := q.office().AddNATSUser(q.Context(), r)
	if err == nil {
		q.w.Header().Set("Location", "/v1/nats/users/"+url.PathEscape(u.Name))
		q.tellNATS(u)
	}
	return done(q, http.StatusOK, u, err)
}

func (q *request) revokeNATSUser() error {
	u, err := q.office().RevokeNATSUser(q.Context(), q.PathValue("user"))
	if err == nil {
		q.tellNATS(u)
	}
	return done(q, http.StatusOK, u, err)
}

// These limit how long the NATS server may take to apply an act on users, and how long a restatement may take.
// They are shorter than the time a client waits for a silent server.
var ( // variables for tests
	admitWait   = 15 * time.Second
	restateWait = 100 * time.Second
)

// tellNATS applies a finished act to the NATS server, even if the client has gone: a revoked user must not read
// on. It adds the result to the answer.
func (q *request) tellNATS(u *access.NATSUser) {
	if q.s.Feed == nil {
		u.Warnings = append(u.Warnings,
			text.Say("已写入账号；预警推送没有启用，用户目前无法连接",
				"it is written; the alert feed is off, so that no user can connect now"))
		return
	}
	u.Server = q.s.Feed.URL()
	ctx, cancel := context.WithTimeout(context.WithoutCancel(q.Context()), admitWait)
	defer cancel()
	var err error
	if u.Configuration, err = q.s.Feed.Admit(ctx); err == nil {
		return
	}
	q.s.Log.Error("the server of NATS does not know the users", zap.Error(err), zap.String("request", q.id))
	why := text.Say("详见服务日志", "the log of the server has more")
	if text.CodeOf(err) != text.Internal { // an internal error may name files
		why = text.Of(err)
	}
	not := text.Text{Zh: "此用户还不能连接", En: "the user cannot connect yet"}
	if u.RevokedAt != "" {
		not = text.Text{Zh: "此用户仍可能在读取", En: "the user may still read"}
	}
	u.Warnings = append(u.Warnings, text.Text{
		Zh: "已写入账号，但 NATS 服务器尚未照办，" + not.Zh + "：" + why.Zh + "。请把同一操作再做一次，或重新启动服务",
		En: "it is written, but the server of NATS does not know it yet, and " + not.En + ": " + why.En +
			". Do the same again, or start serve again",
	})
}

// errFeedOff is returned if the server has no feed.
var errFeedOff = fail(conflict, "预警推送没有启用；请以设置 nats-listen（本机地址）或 nats（外部服务器）启动服务",
	"the alert feed is off; start serve with the setting nats-listen (an address) or nats (the URL of a server "+
		"elsewhere)")

func (q *request) feed() error { return q.json(http.StatusOK, q.feedStatus()) }

func (q *request) restateFeed() error {
	if q.s.Feed == nil {
		return errFeedOff
	}
	if st := q.s.Feed.Status(); st.State == alertfeed.StateConnecting {
		why := st.Reason
		if why == (text.Text{}) {
			why = text.Say("预警推送正在连接 NATS 服务器", "the alert feed is connecting to its server of NATS")
		}
		return fail(unavailable, "目前不能重新发布：%[1]s", "it cannot be restated now: %[2]s", why.Zh, why.En)
	}
	if err := q.s.Access.AskRestate(q.Context(), q.who); err != nil {
		return err
	}
	ctx, cancel := context.WithTimeout(q.Context(), restateWait)
	defer cancel()
	if err := q.s.Feed.Restate(ctx); err != nil {
		return err
	}
	return q.json(http.StatusOK, q.feedStatus())
}

// feedStatus returns the state of the feed for the principal. Only a principal who may read the whole ledger gets
// the numbers of alerts, and only one who runs the feed gets the consumers.
func (q *request) feedStatus() *FeedStatus {
	if q.s.Feed == nil {
		return &FeedStatus{State: FeedOff, Reason: text.Of(errFeedOff.err), Position: q.position()}
	}
	st := q.s.Feed.Status()
	f := &FeedStatus{State: st.State, Reason: st.Reason, Server: st.Server, Position: st.Position, Behind: st.Behind,
		Seconds: int(st.Seconds)}
	if st.At != (alertfeed.At{}) {
		f.At = &st.At
	}
	seesAll, runs := q.who.Can(access.ReadLedger) && q.s.Access.Sees(q.who) == nil, q.who.Can(access.RestateFeed)
	isRead := f.At != nil // the content of the stream is not known before
	if seesAll && isRead {
		f.Open = &st.Open
	}
	if (seesAll || runs) && isRead {
		f.Subjects = &st.Subjects
	}
	if seesAll || runs {
		messages := st.Published.Raised + st.Published.Cleared + st.Published.Withdrawn + st.Published.Heads
		f.Messages = &messages
	}
	if runs {
		f.Consumers = append([]alertfeed.Consumer{}, st.Consumers...)
	}
	return f
}

// feedSilentMax is how long the feed of a ready server may not publish, or may be behind the ledger.
const feedSilentMax = 30 * time.Second

// feedUnready returns the reason why a feed makes the server not ready, or the zero Text.
func feedUnready(st alertfeed.FeedStatus) text.Text {
	silent := max(st.Silent, st.Seconds)
	switch {
	case st.State != alertfeed.StateStopped && silent <= feedSilentMax.Seconds():
		return text.Text{}
	case st.Reason != (text.Text{}):
		return st.Reason
	case st.State == alertfeed.StatePublishing:
		return text.Say("预警推送已落后于台账 %d 秒", "the alert feed has been behind the ledger for %d seconds",
			int(silent))
	}
	return text.Say("预警推送没有发布，已 %d 秒", "the alert feed has not published for %d seconds", int(silent))
}

// feedFigures are the metrics of the feed. Each consumer may be a label, because the number of users of NATS is
// limited.
type feedFigures struct{ feed *alertfeed.Feed }

var (
	feedPublishedDesc = prometheus.NewDesc("taizhang_feed_published_total",
		"Messages that this process published, by kind.", []string{"kind"}, nil)
	feedGenerationsDesc = prometheus.NewDesc("taizhang_feed_generations_total",
		"How often this process stated every alert again.", nil, nil)
	feedPositionsDesc = prometheus.NewDesc("taizhang_feed_behind_positions",
		"Positions of the ledger that the feed has not reached.", nil, nil)
	feedSecondsDesc = prometheus.NewDesc("taizhang_feed_behind_seconds",
		"For how long the feed has been behind the ledger, or has not published.", nil, nil)
	feedPublishingDesc = prometheus.NewDesc("taizhang_feed_publishing",
		"Whether the feed publishes: 1 or 0.", nil, nil)
	feedPendingDesc = prometheus.NewDesc("taizhang_feed_consumer_pending", "Messages that a consumer has not got.",
		[]string{"consumer"}, nil)
	feedUnackedDesc = prometheus.NewDesc("taizhang_feed_consumer_unacked",
		"Messages that a consumer has got and not acknowledged.", []string{"consumer"}, nil)
)

// Describe implements prometheus.Collector.
func (g feedFigures) Describe(to chan<- *prometheus.Desc) {
	for _, d := range []*prometheus.Desc{feedPublishedDesc, feedGenerationsDesc, feedPositionsDesc, feedSecondsDesc,
		feedPublishingDesc, feedPendingDesc, feedUnackedDesc} {
		to <- d
	}
}

// Collect implements prometheus.Collector.
func (g feedFigures) Collect(to chan<- prometheus.Metric) {
	st := g.feed.Status()
	counter := func(d *prometheus.Desc, n uint64, labels ...string) {
		to <- prometheus.MustNewConstMetric(d, prometheus.CounterValue, float64(n), labels...)
	}
	gauge := func(d *prometheus.Desc, x float64, labels ...string) {
		to <- prometheus.MustNewConstMetric(d, prometheus.GaugeValue, x, labels...)
	}
	counter(feedPublishedDesc, st.Published.Raised, "raised")
	counter(feedPublishedDesc, st.Published.Cleared, "cleared")
	counter(feedPublishedDesc, st.Published.Withdrawn, "withdrawn")
	counter(feedPublishedDesc, st.Published.Heads, "head")
	counter(feedGenerationsDesc, st.Published.Generations)
	gauge(feedPositionsDesc, float64(st.Behind))
	gauge(feedSecondsDesc, st.Seconds)
	publishing := 0.0
	if st.State == alertfeed.StatePublishing {
		publishing = 1
	}
	gauge(feedPublishingDesc, publishing)
	for _, c := range st.Consumers {
		gauge(feedPendingDesc, float64(c.Pending), c.Name)
		gauge(feedUnackedDesc, float64(c.Unacked), c.Name)
	}
}
