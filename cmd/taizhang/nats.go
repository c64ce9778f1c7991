package main

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/nats-io/nkeys"
	"github.com/spf13/cobra"

	"github.com/taizhang/taizhang/events/text"
	"github.com/taizhang/taizhang/services/access"
	"github.com/taizhang/taizhang/services/alertfeed"
	"github.com/taizhang/taizhang/services/files"
	"github.com/taizhang/taizhang/services/lists"
)

func (a *app) natsCommand() *cobra.Command {
	user := a.group("user", "NATS 用户：哪些程序可以接收预警", "users of NATS: the programs that may read the alerts")
	list := &cobra.Command{
		Use: "list", Args: exactly(0),
		Short: a.say("列出 NATS 用户", "list the users of NATS"),
		RunE: func(cmd *cobra.Command, _ []string) error {
			return a.office(cmd.Context(), func(o access.AccountDesk) error {
				list, err := o.NATSUsers(cmd.Context())
				if err != nil {
					return err
				}
				return a.answer(list, list.Table, func() { _ = a.writePeople(list.Table()) })
			})
		},
	}
	revoke := &cobra.Command{
		Use: "revoke NAME", Args: exactly(1),
		Short: a.say("注销 NATS 用户，并断开其连接", "revoke a user of NATS, and disconnect it"),
		RunE: func(cmd *cobra.Command, args []string) error {
			return a.office(cmd.Context(), func(o access.AccountDesk) error {
				u, err := o.RevokeNATSUser(cmd.Context(), args[0])
				if err != nil {
					return err
				}
				return a.writeNATSUser(u,
					func() { a.print("NATS 用户 %s 已注销", "the NATS user %s is revoked", u.Name) })
			})
		},
	}
	user.AddCommand(a.natsUserAddCommand(), list, revoke)
	return a.group("nats", "NATS：程序通过它接收预警", "NATS, over which programs read the alerts", user,
		a.natsConfigCommand())
}

func (a *app) natsUserAddCommand() *cobra.Command {
	var r access.NewNATSUser
	var file string
	c := &cobra.Command{
		Use: "add NAME", Args: exactly(1),
		Short: a.say("允许一个程序接收预警，并为其生成密钥", "let a program read the alerts, with a new key"),
		Long: a.say(`允许一个程序通过 NATS 接收预警。密钥的种子写入 --nkey 所指的文件（权限 0600，不覆盖已有文件），
只有公钥送交台账。未给出筛选条件的，接收全部预警。
同名用户由新的密钥和筛选条件取代，原密钥即不能再用。`,
			`Let a program read the alerts over NATS. The seed of its key is written to the file of --nkey (mode 0600, never over
another file); only the public key is sent to the ledger. Without a filter it gets all alerts.
A user of the same name is replaced by the new key and filter, and the old key is no longer valid.`),
		RunE: func(cmd *cobra.Command, args []string) error {
			if file == "" {
				return usage(cmd, "缺少 --nkey：存放密钥种子的文件",
					"--nkey is missing: the file for the seed of the key")
			}
			r.Name = args[0]
			readSeverities(r.Filter.Severities)
			return a.addNATSUser(cmd, r, file)
		},
	}
	f := c.Flags()
	f.StringVar(&file, "nkey", "",
		a.say("存放密钥种子的新文件 `FILE`（必填）", "new `FILE` for the seed of the key (must be given)"))
	f.StringArrayVar(&r.Filter.Severities, "severity", nil,
		a.say("只接收该级别 `LEVEL` 的：红、黄或蓝；可多次给出",
			"only alerts of `LEVEL`: red, yellow or blue; may be given several times"))
	f.StringArrayVar(&r.Filter.Families, "family", nil,
		a.say("只接收该编号类别 `FAMILY` 的，例如 EXE；可多次给出",
			"only alerts whose code is of `FAMILY`, such as EXE; may be given several times"))
	f.StringArrayVar(&r.Filter.Centers, "center", nil,
		a.say("只接收该中心 `ID` 的；可多次给出", "only alerts of the center `ID`; may be given several times"))
	f.BoolVar(&r.Filter.Checkpoints, "checkpoints", false,
		a.say("另接收台账的检查点", "also the signed checkpoints of the ledger"))
	return c
}

// addNATSUser adds a user with a new key. If the server refuses the user or the outcome is unknown, it removes the
// file with the seed: repeating the command replaces the key.
func (a *app) addNATSUser(cmd *cobra.Command, r access.NewNATSUser, file string) (err error) {
	if r.Key, err = newSeed(file, "nkey"); err != nil {
		return err
	}
	added := false
	defer func() {
		if !added {
			err = errors.Join(err, os.Remove(file))
		}
	}()
	return a.ledgerOffice(cmd.Context(), func(o access.AccountDesk) error {
		u, err := o.AddNATSUser(cmd.Context(), r)
		if err != nil {
			return err
		}
		added = true
		return a.writeNATSUser(u, func() {
			a.print("%s：%s", "%s: %s", u.Name, a.filterWords(&u.Filter))
			a.print("  密钥的种子在 %s，须保密", "  the seed of its key is in %s; keep it secret", file)
			at := ""
			if u.Server != "" && u.Server != usualNATS {
				at = "--nats " + shellWord(u.Server) + " "
			}
			a.print("  接收：taizhang alerts watch %s--nkey %s --durable %s",
				"  read with: taizhang alerts watch %s--nkey %s --durable %s", at, shellWord(file), u.Name)
		})
	})
}

func (a *app) natsConfigCommand() *cobra.Command {
	var key string
	c := &cobra.Command{
		Use: "config", Args: exactly(0),
		Short: a.say("输出另处的 NATS 服务器所需的账号和权限配置",
			"print the accounts and rights for a NATS server elsewhere"),
		Long: a.say(`输出另处的 NATS 服务器（或集群中每一台）所需的配置：发布者和每个 NATS 用户的账号和权限。标准输出只有配置本身：
  taizhang nats config --nats-nkey publisher.nk > accounts.conf
该文件由服务器的配置引用。每次添加或注销用户后再输出一次，并重新加载服务器两次，之后才生效。
配置中只有公钥，没有机密。`,
			`Print the configuration for a NATS server elsewhere, or for each of a cluster: the accounts and rights of the publisher
and of each user of NATS. Standard output has the configuration alone:
  taizhang nats config --nats-nkey publisher.nk > accounts.conf
The configuration of the server includes this file (see deploy/nats). After a user is added or revoked print it again, and
reload the server twice; it takes effect then. It has public keys alone, and no secret.`),
		RunE: func(cmd *cobra.Command, _ []string) error {
			given := slices.DeleteFunc([]string{"nats-nkey", "new-nkey", "publisher"},
				func(flag string) bool { return !cmd.Flags().Changed(flag) })
			if len(given) != 1 {
				return usage(cmd, "须给出 --nats-nkey、--new-nkey 或 --publisher 之一：发布者的密钥",
					"give one of --nats-nkey, --new-nkey and --publisher: the key of the publisher")
			}
			return a.office(cmd.Context(), func(o access.AccountDesk) error {
				users, err := o.NATSUsers(cmd.Context())
				if err != nil {
					return err
				}
				return a.printNATSConfiguration(given[0], key, users)
			})
		},
	}
	f := c.Flags()
	f.StringVar(&key, "nats-nkey", "", a.say("发布者密钥种子的文件 `FILE`，与提供服务时的 --nats-nkey 相同",
		"`FILE` with the seed of the publisher, the --nats-nkey of serve"))
	f.StringVar(&key, "new-nkey", "", a.say("为发布者生成新的密钥，种子写入新文件 `FILE`（权限 0600）",
		"make a new key for the publisher, with its seed in the new `FILE` (mode 0600)"))
	f.StringVar(&key, "publisher", "", a.say("或只给出发布者的公钥 `KEY`（U 开头）",
		"or the public key of the publisher alone: `KEY`, which begins with U"))
	return c
}

// printNATSConfiguration prints the configuration for a server elsewhere. given is the flag that names the publisher,
// and value its value. It removes the file of a new key unless the configuration with it was printed.
func (a *app) printNATSConfiguration(given, value string, users access.NATSUsers) (err error) {
	publisher := value
	switch given {
	case "nats-nkey":
		publisher, err = alertfeed.PublicKey(value)
	case "new-nkey":
		if publisher, err = newSeed(value, given); err == nil {
			defer func() {
				if err != nil {
					err = errors.Join(err, os.Remove(value))
				}
			}()
		}
	}
	if err != nil {
		return err
	}
	configuration, err := alertfeed.Configuration(publisher, users)
	if bad, ok := errors.AsType[*text.Error](err); ok {
		return bad.Of(given)
	}
	if err != nil {
		return err
	}
	_, err = fmt.Fprint(a.out, configuration)
	return err
}

// usualNATS is the server to which alerts watch connects if no other is named.
const usualNATS = "nats://127.0.0.1:4222"

// writeNATSUser writes a user after a change. Changes that the NATS server does not have yet go to standard error.
func (a *app) writeNATSUser(u *access.NATSUser, people func()) error {
	for _, w := range u.Warnings {
		fmt.Fprintln(a.errOut, a.say("提示：%s", "note: %s", w.In(a.lang)))
	}
	err := a.answer(u, u.Table, people)
	if u.Configuration == "" || a.output == jsonOutput { // JSON output has the configuration already
		return err
	}
	to := a.out
	if a.output == csvOutput {
		to = a.errOut
	}
	fmt.Fprintln(to, a.say("请把以下内容写入 NATS 服务器的配置，并重新加载两次，之后才生效：",
		"Put this into the configuration of the NATS server and reload it twice; it takes effect then:"))
	fmt.Fprint(to, u.Configuration)
	return err
}

// readSeverities puts the codes in place of the words that were typed for them. A text that is neither stays, and is
// refused later.
func readSeverities(list []string) {
	for i, typed := range list {
		if code, ok := lists.Severities.Read(typed); ok {
			list[i] = string(code)
		}
	}
}

// filterWords describes the alerts that a user gets.
func (a *app) filterWords(f *access.NATSFilter) string {
	var parts []string
	for _, list := range []string{f.SeverityWords().In(a.lang), strings.Join(f.Families, a.say("、", ", ")),
		strings.Join(f.Centers, a.say("、", ", "))} {
		if list != "" {
			parts = append(parts, list)
		}
	}
	if len(parts) == 0 {
		parts = []string{a.say("全部预警", "all alerts")}
	}
	if f.Checkpoints {
		parts = append(parts, a.say("另有检查点", "and checkpoints"))
	}
	return strings.Join(parts, a.say("；", "; "))
}

// newSeed writes the seed of a new key to a new file, durably and for its owner alone, and returns the public key. An
// error names the flag of the file.
func newSeed(file, flag string) (public string, err error) {
	pair, err := nkeys.CreateUser()
	if err != nil {
		return "", err
	}
	defer pair.Wipe()
	if public, err = pair.PublicKey(); err != nil {
		return "", err
	}
	seed, err := pair.Seed()
	if err != nil {
		return "", err
	}
	to, err := os.OpenFile(file, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o600)
	if errors.Is(err, fs.ErrExist) {
		return "", text.Errorf(text.Conflict, "文件 %s 已存在，不会覆盖；请另选文件名",
			"the file %s is there and is not overwritten; choose another one", file).Of(flag)
	}
	if errors.Is(err, fs.ErrNotExist) {
		return "", text.Errorf(text.NotFound, "没有目录 %s", "there is no directory %s", filepath.Dir(file)).Of(flag)
	}
	if err != nil {
		return "", err
	}
	_, err = to.Write(append(seed, '\n'))
	if err = errors.Join(err, to.Sync(), to.Close()); err != nil {
		return "", errors.Join(err, os.Remove(file))
	}
	if err := files.SyncDir(filepath.Dir(file)); err != nil {
		return "", errors.Join(err, os.Remove(file))
	}
	return public, nil
}

// shellWord returns a word quoted for a shell.
func shellWord(s string) string {
	if s != "" && strings.Trim(s, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_-./:,") == "" {
		return s
	}
	return "'" + strings.ReplaceAll(s, "'", `'\''`) + "'"
}
