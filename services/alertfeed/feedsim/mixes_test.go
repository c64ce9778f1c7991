package feedsim

// mix is a set of faults for a world.
type mix struct {
	name      string
	fates     []share // of messages; the rest passes
	faults    []fault // of which each step of a world may take one
	often     int     // how many of ten steps are faults
	forgetful bool    // a publisher that died may have lost what it remembered
	ownServer bool    // which is stopped
	child     bool    // in a process of its own, which is killed
	loses     bool    // the stream loses what it had
}

type share struct {
	fate  fate
	share float64
}

// fault is a step of a world.
type fault func(*world) error

// deaths are fates of messages with which the publisher dies.
var deaths = []share{{diesBefore, 0.02}, {diesAfter, 0.02}}

// losses are fates of messages with which the publisher lives on.
var losses = []share{{unanswered, 0.1}, {unsent, 0.05}, {late, 0.05}, {held, 0.03}}

// some are a few of both.
var some = []share{{unanswered, 0.03}, {unsent, 0.01}, {late, 0.01}, {held, 0.01}, {diesBefore, 0.01},
	{diesAfter, 0.01}}

var mixes = []mix{
	{name: "acks", fates: losses},
	{name: "deaths", fates: deaths, faults: []fault{(*world).killOne}, often: 2},
	{name: "memory", loses: true, fates: deaths,
		faults: []fault{(*world).killOne, (*world).purge, (*world).deleteStream}, often: 3, forgetful: true},
	{name: "lag", fates: []share{{held, 0.05}}, faults: []fault{(*world).lag, (*world).catchUp}, often: 5},
	{name: "clock", fates: some, faults: []fault{(*world).wrongClock, (*world).rightClock}, often: 4},
	{name: "purge", loses: true, fates: some, faults: []fault{(*world).purge, (*world).purgeOne}, often: 3},
	{name: "deleted", loses: true, fates: some, faults: []fault{(*world).deleteStream}, often: 3},
	{name: "oldcopy", loses: true, fates: some,
		faults: []fault{(*world).copyServer, (*world).putServerBack, (*world).putAllBack}, often: 3, ownServer: true},
	{name: "backup", loses: true, faults: []fault{(*world).backUp, (*world).putAllBack}, often: 4, ownServer: true},
	{name: "restored", fates: some, faults: []fault{(*world).restoreLedger, (*world).killOne}, often: 3},
	{name: "enospc", fates: some, faults: []fault{(*world).fill}, often: 1, ownServer: true},
	{name: "killed", fates: some, faults: []fault{(*world).killServer}, often: 2, ownServer: true, child: true},
	{name: "all", loses: true, fates: some, often: 5, ownServer: true, forgetful: true,
		faults: []fault{(*world).killOne, (*world).lag, (*world).catchUp, (*world).wrongClock, (*world).rightClock,
			(*world).purge, (*world).purgeOne, (*world).deleteStream, (*world).copyServer, (*world).putServerBack,
			(*world).putAllBack, (*world).restoreLedger}},
}
