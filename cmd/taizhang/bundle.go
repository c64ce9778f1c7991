package main

import (
	"context"
	"errors"
	"io"
	"os"
	"path/filepath"
	"strings"

	"github.com/spf13/cobra"

	"github.com/taizhang/taizhang/events"
	"github.com/taizhang/taizhang/events/text"
	"github.com/taizhang/taizhang/services/bundle"
	"github.com/taizhang/taizhang/services/desk"
	"github.com/taizhang/taizhang/services/files"
	"github.com/taizhang/taizhang/services/lists"
	"github.com/taizhang/taizhang/services/seal"
	"github.com/taizhang/taizhang/services/table"
)

// bundleOptions are the flags of the verb bundle.
type bundleOptions struct {
	out     string
	center  string
	figures []string
}

func (a *app) bundleCommand() *cobra.Command {
	var o bundleOptions
	c := &cobra.Command{
		Use: "bundle --out FILE.zip [--center ID] [--figures REPORT]...", Args: cobra.ArbitraryArgs,
		Annotations: onFiles,
		Short: a.say("写出证据包：全部记录（或一个中心的记录）、检查点和报表，审计人员可离线核验",
			"write a bundle of all records (or those of one center), checkpoints and reports, which an auditor "+
				"checks offline"),
		Long: a.say(`写出证据包：一个压缩文件，审计人员用 taizhang-verify 离线核验，不需要相信本台账。
其中有全部记录、各次检查点连同见证、时间戳、所附的报表，以及说明（README.txt）。先用 taizhang seal 封存，并取得见证。

--figures 附上报表（.xlsx、.csv 或 .html，即 --out 写出的文件），可以有多份。每份先按 taizhang reproduce 核对，
不一致的不放入；报表的台账位置须在最新检查点之内，否则先封存。两份报表不能同名。

--center 只写一个中心的记录，连同办法参数和封存记录，每条都附回执，不含其他中心的记录；报表也只能是该中心的。
最新检查点之后的记录没有回执，不写入。

内容相同则文件逐字节相同。可在服务运行时使用。文件写完并存入磁盘后才出现，不覆盖已有的文件。`,
			`Write a bundle: one zip file that an auditor checks offline with taizhang-verify or verify.py, without
trusting this ledger. It has all records, every checkpoint with its cosignatures, time stamps, the reports given, and
README.txt, which says how to check it. Seal the ledger first with taizhang seal, and have the checkpoint cosigned.

--figures adds reports (.xlsx, .csv or .html, as --out writes them). Each is first compared as by taizhang reproduce,
and one that is not equal is refused. The newest checkpoint must cover its position: seal first if it does not. Two
reports of one name are refused.

--center writes the records of one center, with those of the policies and of sealing, each with its receipt, and none
of other centers. Its reports must be about that center. Records after the newest checkpoint have no receipt and are
left out.

The same contents give the same bytes. A server may be running. The file appears when it is complete and on disk, and
no file is overwritten.`),
		RunE: func(cmd *cobra.Command, args []string) error {
			switch {
			case o.out == "":
				return usage(cmd, "须用 --out 指定要写的文件", "--out must name the file to write")
			case strings.ToLower(filepath.Ext(o.out)) != ".zip":
				return usage(cmd, "--out 应为 .zip 文件，不能是 %q", "--out must name a .zip file, not %q", o.out)
			case len(args) > 0 && len(o.figures) == 0:
				return usage(cmd, "多余的参数 %q；报表用 --figures 指定",
					"unexpected argument %q; --figures names reports", args[0])
			}
			o.figures = append(o.figures, args...)
			if err := a.mustExist(); err != nil {
				return err
			}
			if err := a.bringUpToDate(cmd.Context()); err != nil {
				return err
			}
			if err := files.Free(o.out); err != nil {
				return err
			}
			return a.open(cmd.Context(), true, func(d *desk.Local, store events.Store) error {
				return a.bundle(cmd.Context(), d, store, &o)
			})
		},
	}
	c.Flags().StringVar(&o.out, "out", "", a.say("写到 `FILE.zip`", "write to `FILE.zip`"))
	c.Flags().StringVar(&o.center, "center", "", a.say("只写中心 `ID` 的记录", "only the records of center `ID`"))
	c.Flags().StringArrayVar(&o.figures, "figures", nil,
		a.say("附上报表 `FILE`，可重复", "add the report `FILE`; may be repeated"))
	return c
}

// bundle writes a bundle of an open ledger.
func (a *app) bundle(ctx context.Context, d *desk.Local, store seal.Reader, o *bundleOptions) error {
	var err error
	s := bundle.Sealed{Ledger: store, Position: d.Position()}
	if s.Checkpoints, err = d.Seals.All(); err != nil {
		return err
	}
	if len(s.Checkpoints) == 0 {
		return text.Errorf(text.NotFound, "还没有检查点；先运行 taizhang seal",
			"there is no checkpoint yet; run taizhang seal first")
	}
	newest := s.Checkpoints[len(s.Checkpoints)-1]
	made := desk.Bundled{Path: o.out, Checkpoint: newest.Size, Reports: len(o.figures)}
	var c bundle.Contents
	if o.center == "" {
		c, made.Records = s.Whole(ctx), s.Position
		made.Unsealed = s.Position - min(s.Position, newest.Size)
	} else {
		id := events.ParseCenter(o.center)
		if !d.Ledger.Register().Knows(id) {
			return lists.UnknownCenter(id)
		}
		if c, made.Records, made.Unsealed, err = s.OfCenter(ctx, id); err != nil {
			return err
		}
		made.Center = id
	}
	figures, close, err := a.figuresFor(ctx, d, o.figures, made.Center, newest.Size)
	defer close()
	if err != nil {
		return err
	}
	c.Figures = figures
	if c.Policy, err = d.Seals.Policy(); err != nil {
		return err
	}
	stamps, err := d.Seals.Timestamps()
	if err != nil {
		return err
	}
	for _, t := range stamps {
		c.Timestamps = append(c.Timestamps,
			bundle.Timestamp{Size: t.Size, N: uint64(t.N), Token: t.Token, Note: t.Note})
	}
	c.VerifyPy = bundle.VerifyPy
	if err := files.Create(o.out, func(to io.Writer) error { return bundle.Write(ctx, to, c) }); err != nil {
		return err
	}
	info, err := os.Stat(o.out)
	if err != nil {
		return err
	}
	made.Bytes = info.Size()
	return a.answer(&made, made.Table, func() { a.tellBundled(&made) })
}

// figuresFor opens reports and compares each with the ledger. The caller calls close at the end, also after an error.
func (a *app) figuresFor(ctx context.Context, d *desk.Local, paths []string, center events.CenterID, size uint64) (
	list []bundle.Figure, close func(), err error) {
	var opened []io.Closer
	close = func() {
		for _, f := range opened {
			_ = f.Close() // it was only read
		}
	}
	for _, path := range paths {
		f, bytes, err := files.Open(path)
		if err != nil {
			return nil, close, err
		}
		opened = append(opened, f)
		name := filepath.Base(path)
		if bytes > bundle.FigureBytesMax {
			return nil, close, text.Errorf(text.Invalid, "%s 超过 %d 字节的上限",
				"%s is over the limit of %d bytes", name, bundle.FigureBytesMax)
		}
		r, err := d.Reproduce(ctx, desk.Upload{Name: path, Content: f, Bytes: bytes})
		switch {
		case err != nil:
			return nil, close, aboutReport(path, err)
		case !r.Equal:
			if err := a.answer(r, func() *table.Table { return r.Table(a.lang) },
				func() { a.tellReproduced(r) }); err != nil {
				return nil, close, err
			}
			return nil, close, errAnswered
		case !r.Exact:
			return nil, close, text.Errorf(text.Invalid,
				"%s 的各格都与台账相符，但文件不是本程序写出的原样（被别的程序保存过），核验时不予采信；"+
					"请重新写出这份报表",
				"the cells of %s are right, but the file is not as this program wrote it: another program saved it, "+
					"and a verifier would refuse it; write the report anew", name)
		case r.Position > size:
			return nil, close, text.Errorf(text.Conflict,
				"%[1]s 写于位置 %[2]d，最新检查点只到 %[3]d，核验时不能证明；先运行 taizhang seal "+
					"并取得见证，再写证据包",
				"%[1]s was written at position %[2]d and the newest checkpoint is of %[3]d, so no checkpoint would "+
					"cover it; run taizhang seal, have the checkpoint cosigned, then write the bundle", name,
				r.Position, size)
		case center != "" && r.Center() != center:
			return nil, close, text.Errorf(text.Invalid,
				"%s 不只涉及中心 %s，不能由该中心的记录重算；请附该中心的报表，或写全部记录的证据包",
				"%s is not about the center %s alone and cannot be computed from its records; add reports about that "+
					"center, or write a bundle of all records", name, center)
		}
		list = append(list, bundle.Figure{Name: name, Content: f, Bytes: bytes})
	}
	return list, close, nil
}

// aboutReport returns the error about a report, which names the file: there may be many.
func aboutReport(path string, err error) error {
	var bad *text.Error
	if errors.As(err, &bad) && bad.Place == "" && !strings.Contains(bad.What.En, filepath.Base(path)) {
		return bad.At(path)
	}
	return err
}

// tellBundled says for people what was written.
func (a *app) tellBundled(b *desk.Bundled) {
	if b.Center == "" {
		a.print("%s：%d 条记录，最新检查点到位置 %d，报表 %d 份，%d 字节，已存入磁盘",
			"%s: %d records, newest checkpoint of position %d, reports: %d, %d bytes, on disk", b.Path, b.Records,
			b.Checkpoint, b.Reports, b.Bytes)
	} else {
		a.print("%s：中心 %s 的 %d 条记录，最新检查点到位置 %d，报表 %d 份，%d 字节，已存入磁盘",
			"%s: %[3]d records of center %[2]s, newest checkpoint of position %[4]d, reports: %[5]d, %[6]d bytes, "+
				"on disk", b.Path, b.Center, b.Records, b.Checkpoint, b.Reports, b.Bytes)
	}
	switch {
	case b.Unsealed > 0 && b.Center == "":
		a.print("其中最后 %d 条在最新检查点之后，没有见证；如需证明，先运行 taizhang seal，再写一份",
			"the last of them, after the newest checkpoint, are not witnessed: %d; to prove them, run taizhang "+
				"seal first and write another bundle", b.Unsealed)
	case b.Unsealed > 0:
		a.print("该中心另有 %d 条记录在最新检查点之后，没有写入；如需证明，先运行 taizhang seal，再写一份",
			"records of the center after the newest checkpoint, which were left out: %d; to prove them, run "+
				"taizhang seal first and write another bundle", b.Unsealed)
	}
}
