package main

import (
	"context"
	"net"
	"slices"

	"go.uber.org/zap"

	"github.com/taizhang/taizhang/events/text"
	"github.com/taizhang/taizhang/services/alertfeed"
	"github.com/taizhang/taizhang/services/listen"
)

// feedOff is the value of --nats-listen for no feed.
const feedOff = "off"

// checkFeed returns an error for options of the feed that do not fit together. inCluster means that the events are in
// a cluster, where each process that serves them would have a feed of its own: then the feed is off, unless --nats
// names one server for all. In that case checkFeed clears --nats-listen.
func (o *serveOptions) checkFeed(settings []setting, inCluster bool) error {
	isGiven := slices.ContainsFunc(settings,
		func(s setting) bool { return s.name == "nats-listen" && s.from != byDefault }) && o.natsListen != feedOff
	switch {
	case o.nats == "" && (o.natsNKey != "" || o.natsCreds != ""):
		return text.Errorf(text.Invalid, "--nats-nkey 和 --nats-creds 须与 --nats 一起给出",
			"--nats-nkey and --nats-creds go with --nats")
	case isGiven && o.nats != "":
		return text.Errorf(text.Invalid,
			"--nats 与 --nats-listen 只能给出一个：预警或推送到另处的服务器，或由本进程推送",
			"give --nats or --nats-listen, not both: the feed is at a server elsewhere or in this process")
	case isGiven && inCluster:
		return text.Errorf(text.Invalid,
			"记录在集群中时不能用 --nats-listen：每个进程都会各自推送；请用 --nats 指定共用的 NATS 服务器",
			"with the record in a cluster there is no --nats-listen, for each process would have a feed of its own; "+
				"name one NATS server for all with --nats")
	case o.nats != "":
		o.natsListen = feedOff
		return o.checkNATS()
	case inCluster:
		o.natsListen = feedOff
	}
	switch {
	case o.natsListen == feedOff:
		return nil
	case !isAddress(o.natsListen):
		return text.Errorf(text.Invalid, "应写作 主机:端口，或“off”，不能是“%s”",
			"expected HOST:PORT or off, got “%s”", o.natsListen).Of("nats-listen")
	case isLoopback(o.natsListen) || o.tlsCert != "" || o.insecure:
		return nil
	}
	return text.Errorf(text.Invalid,
		"%s 不是本机回环地址，预警会以明文传输：请给出 --tls-cert 和 --tls-key，或用 --insecure",
		"%s is not a loopback address, and alerts would travel in the clear: give --tls-cert and --tls-key, or "+
			"--insecure", o.natsListen).Of("nats-listen")
}

// checkNATS returns an error if --nats or the key for it is not valid. The message does not show the value, because
// it may contain a password.
func (o *serveOptions) checkNATS() error {
	servers, err := alertfeed.ParseServers(o.nats)
	if err != nil {
		return err
	}
	for _, u := range servers {
		switch {
		case u.User != nil:
			return text.Errorf(text.Invalid, "地址中不能有口令；请用 --nats-nkey 或 --nats-creds",
				"must have no password in it; use --nats-nkey or --nats-creds").Of("nats")
		case u.Scheme == "nats" && !isLoopback(net.JoinHostPort(u.Hostname(), "0")) && !o.insecure:
			return text.Errorf(text.Invalid, "%s 不在本机，预警会以明文传输：请用 tls://，或用 --insecure",
				"%s is not this machine, and alerts would travel in the clear: use tls://, or --insecure",
				u.Hostname()).Of("nats")
		}
	}
	if (o.natsNKey == "") == (o.natsCreds == "") {
		return text.Errorf(text.Invalid, "--nats 须有 --nats-nkey 或 --nats-creds 之一",
			"--nats needs --nats-nkey or --nats-creds, and not both")
	}
	return alertfeed.CheckKey(o.natsNKey, o.natsCreds)
}

// hasFeed reports whether alerts are published.
func (o *serveOptions) hasFeed() bool {
	return o.nats != "" || o.natsListen != "" && o.natsListen != feedOff
}

// openFeed starts publishing the alerts of the ledger. It returns nil if the options ask for no feed.
func (a *app) openFeed(ctx context.Context, o *serveOptions, x *opened,
	certificate *listen.Certificate) (*alertfeed.Feed, error) {
	if !o.hasFeed() {
		return nil, nil
	}
	cfg := alertfeed.FeedConfig{Desk: &x.desk, Access: x.access, Dir: a.dir, Shared: a.cluster != "", Now: a.now,
		Log: a.log, URL: o.nats, NKey: o.natsNKey, Creds: o.natsCreds}
	if o.nats == "" {
		cfg.Listen = o.natsListen
	}
	if o.isFeedEncrypted() {
		cfg.TLS = certificate.Config()
	}
	return alertfeed.Open(ctx, cfg)
}

// isFeedEncrypted reports whether the NATS server in this process uses TLS: if another machine can reach it and there
// is a certificate. The names in a certificate do not cover loopback.
func (o *serveOptions) isFeedEncrypted() bool {
	return o.nats == "" && o.tlsCert != "" && !isLoopback(o.natsListen)
}

// closeFeed ends the feed. It only logs errors, because the ledger does not depend on the feed.
func (a *app) closeFeed(feed *alertfeed.Feed) {
	if feed == nil {
		return
	}
	if err := feed.Close(); err != nil {
		a.log.Warn("the alert feed did not end well", zap.Error(err))
	}
}
