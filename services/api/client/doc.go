// Package client is the counter (package desk) and the office of the accounts (package access) over HTTP: the second
// implementation of desk.Desk and of access.AccountDesk. A program that holds one of those interfaces works alike
// beside the files of a ledger and far from them.
//
// A client asks a server by its URL and shows a token:
//
//	c, err := client.New(client.ClientOptions{URL: "https://ledger.example.cn", TokenFile: "/etc/taizhang/token"})
//	if err != nil {
//		return err
//	}
//	defer c.Close()
//	t, err := c.List(ctx, desk.When{AsOf: "2026-10-31"}, lists.Question{List: "delayed"})
//
// On the machine of the ledger, whoever owns its directory needs no token: ClientOptions.Directory asks through the
// socket in it.
//
// Answers and errors are those of desk.Local. A wrong value is a *text.Error that names its parameter, a record that a
// rule refuses a *desk.Refusal with every reason, a batch a *desk.BatchRefusal, a center that has moved on a
// *desk.RevisionError. A server that cannot be reached, or that breaks off, is a *text.Error with the code
// text.Unavailable. An answer that was cut off is never taken for a whole one.
//
// A request is repeated when the connection is lost, or the server is busy (503 or 429 with Retry-After), until
// ClientOptions.Patience is over, if repeating it can do no harm: a read of which nothing was handed on yet, and a
// write whose records have ids, since the ledger has each record once. Starting an import is repeated only if it did
// not begin.
//
// Lists, files and histories are handed on as they come. A client holds at most one table or one record of them in
// memory.
package client
