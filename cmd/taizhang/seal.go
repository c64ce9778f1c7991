package main

import (
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strconv"
	"strings"

	"github.com/spf13/cobra"

	"github.com/taizhang/taizhang/services/desk"
	"github.com/taizhang/taizhang/services/files"
)

func (a *app) sealCommand() *cobra.Command {
	var o sealOptions
	c := &cobra.Command{
		Use: "seal", Args: exactly(0),
		Short: a.say("封存台账：签出现在的检查点，供审计方和见证方核对",
			"seal the ledger: sign a checkpoint of it as it is now, for auditors and witnesses"),
		Long: a.say(`封存台账：写入一条封存记录，签出到此为止的检查点。
此前任何记录的改动、增删、移位，都会与检查点不符。
上次封存以来没有新记录的，不再封存。先用 taizhang seal init 开始封存。

policy.txt 中有网址的见证方随即请求见证（由服务封存的，由服务请求）。
--request 写出见证请求，供文件往来；对方的见证（.cosig）用 taizhang seal add 加入。
各见证方所知的检查点不同时，用 --witness 指明写给谁；对方答复另有所知的条数时，用 --old 给出。

--sign-with 另加 SM2 签名：检查点三行文字送入 COMMAND 的标准输入，COMMAND 把 DER 签名写到标准输出，
如 UKey 或签名服务器的工具。
其公钥用 --sign-key 给出（PEM）；由证书取得：
     openssl x509 -pubkey -noout -in 证书.pem -out sm2.pem`,
			`Seal the ledger: write a record of the sealing, and sign a checkpoint that ends with it. If a record before it is ever
changed, removed, inserted or moved, the ledger is no longer that of the checkpoint.
If nothing was written since the last sealing, nothing is sealed. Sealing begins with taizhang seal init.

The witnesses of policy.txt that have an address are asked at once, or by the server if it seals.
--request writes the request for a witness to which files are carried; its answer (.cosig) comes back by taizhang seal add.
If the witnesses know different checkpoints, --witness names one; --old is the number of records that it says it knows.

--sign-with adds an SM2 signature: COMMAND gets the three lines of the checkpoint on its standard input and writes the
signature in DER to its standard output, such as the tool of a UKey or of a signature server. Its public key is given by
--sign-key (PEM). From a certificate:
     openssl x509 -pubkey -noout -in certificate.pem -out sm2.pem`),
		RunE: func(cmd *cobra.Command, _ []string) error {
			if err := o.check(cmd, a.server); err != nil {
				return err
			}
			s, err := a.seal(cmd, &o)
			if err != nil {
				return err
			}
			return a.answer(s, s.Table, func() {
				if s.New {
					a.print("已封存 %d 条记录：", "sealed %d records:", s.Size)
				} else {
					a.print("上次封存以来没有新记录，最新的检查点：",
						"nothing was written since the last sealing; the newest checkpoint:")
				}
				a.tellCheckpoint(&s.Checkpoint)
			})
		},
	}
	f := c.Flags()
	f.StringVar(&o.request, "request", "", a.say("把见证请求写入 `FILE`", "write the request for a witness to `FILE`"))
	f.StringVar(&o.witness, "witness", "",
		a.say("请求写给 policy.txt 中的见证方 `NAME`", "the request is for the witness `NAME` of policy.txt"))
	f.Uint64Var(&o.old, "old", 0,
		a.say("见证方已知的检查点的条数 `N`", "the witness knows a checkpoint of `N` records"))
	f.StringVar(&o.signWith, "sign-with", "",
		a.say("用 `COMMAND` 另加 SM2 签名", "add an SM2 signature made by `COMMAND`"))
	f.StringVar(&o.signKey, "sign-key", "",
		a.say("SM2 公钥所在的 `FILE`（PEM）", "`FILE` with the SM2 public key (PEM)"))
	c.AddCommand(a.sealInitCommand(), a.sealAddCommand(), a.sealShowCommand(), a.sealSheetCommand(),
		a.sealKeyCommand())
	return c
}

// tellCheckpoint prints a checkpoint for people.
func (a *app) tellCheckpoint(c *desk.Checkpoint) {
	for _, line := range []string{c.Origin, strconv.FormatUint(c.Size, 10), c.Root} {
		fmt.Fprintln(a.out, "  "+line)
	}
	a.print("台账公钥：%s", "the ledger's public key: %s", c.Key)
	for _, w := range c.Cosigners {
		a.print("见证：%s，%s", "cosigned by %s at %s", w.Witness, w.At)
	}
	switch {
	case c.QuorumMet:
		a.print("已达到 policy.txt 的见证要求", "the quorum of policy.txt is met")
	case len(c.Cosigners) > 0:
		a.print("尚未达到 policy.txt 的见证要求", "the quorum of policy.txt is not met yet")
	case strangers(c) > 0:
		a.print("检查点上有 %d 家的签名，其公钥不在 policy.txt 中；请将见证方写入该文件",
			"signatures by keys that policy.txt does not have: %d; write the witnesses there", strangers(c))
	default:
		a.print("尚无见证", "no witness has cosigned it yet")
	}
	if c.Position > c.Size {
		a.print("其后另有 %d 条记录尚未封存", "%d records after it are not sealed yet", c.Position-c.Size)
	}
}

// strangers returns the number of signatures on a checkpoint that are neither the ledger's nor its owner's.
func strangers(c *desk.Checkpoint) (count int) {
	for line := range strings.Lines(c.Note) {
		if strings.HasPrefix(line, "— ") && !strings.HasPrefix(line, "— "+c.Origin+" ") {
			count++
		}
	}
	return count
}

func (a *app) sealShowCommand() *cobra.Command {
	var out string
	c := &cobra.Command{
		Use: "show", Args: exactly(0),
		Short: a.say("显示最新的检查点", "show the newest checkpoint"),
		RunE: func(cmd *cobra.Command, _ []string) error {
			if out != "" {
				if err := files.Free(out); err != nil {
					return err
				}
			}
			return a.read(cmd.Context(), func(d desk.Reader) error {
				c, err := d.Checkpoint(cmd.Context())
				if err != nil {
					return err
				}
				if out != "" {
					if err := files.Create(out, writing(c.Note)); err != nil {
						return err
					}
				}
				return a.answer(c, c.Table, func() { a.tellCheckpoint(c) })
			})
		},
	}
	c.Flags().StringVar(&out, "out", "",
		a.say("另把检查点连同签名写入 `FILE`，一字不差",
			"also write the checkpoint with its signatures to `FILE`, verbatim"))
	return c
}

// writing returns a function that writes a text.
func writing(content string) func(io.Writer) error {
	return func(w io.Writer) error {
		_, err := io.WriteString(w, content)
		return err
	}
}

func (a *app) sealSheetCommand() *cobra.Command {
	var out string
	c := &cobra.Command{
		Use: "sheet", Args: exactly(0),
		Short: a.say("把最新的检查点做成一页 A4，打印存档",
			"make a page (A4) of the newest checkpoint, to print and file"),
		Long: a.say(`把最新的检查点做成一页 A4（HTML），写明检查点的各行，并附二维码。打印后由审计方或档案部门保存：
日后核对时，台账若与纸上的检查点不符，即被改动过。`,
			`Make a page (A4, HTML) of the newest checkpoint, with its lines in clear and as a QR code, to print and to be kept by an
auditor or an archive. A ledger that is not that of the checkpoint on paper was changed.`),
		RunE: func(cmd *cobra.Command, _ []string) error {
			if end := strings.ToLower(filepath.Ext(out)); end != ".html" && end != ".htm" {
				return usage(cmd, "须用 --out 给出一个 .html 文件", "name an .html file with --out")
			}
			if err := files.Free(out); err != nil {
				return err
			}
			return a.read(cmd.Context(), func(d desk.Reader) error {
				c, err := d.Checkpoint(cmd.Context())
				if err != nil {
					return err
				}
				if err := files.Create(out, func(w io.Writer) error {
					return c.WriteSheet(w, a.lang, a.now())
				}); err != nil {
					return err
				}
				return a.answer(c, c.Table, func() {
					a.print("检查点（%[2]d 条记录）已写入 %[1]s，打印为一页 A4",
						"the checkpoint of %[2]d records is in %[1]s and prints on one page", out, c.Size)
				})
			})
		},
	}
	c.Flags().StringVar(&out, "out", "", a.say("写入 `FILE`.html（必填）", "write to `FILE`.html (must be given)"))
	return c
}

func (a *app) receiptCommand() *cobra.Command {
	var out string
	c := &cobra.Command{
		Use: "receipt POSITION", Args: exactly(1),
		Short: a.say("开具一条记录的回执：证明它在检查点之内",
			"write the receipt of a record: proof that it lies in a checkpoint"),
		Long: a.say(`开具一条记录的回执，写入 --out 指定的目录（没有就新建）：POSITION.json 是记录原文，POSITION.tlog-proof 是证明
（c2sp.org/tlog-proof），含检查点。持有回执的人不需要台账，即可核对这条记录在检查点之内，一字未改：
可用任何读取 c2sp.org/tlog-proof 的程序，或照手册《审计核验》中的步骤。
记录须已封存；台账位置见 taizhang replay 和 taizhang find。`,
			`Write the receipt of a record into the directory that --out names, which is made if needed: POSITION.json is the stored
line, POSITION.tlog-proof the proof (c2sp.org/tlog-proof) with its checkpoint. Whoever has the receipt can check without the ledger
that the record lies in the checkpoint unchanged: with any program that reads c2sp.org/tlog-proof, or as the page
audit.md of the manual shows.
The record must be sealed; taizhang replay and taizhang find show positions.`),
		RunE: func(cmd *cobra.Command, args []string) error {
			position, err := strconv.ParseUint(args[0], 10, 64)
			if err != nil || position == 0 {
				return usage(cmd, "台账位置应为正整数，不能是 %q",
					"a position is a whole number from 1, not %q", args[0])
			}
			if out == "" {
				return usage(cmd, "须用 --out 给出目录", "name a directory with --out")
			}
			line := filepath.Join(out, strconv.FormatUint(position, 10)+".json")
			proof := strings.TrimSuffix(line, ".json") + ".tlog-proof"
			return a.read(cmd.Context(), func(d desk.Reader) error {
				r, err := d.Receipt(cmd.Context(), desk.ReceiptRequest{Position: position})
				if err != nil {
					return err
				}
				if err := writeReceipt(out, line, proof, r); err != nil {
					return err
				}
				return a.answer(r, r.Table, func() {
					a.print("位置 %d 的记录在 %d 条记录的检查点之内；回执已写入 %s 和 %s",
						"the record at position %d lies in the checkpoint of %d records; its receipt is in %s and %s",
						position, r.Size, line, proof)
				})
			})
		},
	}
	c.Flags().StringVar(&out, "out", "", a.say("写入目录 `DIR`（必填）", "write into `DIR` (must be given)"))
	return c
}

// writeReceipt writes both files of a receipt, or none.
func writeReceipt(dir, line, proof string, r *desk.Receipt) error {
	if err := os.MkdirAll(dir, 0o777); err != nil {
		return err
	}
	if err := files.Free(proof); err != nil {
		return err
	}
	if err := files.Create(line, writing(r.Stored)); err != nil {
		return err
	}
	err := files.Create(proof, writing(r.Proof))
	if err != nil {
		_ = os.Remove(line) // the error of the proof is what the user needs
	}
	return err
}

// sealOptions are the flags of seal.
type sealOptions struct {
	request, witness  string
	old               uint64
	isOld             bool
	signWith, signKey string
}

// onFiles reports whether something is done with the directory of seals after the sealing.
func (o *sealOptions) onFiles() bool { return o.request != "" || o.signWith != "" }

// check returns what is wrong with the flags.
func (o *sealOptions) check(cmd *cobra.Command, server string) error {
	o.isOld = cmd.Flags().Changed("old")
	switch {
	case o.onFiles() && server != "":
		return usage(cmd, "--request 和 --sign-with 用本机 DATA/seal 中的文件，不能与 --server 一起用",
			"--request and --sign-with work on the files in DATA/seal and take no --server")
	case o.request == "" && (o.witness != "" || o.isOld):
		return usage(cmd, "--witness 和 --old 须与 --request 一起用", "--witness and --old go with --request")
	case o.witness != "" && o.isOld:
		return usage(cmd, "--witness 与 --old 只能用一个", "--witness and --old exclude each other")
	case (o.signWith == "") != (o.signKey == ""):
		return usage(cmd, "--sign-with 与 --sign-key 须一起用", "--sign-with and --sign-key go together")
	case o.request != "":
		return files.Free(o.request)
	}
	return nil
}
