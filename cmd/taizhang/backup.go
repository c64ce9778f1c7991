package main

import (
	"github.com/spf13/cobra"

	"github.com/taizhang/taizhang/services/logstore"
)

func (a *app) backupCommand() *cobra.Command {
	return &cobra.Command{
		Use: "backup DIR", Args: exactly(1),
		Short: a.say("把台账备份到目录 DIR（可在写入时进行，可续做）", "copy the ledger to the directory DIR, also while it is written; run it again to go on"),
		RunE: func(cmd *cobra.Command, args []string) error {
			if err := a.mustExist(); err != nil {
				return err
			}
			report, err := logstore.Backup(cmd.Context(), a.dir, args[0])
			if err != nil {
				return err
			}
			return a.writeCopied(report, args[0])
		},
	}
}

func (a *app) restoreCommand() *cobra.Command {
	return &cobra.Command{
		Use: "restore DIR", Args: exactly(1),
		Short: a.say("把目录 DIR 中的备份恢复到空的台账目录", "put the backup in the directory DIR back into an empty directory of the ledger"),
		RunE: func(cmd *cobra.Command, args []string) error {
			report, err := logstore.Restore(cmd.Context(), args[0], a.dir)
			if err != nil {
				return err
			}
			return a.writeCopied(report, a.dir)
		},
	}
}

// writeCopied says how far a copy reaches.
func (a *app) writeCopied(r logstore.Report, dir string) error {
	if a.output == tableOutput {
		a.print("%s：%d 条记录，%d 字节，已核对并落盘", "%s: %d records, %d bytes, checked and on disk", dir, r.Records, r.Bytes)
		return nil
	}
	return a.write(&sheet{columns: []column{{name: "dir"}, {name: "records"}, {name: "bytes"}},
		rows: [][]cell{{text(dir), number(r.Records), number(int(r.Bytes))}}})
}
