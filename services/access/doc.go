// Package access keeps the accounts of a ledger: who may ask and write what. It
// is a log of its own, apart from the ledger, since what proves an account must
// not travel in exports of the ledger.
//
// An Access is opened over an events.Store, as a ledger is: its state is the
// fold of its log. The stream "accounts" has the acts on accounts, tokens,
// users of NATS and the alert feed, and the sessions that began; the stream
// "log" the epochs and the access log. An act is durable before it is answered.
//
// Authenticate returns the Principal that a token stands for. SignIn begins a
// session, and AuthenticateSession returns the Principal that its secret stands
// for. Sessions live in memory: their beginning is in the log, so that a code
// counts once, but a process that starts anew has none. Guard puts a desk
// before the ledger that gives a Principal what his role may, in his scope, and
// nothing else. AccountDesk is the counter of the accounts themselves. One table
// (Rights) says which role may do what.
//
// Three administrators share the power over accounts, so that none of them has
// it alone: sysadmin adds and disables accounts, which can then do nothing;
// secadmin binds them to a role, scope and rights; logadmin reads the access
// log. None acts on himself.
package access
