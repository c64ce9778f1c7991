package main

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"syscall"
	"time"

	"github.com/spf13/cobra"

	"github.com/taizhang/taizhang/events/text"
	"github.com/taizhang/taizhang/services/api/client"
	"github.com/taizhang/taizhang/services/desk"
	"github.com/taizhang/taizhang/services/listen"
)

// onFiles marks a verb that works only on the files of a ledger and never asks a server. A server may have the files
// open.
var onFiles = map[string]string{"on": "files"}

// onBackup marks the verb that works on the files of a backup. It asks the ledger that --against names, if any.
var onBackup = map[string]string{"on": "backup"}

func isOnFiles(cmd *cobra.Command) bool {
	return cmd.Annotations["on"] == onFiles["on"] || isOnBackup(cmd)
}

func isOnBackup(cmd *cobra.Command) bool { return cmd.Annotations["on"] == onBackup["on"] }

// chooseServer finds out from the flags and the environment whether the verb asks a server. A verb marked with
// onFiles asks none.
func (a *app) chooseServer(cmd *cobra.Command) error {
	typed := cmd.Flags().Changed("server") || cmd.Flags().Changed("token-file") || cmd.Flags().Changed("tls-ca")
	if isOnBackup(cmd) {
		if cmd.Flags().Changed("server") {
			return usage(cmd, "backup verify 不用 --server；要与服务器上的台账比较，用 --against 网址",
				"backup verify takes no --server; name the server to compare with by --against URL")
		}
		if !cmd.Flags().Changed("token-file") {
			a.tokenFile = a.getenv(variableOf("token-file"))
		}
		a.server = ""
		return nil
	}
	if isOnFiles(cmd) {
		if typed {
			return usage(cmd, "%[1]s 只用于本机的文件，不能用 --server、--token-file 或 --tls-ca",
				"%[2]s works on files and takes no --server, --token-file or --tls-ca", cmd.CommandPath(), cmd.Name())
		}
		a.server = ""
		return nil
	}
	if isOnNATS(cmd) {
		for _, name := range []string{"server", "token-file", "data", "dir", "store", "as-of", "known-at"} {
			if cmd.Flags().Changed(name) {
				return usage(cmd, "%[1]s 只经 NATS 读取，不能用 --%[3]s",
					"%[2]s reads from NATS alone and takes no --%[3]s", cmd.CommandPath(), cmd.Name(), name)
			}
		}
		a.server = ""
		return nil
	}
	for name, value := range map[string]*string{"server": &a.server, "token-file": &a.tokenFile} {
		if !cmd.Flags().Changed(name) {
			*value = a.getenv(variableOf(name))
		}
	}
	switch {
	case a.server == "" && typed:
		return usage(cmd, "--token-file 和 --tls-ca 须与 --server 一起用",
			"--token-file and --tls-ca go with --server")
	case a.server != "" && (a.dirGiven || a.cluster != "" ||
		!cmd.Flags().Changed("server") && a.getenv(variableOf("data")) != ""):
		return usage(cmd, "--server（或环境变量 TAIZHANG_SERVER）不能与 --data 或 --store（或环境变量 "+
			"TAIZHANG_DATA、TAIZHANG_STORE）一起用",
			"--server, or the environment's TAIZHANG_SERVER, takes no --data or --store, nor TAIZHANG_DATA or "+
				"TAIZHANG_STORE")
	}
	return nil
}

// serverPatience is the time for which a verb waits for a server that does not answer.
const serverPatience = 5 * time.Second

// atServer returns a client of the server that the verb asks: of --server, or of the process that serves the directory
// of the ledger. It returns nil if the verb works on the files itself.
func (a *app) atServer(ctx context.Context, write bool) (*client.Client, error) {
	if a.server != "" {
		return client.New(client.ClientOptions{
			URL: a.server, TokenFile: a.tokenFile, CAFile: a.tlsCA, Prefix: flagPrefix, Patience: serverPatience,
			WaitingAfter: a.reachesIn, Waiting: a.tellWaiting,
		})
	}
	c, err := listen.DialSocket(ctx, a.dir)
	switch {
	case err == nil:
		_ = c.Close() // the connection only showed that a server answers
		return client.New(client.ClientOptions{
			Directory: a.dir, Prefix: flagPrefix, Build: programBuild(),
			WaitingAfter: a.reachesIn, Waiting: a.tellWaiting,
		})
	case errors.Is(err, fs.ErrPermission) && a.hasSocket():
		if !write {
			return nil, nil
		}
		return nil, text.Errorf(text.Forbidden,
			"台账 %s 由另一用户的进程提供服务，写入须由该用户进行，或用 --server 和令牌",
			"another user's process serves the ledger %s; write as that user, or with --server and a token", a.dir)
	case errors.Is(err, syscall.EAGAIN): // the queue of the socket is full
		return nil, text.Errorf(text.Unavailable, "台账 %s 的服务过忙，请稍后再试",
			"the process that serves the ledger %s is too busy; try again later", a.dir)
	}
	return nil, nil // there is no server, or opening the files will report the error
}

// glance asks the ledger something that nobody waits for: at a server without patience, else the files, of a cluster
// the local copy.
func (a *app) glance(ctx context.Context, do func(desk.Reader) error) error {
	options := client.ClientOptions{Prefix: flagPrefix, Patience: -1, Timeout: offeredIn}
	if a.server != "" {
		options.URL, options.TokenFile, options.CAFile = a.server, a.tokenFile, a.tlsCA
	} else if c, err := listen.DialSocket(ctx, a.dir); err == nil {
		_ = c.Close()
		options.Directory, options.Build = a.dir, programBuild()
	} else {
		a.cluster = ""
		return a.readFiles(ctx, do)
	}
	c, err := client.New(options)
	if err != nil {
		return err
	}
	defer c.Close()
	return do(c)
}

// tellWaiting tells the user that a server has not answered yet.
func (a *app) tellWaiting() {
	fmt.Fprintln(a.errOut, a.say("服务器还没有应答，继续等待……", "the server does not answer yet; waiting ..."))
}

// hasSocket reports whether the directory of the ledger has a socket.
func (a *app) hasSocket() bool {
	info, err := os.Lstat(filepath.Join(a.dir, listen.SocketName))
	return err == nil && info.Mode().Type() == fs.ModeSocket
}

// dirFlag is the flag for the directory of the ledger. It stores whether the flag was given.
type dirFlag struct {
	dir   *string
	given *bool
}

func (v *dirFlag) String() string { return *v.dir }
func (v *dirFlag) Type() string   { return "string" }

func (v *dirFlag) Set(s string) error {
	*v.dir, *v.given = s, true
	return nil
}
