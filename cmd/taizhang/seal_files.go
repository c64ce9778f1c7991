package main

import (
	"bytes"
	"context"
	"encoding/pem"
	"errors"
	"fmt"
	"io"
	"os/exec"
	"slices"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"github.com/taizhang/taizhang/events"
	"github.com/taizhang/taizhang/events/text"
	"github.com/taizhang/taizhang/services/desk"
	"github.com/taizhang/taizhang/services/files"
	"github.com/taizhang/taizhang/services/logstore"
	"github.com/taizhang/taizhang/services/sealer"
	"github.com/taizhang/taizhang/services/sealing"
)

// seal seals the ledger, at its server or on its files, and does what the flags ask for afterwards.
func (a *app) seal(cmd *cobra.Command, o *sealOptions) (s *desk.Sealed, err error) {
	ctx := cmd.Context()
	a.writes = true
	c, err := a.atServer(ctx, true)
	if err != nil {
		return nil, err
	}
	if c != nil {
		defer c.Close()
		if s, err = c.Seal(ctx); err != nil || !o.onFiles() {
			return s, err
		}
		return s, a.onSeals(ctx, func(d *desk.Local) error { return a.afterSealing(ctx, d.Seals, o) })
	}
	if err := a.mustExist(); err != nil {
		return nil, err
	}
	err = a.open(ctx, false, func(d *desk.Local, _ events.Store) error {
		if s, err = d.Seal(ctx); err != nil {
			return err
		}
		if err := a.askWitnesses(ctx, d.Seals); err != nil {
			return err
		}
		if err := a.afterSealing(ctx, d.Seals, o); err != nil {
			return err
		}
		c, err := d.Checkpoint(ctx) // with what was added meanwhile
		if err == nil {
			s.Checkpoint = *c
		}
		return err
	})
	return s, err
}

// onSeals calls do with the seals of the directory, even while a server has the ledger open.
func (a *app) onSeals(ctx context.Context, do func(*desk.Local) error) error {
	local := *a
	local.cluster = "" // the copy here is enough
	if err := local.mustExist(); err != nil {
		return err
	}
	return local.open(ctx, true, func(d *desk.Local, _ events.Store) error { return do(d) })
}

// askWitnesses asks the witnesses that have an address, and tells the user who did not cosign. The checkpoint stands
// without them.
func (a *app) askWitnesses(ctx context.Context, k *sealing.Keeper) error {
	asked, err := sealer.AskAll(ctx, k, sealer.NewClient())
	for _, w := range asked {
		if w.Err != nil {
			fmt.Fprintln(a.errOut, a.say("提示：见证方 %s 没有见证：%s", "note: the witness %s did not cosign: %s",
				w.Witness, a.message(w.Err)))
		}
	}
	return err
}

// afterSealing writes the request for a witness and adds the signature of the owner.
func (a *app) afterSealing(ctx context.Context, k *sealing.Keeper, o *sealOptions) error {
	if o.signWith != "" {
		spki, err := publicKey(o.signKey)
		if err != nil {
			return err
		}
		if err := k.AddSM2(ctx, spki, func(text []byte) ([]byte, error) {
			return a.signedWith(ctx, o.signWith, text)
		}); err != nil {
			return err
		}
	}
	if o.request == "" {
		return nil
	}
	old, err := o.old, error(nil)
	if !o.isOld {
		old, err = knownTo(k, o.witness)
	}
	if err != nil {
		return err
	}
	r, err := k.Request(ctx, old)
	if err != nil {
		return err
	}
	return files.Create(o.request, writing(string(r.Bytes())))
}

// knownTo returns the size that a witness of the policy knows, or that all of them know for "".
func knownTo(k *sealing.Keeper, name string) (known uint64, err error) {
	policy, err := k.Witnesses()
	if err != nil || policy == nil && name == "" {
		return 0, err
	}
	var sizes []uint64
	if policy != nil {
		for _, w := range policy.Witnesses {
			if name != "" && w.Name != name {
				continue
			}
			size, err := k.Known(w.Key)
			if err != nil {
				return 0, err
			}
			sizes = append(sizes, size)
		}
	}
	switch slices.Sort(sizes); {
	case len(sizes) == 0:
		return 0, text.Errorf(text.NotFound, "policy.txt 中没有见证方 %q", "policy.txt has no witness %q", name).
			Of("witness")
	case sizes[0] != sizes[len(sizes)-1]:
		return 0, text.Errorf(text.Invalid, "各见证方所知的检查点不同，请指明写给哪一方",
			"must be given: the witnesses know different checkpoints").Of("witness")
	}
	return sizes[0], nil
}

// publicKey returns the public key in a PEM file, in DER.
func publicKey(path string) ([]byte, error) {
	content, err := files.ReadSmall(path)
	if err != nil {
		return nil, err
	}
	block, _ := pem.Decode(content)
	if block == nil || block.Type != "PUBLIC KEY" {
		return nil, text.Errorf(text.Invalid,
			"%s 中没有公钥（PEM）；由证书取得公钥的命令见 taizhang help seal",
			"%s has no public key (PEM, PUBLIC KEY); taizhang help seal shows how to take it from a certificate",
			path)
	}
	return block.Bytes, nil
}

// These bound what --sign-with may take: a person may have to type a PIN.
const (
	signWait     = 2 * time.Minute
	signBytesMax = 4 << 10
)

// signedWith runs the command that signs, with a message on its standard input, and returns its standard output.
func (a *app) signedWith(ctx context.Context, command string, message []byte) ([]byte, error) {
	ctx, cancel := context.WithTimeout(ctx, signWait)
	defer cancel()
	c := exec.CommandContext(ctx, "/bin/sh", "-c", command)
	c.Stdin, c.Stderr, c.WaitDelay = bytes.NewReader(message), a.errOut, time.Second
	out, err := c.StdoutPipe()
	if err == nil {
		err = c.Start()
	}
	if err != nil {
		return nil, a.notSigned(command, err)
	}
	der, err := io.ReadAll(io.LimitReader(out, signBytesMax+1))
	if len(der) > signBytesMax {
		cancel()
	}
	if err = errors.Join(err, c.Wait()); err != nil {
		if errors.Is(ctx.Err(), context.DeadlineExceeded) {
			err = text.Errorf(text.Unavailable, "%d 秒内没有签名", "no signature within %d seconds",
				int(signWait.Seconds()))
		}
		return nil, a.notSigned(command, err)
	}
	return der, nil
}

func (a *app) notSigned(command string, err error) error {
	why := text.Of(err)
	var ended *exec.ExitError
	switch {
	case errors.As(err, &ended) && ended.Exited():
		why.Zh = fmt.Sprintf("退出码 %d", ended.ExitCode())
	case errors.As(err, &ended):
		why.Zh = "命令被中止"
	}
	return text.Errorf(text.Unavailable, "命令 %q 没有签名：%s；检查点已签出，可再运行一次",
		"the command %q did not sign: %s; the checkpoint itself is made, run this again", command, why)
}

func (a *app) sealInitCommand() *cobra.Command {
	var after, afterKey string
	c := &cobra.Command{
		Use: "init ORIGIN", Args: exactly(1), Annotations: onFiles,
		Short: a.say("开始封存：选定封存标识，生成台账私钥，首次封存",
			"begin sealing: choose the origin, make the ledger's key, seal for the first time"),
		Long: a.say(`开始封存。封存标识为 taizhang.名称/起始年份，如 taizhang.zj/2026，记入台账，此后不变。
台账私钥写入 DATA/seal/log.key，仅本人可读；请另存一份于他处：备份不含私钥，没有它就不能再封存。
标准输出是台账公钥，请交给审计方和见证方。DATA/seal/policy.txt 是向审计方提议的见证方，由本单位编辑。
须先停止台账的服务。

台账短于或不同于已有的检查点（例如恢复了旧备份），或私钥遗失时，用 --after 给出原标识的最后一个检查点，换用新标识继续；
台账会记下所接的检查点，原标识下多出的记录在核验时逐段列出。原来的文件移到 DATA/seal/earlier 之下。`,
			`Begin sealing. The origin is taizhang.NAME/FIRST-YEAR, such as taizhang.zj/2026. It is recorded in the ledger and stays.
The ledger's private key goes to DATA/seal/log.key, for its owner alone. Keep a copy elsewhere: a backup does not have it, and without
it nothing is sealed any more. Standard output has the ledger's public key: give it to auditors and witnesses. DATA/seal/policy.txt is
whom you propose to auditors as witnesses; edit it.
Stop the server of the ledger first.

If the ledger is shorter than a checkpoint or another one, such as after an old backup was restored, or if the key is lost, it goes on under
a new origin: name the last checkpoint of the old one with --after. The ledger records it, and whoever verifies the ledger sees which
records of the old origin are gone. The old files move to DATA/seal/earlier.`),
		RunE: func(cmd *cobra.Command, args []string) error {
			b := sealing.Beginning{Origin: args[0], AfterKey: strings.TrimSpace(afterKey)}
			if after != "" {
				content, err := files.ReadSmall(after)
				if err != nil {
					return err
				}
				b.After = content
			}
			if err := a.mustExist(); err != nil {
				return err
			}
			a.writes = true
			err := a.open(cmd.Context(), false, func(d *desk.Local, _ events.Store) error {
				if _, err := d.Seals.Begin(cmd.Context(), b); err != nil {
					return err
				}
				c, err := d.Checkpoint(cmd.Context())
				if err != nil {
					return err
				}
				return a.answer(c, c.Table, func() {
					fmt.Fprintln(a.out, c.Key)
					fmt.Fprintln(a.errOut, a.say("已在标识 %[1]s 下封存 %[2]d 条记录。"+
						"上面一行是台账公钥，请交给审计方和见证方。\n请把 %[3]s 另存一份于他处：备份不含私钥。见证方写在 %[4]s。",
						"%[2]d records are sealed under %[1]s. The line above is the ledger's public key: give it "+
							"to auditors and witnesses.\nKeep a copy of %[3]s elsewhere: a backup does not have it. "+
							"Name your witnesses in %[4]s.", c.Origin, c.Size, d.Seals.KeyPath(),
						d.Seals.PolicyPath()))
				})
			})
			var locked *logstore.LockedError
			if errors.As(err, &locked) {
				return text.Errorf(text.Conflict, "%s；请先停止它", "%s; stop it first",
					a.message(a.inUse(cmd.Context(), err)))
			}
			return err
		},
	}
	c.Flags().StringVar(&after, "after", "",
		a.say("原标识的最后一个检查点 `FILE`，由新标识接续",
			"`FILE` with the last checkpoint of the old origin, which the new one continues"))
	c.Flags().StringVar(&afterKey, "after-key", "",
		a.say("原标识的台账公钥 `VKEY`；台账中有记录的不必给出",
			"the ledger's public key `VKEY` under the old origin, if the ledger does not record it"))
	return c
}

func (a *app) sealAddCommand() *cobra.Command {
	return &cobra.Command{
		Use: "add FILE...", Args: between(1, 1000), Annotations: onFiles,
		Short: a.say("加入见证（.cosig）和时间戳（.tsr），逐一核对",
			"add cosignatures (.cosig) and time stamps (.tsr), each checked"),
		Long: a.say(`加入见证方的见证（.cosig）和时间戳机构的时间戳（.tsr）。全部核对无误后才写入：见证须由 policy.txt 中的见证方签名，时间戳须是对
DATA/seal/checkpoints 中某个文件原样申请的，其中的时间不得早于检查点的末条记录，也不得晚于现在。例如：
     openssl ts -query -data DATA/seal/checkpoints/1503 -sha256 -cert -out 1503.tsq`,
			`Add cosignatures of witnesses (.cosig) and time stamps of an authority (.tsr). Nothing is written unless all are right: a cosignature must
be of a witness in policy.txt, and a time stamp of a file in DATA/seal/checkpoints as it is; neither may be of a time before the last record
of the checkpoint, nor of one still to come. A stamp is asked for by, for example:
     openssl ts -query -data DATA/seal/checkpoints/1503 -sha256 -cert -out 1503.tsq`),
		RunE: func(cmd *cobra.Command, args []string) error {
			var list []sealing.File
			for _, path := range args {
				content, err := files.ReadSmall(path)
				if err != nil {
					return err
				}
				list = append(list, sealing.File{Name: path, Content: content})
			}
			return a.onSeals(cmd.Context(), func(d *desk.Local) error {
				added, err := d.Seals.Add(cmd.Context(), list)
				if err != nil {
					return err
				}
				c, err := d.Checkpoint(cmd.Context())
				if err != nil {
					return err
				}
				return a.answer(c, c.Table, func() { a.tellAdded(added) })
			})
		},
	}
}

// tellAdded prints what was added, for people.
func (a *app) tellAdded(added []sealing.Added) {
	for _, one := range added {
		at := one.At.In(events.Shanghai).Format(time.RFC3339)
		switch {
		case !one.New:
			a.print("%s：已有，未变", "%s: is there already", one.File)
		case one.Kind == sealing.TimestampEnd:
			a.print("%s：%d 条记录的检查点的时间戳，%s；签发机构未核对",
				"%s: a time stamp of the checkpoint of %d records, %s; the authority was not checked", one.File,
				one.Size, at)
		default:
			a.print("%s：%s 于 %s 见证 %d 条记录的检查点",
				"%[1]s: %[2]s cosigned the checkpoint of %[4]d records at %[3]s", one.File, one.By, at, one.Size)
		}
	}
}

func (a *app) sealKeyCommand() *cobra.Command {
	restore := &cobra.Command{
		Use: "restore FILE", Args: exactly(1), Annotations: onFiles,
		Short: a.say("放回台账私钥（恢复备份之后）",
			"put the ledger's private key back, after a backup was restored"),
		RunE: func(cmd *cobra.Command, args []string) error {
			content, err := files.ReadSmall(args[0])
			if err != nil {
				return err
			}
			return a.onSeals(cmd.Context(), func(d *desk.Local) error {
				if err := d.Seals.RestoreKey(cmd.Context(), args[0], content); err != nil {
					return err
				}
				c, err := d.Checkpoint(cmd.Context())
				if text.CodeOf(err) == text.NotFound { // its file was not restored; the next sealing signs it again
					c, err = &desk.Checkpoint{Cosigners: []desk.Cosigner{}, Position: d.Position()}, nil
				}
				if err != nil {
					return err
				}
				return a.answer(c, c.Table, func() {
					a.print("私钥在 %s，可以封存", "the key is in %s, and the ledger can be sealed",
						d.Seals.KeyPath())
				})
			})
		},
	}
	return a.group("key", "台账私钥", "the ledger's private key", restore)
}
