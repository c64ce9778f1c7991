// Package listen opens the listeners of a server: the socket in the directory of a ledger, a limit on connections, and
// a certificate that is loaded again when its files change. It does not depend on the ledger or on HTTP.
package listen
