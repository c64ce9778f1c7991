package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net"

	"github.com/spf13/cobra"

	"github.com/taizhang/taizhang/events/text"
	"github.com/taizhang/taizhang/services/files"
	"github.com/taizhang/taizhang/services/listen"
	"github.com/taizhang/taizhang/services/seal"
	"github.com/taizhang/taizhang/services/witness"
)

func (a *app) witnessCommand() *cobra.Command {
	return a.group("witness", "见证方：为其他单位台账的检查点签名",
		"a witness: cosign the checkpoints of the ledgers of others", a.witnessInitCommand(), a.witnessTrustCommand(),
		a.witnessCosignCommand(), a.witnessServeCommand())
}

// witnessDir adds the flag of the directory of a witness, and makes the command require it. The flag takes the place
// of --dir, which names a ledger: a witness has none.
func (a *app) witnessDir(cmd *cobra.Command, dir *string) *cobra.Command {
	cmd.Annotations = onFiles
	cmd.Flags().StringVar(dir, "dir", "",
		a.say("见证方的目录 `DIR`（必填）", "directory `DIR` of the witness (must be given)"))
	run := cmd.RunE
	cmd.RunE = func(cmd *cobra.Command, args []string) error {
		if *dir == "" {
			return usage(cmd, "缺少 --dir：见证方的目录", "--dir is missing: the directory of the witness")
		}
		return run(cmd, args)
	}
	return cmd
}

func (a *app) witnessInitCommand() *cobra.Command {
	var dir string
	return a.witnessDir(&cobra.Command{
		Use: "init NAME", Args: exactly(1),
		Short: a.say("建立见证方：生成私钥，显示公钥", "make a witness: a new key, whose public part is printed"),
		Long: a.say(`建立见证方：在新的空目录中生成私钥 witness.key（权限 0600），并显示公钥。
台账单位将公钥写入 policy.txt，审计人员将它写入自己的信任文件。
名称写成不带 https:// 的网址。
目录丢失或从旧副本恢复的见证方，不再知道签过什么，须用新的名称另建。`,
			`Make a witness: a private key witness.key (mode 0600) in a new directory. The public key is printed;
the ledger's office writes it to policy.txt, and an auditor to a trust file.
The name looks like a URL without https://, such as witness.audit.example/w1.
A witness whose directory was lost, or put back from an old copy, no longer knows what it cosigned. Make it
anew under another name.`),
		RunE: func(cmd *cobra.Command, args []string) error {
			if _, err := witness.Create(dir, args[0]); err != nil {
				return err
			}
			return a.withWitness(dir, func(w *witness.Witness) error {
				return a.answer(w.Profile(), w.Profile().Table, func() { fmt.Fprintln(a.out, w.Key()) })
			})
		},
	}, &dir)
}

func (a *app) witnessTrustCommand() *cobra.Command {
	var dir string
	return a.witnessDir(&cobra.Command{
		Use: "trust VKEY", Args: exactly(1),
		Short: a.say("为一份台账的检查点签名，VKEY 为其公钥", "cosign the checkpoints of a ledger, whose key is VKEY"),
		RunE: func(cmd *cobra.Command, args []string) error {
			key, err := seal.ParseKey(args[0])
			if err != nil {
				return err
			}
			return a.withWitness(dir, func(w *witness.Witness) error {
				if err := w.Trust(key); err != nil {
					return err
				}
				return a.answer(w.Profile(), w.Profile().Table, func() {
					a.print("见证方 %[1]s 将为台账 %[2]s 的检查点签名",
						"the witness %[1]s cosigns the checkpoints of %[2]s", w.Key().Name, key.Name)
				})
			})
		},
	}, &dir)
}

// withWitness opens the witness of a directory for one task.
func (a *app) withWitness(dir string, do func(*witness.Witness) error) error {
	w, err := witness.Open(dir, a.now)
	if err != nil {
		return err
	}
	return errors.Join(do(w), w.Close())
}

func (a *app) witnessCosignCommand() *cobra.Command {
	var dir, out string
	cmd := a.witnessDir(&cobra.Command{
		Use: "cosign REQUEST", Args: exactly(1),
		Short: a.say("为文件中的请求签名，不经网络", "cosign the request in a file, without a network"),
		RunE: func(cmd *cobra.Command, args []string) error {
			if out == "" {
				return usage(cmd, "缺少 --out：写签名的文件", "--out is missing: the file for the cosignature")
			}
			if err := files.Free(out); err != nil {
				return err
			}
			r, err := readRequest(args[0])
			if err != nil {
				return err
			}
			return a.withWitness(dir, func(w *witness.Witness) error {
				line, err := w.Cosign(r)
				if err != nil {
					return err
				}
				if err := files.Create(out, func(to io.Writer) error {
					_, err := io.WriteString(to, line.String()+"\n")
					return err
				}); err != nil {
					return err
				}
				c, err := w.Cosigning(out, r.Checkpoint.Checkpoint, line)
				if err != nil {
					return err
				}
				return a.answer(c, c.Table, func() {
					a.print("已为台账 %[1]s 的检查点（%[2]d 条）签名，写入 %[3]s；"+
						"台账单位运行 taizhang seal add %[3]s",
						"cosigned the checkpoint of %[1]s with %[2]d records in %[3]s; the ledger's office runs "+
							"taizhang seal add %[3]s", c.Origin, c.Size, out)
				})
			})
		},
	}, &dir)
	cmd.Flags().StringVar(&out, "out", "",
		a.say("写签名的新文件 `FILE.cosig`（必填）", "new `FILE.cosig` for the cosignature (must be given)"))
	return cmd
}

// readRequest reads the request of a file.
func readRequest(path string) (*seal.Request, error) {
	content, err := files.ReadSmall(path)
	if err != nil {
		return nil, err
	}
	r, err := seal.ParseRequest(content)
	if err != nil {
		return nil, &text.Error{Code: text.Invalid, Place: path, What: text.Of(err), Cause: err}
	}
	return r, nil
}

// witnessOptions are the flags of taizhang witness serve.
type witnessOptions struct{ dir, listen, tlsCert, tlsKey string }

func (a *app) witnessServeCommand() *cobra.Command {
	o := &witnessOptions{}
	cmd := a.witnessDir(&cobra.Command{
		Use: "serve", Args: exactly(0),
		Short: a.say("经 HTTP 为检查点签名（C2SP 见证协议）", "cosign over HTTP (C2SP tlog-witness)"),
		Long: a.say(`经 HTTP 为检查点签名，接口按 C2SP 见证协议。
任何人都可以提出请求，只有带台账有效签名的才签。因此不加密也安全；如须限制来源，由防火墙或反向代理限制。
运行时由本进程独占目录；taizhang witness trust、taizhang witness cosign 须在停止后运行。`,
			`Cosign over HTTP: POST /add-checkpoint (C2SP tlog-witness).
Everybody may ask, and only what a trusted ledger signed is cosigned, so it is safe without TLS as well. A
firewall or a proxy in front can restrict who may ask.
The process has the directory for itself: stop it to run taizhang witness trust or cosign.`),
		RunE: func(cmd *cobra.Command, _ []string) error {
			if (o.tlsCert == "") != (o.tlsKey == "") {
				return usage(cmd, "--tls-cert 和 --tls-key 须一并给出", "give --tls-cert and --tls-key together")
			}
			a.log = a.serverLog(false)
			return a.withWitness(o.dir, func(w *witness.Witness) error { return a.serveWitness(cmd.Context(), o, w) })
		},
	}, &o.dir)
	f := cmd.Flags()
	f.StringVar(&o.listen, "listen", "127.0.0.1:8090", a.say("接口的地址 `ADDR`（主机:端口；端口 0 为任一空闲端口）",
		"address `ADDR` of the API (HOST:PORT; port 0 is any free one)"))
	f.StringVar(&o.tlsCert, "tls-cert", "",
		a.say("证书 `FILE`（PEM），更换后自动重新读取", "certificate `FILE` (PEM); read again when it changes"))
	f.StringVar(&o.tlsKey, "tls-key", "", a.say("私钥 `FILE`（PEM，权限 0600）", "its key `FILE` (PEM, mode 0600)"))
	return cmd
}

// serveWitness serves a witness until ctx ends.
func (a *app) serveWitness(ctx context.Context, o *witnessOptions, w *witness.Witness) error {
	var certificate *listen.Certificate
	if o.tlsCert != "" {
		if err := listen.Private(o.tlsKey); err != nil {
			return err
		}
		var err error
		if certificate, err = listen.LoadCertificate(o.tlsCert, o.tlsKey, a.log); err != nil {
			return err
		}
	}
	port, err := net.Listen("tcp", o.listen)
	if err != nil {
		return cannotListen(o.listen, err)
	}
	scheme, h, served := "http", w.Server(a.log), make(chan error, 1)
	if certificate != nil {
		scheme, h.TLSConfig = "https", certificate.Config()
	}
	if _, err := fmt.Fprintln(a.out, a.say("见证方 %s 在 %s://%v 提供服务，为 %d 份台账签名",
		"the witness %s serves on %s://%v and cosigns for this many ledgers: %d", w.Key().Name, scheme, port.Addr(),
		len(w.Trusted()))); err != nil {
		return errors.Join(err, port.Close())
	}
	go func() {
		limited := listen.Limit(port, adminConnectionsMax)
		if certificate != nil {
			served <- h.ServeTLS(limited, "", "")
		} else {
			served <- h.Serve(limited)
		}
	}()
	select {
	case err := <-served:
		return err
	case <-ctx.Done():
	}
	ending, cancel := context.WithTimeout(context.Background(), shutWait)
	defer cancel()
	err = h.Shutdown(ending) // answers what was asked, so that no cosignature is lost
	<-served
	return err
}
