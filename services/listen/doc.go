// Package listen makes what a server listens with: the socket in the directory of a ledger, a limit on connections, and a
// certificate that is loaded again when its files change. It knows nothing of the ledger or of HTTP.
package listen
