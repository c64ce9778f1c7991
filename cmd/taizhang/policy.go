package main

import (
	"errors"
	"os"
	"strings"

	"github.com/spf13/cobra"

	"github.com/taizhang/taizhang/aggregates/policy"
	"github.com/taizhang/taizhang/events/text"
	"github.com/taizhang/taizhang/services/ledger"
	"github.com/taizhang/taizhang/services/lists"
	"github.com/taizhang/taizhang/services/table"
)

// builtinName names the policy of the program itself.
const builtinName = "builtin"

func (a *app) policyCommand() *cobra.Command {
	cmd := &cobra.Command{
		Use: "policy", Args: exactly(0),
		Short: a.say("办法参数：查看、检查、比较、采用", "the Measures as data: show, check, compare, adopt"),
		RunE:  func(cmd *cobra.Command, _ []string) error { return cmd.Help() },
	}
	cmd.AddCommand(
		&cobra.Command{
			Use: "show [POLICY]", Args: between(0, 1),
			Short: a.say("查看施行中的（或 ID@版本、文件、builtin 指定的）办法参数", "show the policy in force (or ID@VERSION, a file, builtin)"),
			RunE:  func(cmd *cobra.Command, args []string) error { return a.showPolicy(cmd, args) },
		},
		&cobra.Command{
			Use: "check FILE", Args: exactly(1),
			Short: a.say("检查办法参数文件", "check a file of a policy"),
			RunE: func(_ *cobra.Command, args []string) error {
				p, err := a.parsePolicy(args[0])
				if err != nil {
					return err
				}
				a.print("%s 可以采用：%s，%v 起施行，摘要 %s", "%s can be adopted: %s, effective from %v, digest %s", args[0], lists.PolicyName(p.Ref()), p.EffectiveFrom, p.Digest())
				return nil
			},
		},
		&cobra.Command{
			Use: "diff A B", Args: exactly(2),
			Short: a.say("比较两份办法参数：文件、ID@版本或 builtin", "compare two policies: files, ID@VERSION or builtin"),
			RunE: func(cmd *cobra.Command, args []string) error {
				before, err := a.findPolicy(cmd, args[0])
				if err != nil {
					return err
				}
				after, err := a.findPolicy(cmd, args[1])
				if err != nil {
					return err
				}
				return a.write(diffSheet(before, after))
			},
		},
		&cobra.Command{
			Use: "adopt FILE", Args: exactly(1),
			Short: a.say("把办法参数采用到台账", "adopt a policy into the ledger"),
			RunE: func(cmd *cobra.Command, args []string) error {
				p, err := a.parsePolicy(args[0])
				if err != nil {
					return err
				}
				return a.record(cmd, ledger.Adoption(p))
			},
		})
	return cmd
}

// parsePolicy reads a policy from a file and prints every problem with its line.
func (a *app) parsePolicy(path string) (*policy.Policy, error) {
	content, err := readFile(path, policy.TextBytesMax)
	if err != nil {
		return nil, err
	}
	p, problems := policy.Parse(content)
	if len(problems) == 0 {
		return p, nil
	}
	if a.output == jsonOutput {
		return nil, errors.Join(a.writeObject(problems), errAnswered)
	}
	sh := &table.Table{
		Title:   text.Say("%s 不能采用：", "%s cannot be adopted:", path),
		Columns: []table.Column{{Name: "line", Title: text.Say("行", "line")}, {Name: "field", Title: text.Say("字段", "field")}, {Name: "reason", Title: text.Say("理由", "reason")}},
	}
	for _, problem := range problems {
		sh.Rows = append(sh.Rows, []table.Cell{table.Number(problem.Line), table.Text(problem.Field), table.Text(problem.Reason.In(a.lang))})
	}
	return nil, errors.Join(a.write(sh), errAnswered)
}

// findPolicy finds a policy by what a user may call it.
func (a *app) findPolicy(cmd *cobra.Command, name string) (found *policy.Policy, err error) {
	if name == builtinName {
		return policy.Builtin(), nil
	}
	if _, err := os.Stat(name); err == nil {
		return a.parsePolicy(name)
	}
	id, version, ok := strings.Cut(name, "@")
	if !ok {
		return nil, text.Errorf(text.NotFound, "没有文件 %s；台账中的办法参数以 ID@版本 指定", "there is no file %s; name a policy of the ledger as ID@VERSION", name)
	}
	err = a.read(cmd.Context(), func(s *session) error {
		for _, p := range s.reg.Timeline().Adopted() {
			if p.ID == id && p.Version == version {
				found = p
			}
		}
		if found == nil {
			return text.Errorf(text.NotFound, "台账没有采用过 %s", "the ledger has not adopted %s", name)
		}
		return nil
	})
	return found, err
}

func (a *app) showPolicy(cmd *cobra.Command, args []string) error {
	if len(args) == 1 {
		p, err := a.findPolicy(cmd, args[0])
		if err != nil {
			return err
		}
		return a.writePolicy(p)
	}
	return a.read(cmd.Context(), func(s *session) error {
		timeline := s.reg.Timeline()
		p := timeline.At(s.on)
		if a.output == tableOutput {
			for _, q := range timeline.Adopted() {
				a.print("已采用 %s，%v 起施行", "adopted %s, effective from %v", lists.PolicyName(q.Ref()), q.EffectiveFrom)
			}
		}
		if p == nil {
			return text.Errorf(text.NotFound, "%v 没有施行中的办法参数", "no policy is in force on %v", s.on)
		}
		return a.writePolicy(p)
	})
}

// writePolicy writes the parameters with their articles and words; as JSON the policy as it is.
func (a *app) writePolicy(p *policy.Policy) error {
	if a.output == jsonOutput {
		_, err := a.out.Write(p.Text())
		return err
	}
	rows, err := parametersOf(p)
	if err != nil {
		return err
	}
	return a.write(&table.Table{
		Title: text.Say("%s（%s），%s 起施行\n摘要 %s", "%s (%s), effective from %s\ndigest %s", lists.PolicyName(p.Ref()), p.Source, p.EffectiveFrom, p.Digest()),
		Columns: []table.Column{
			{Name: "parameter", Title: text.Say("参数", "parameter")}, {Name: "value", Title: text.Say("值", "value")},
			{Name: "unit", Title: text.Say("单位", "unit")}, {Name: "article", Title: text.Say("条", "article")},
			{Name: "words", Title: text.Say("原文", "words")}, {Name: "open", Title: text.Say("待定项", "open")},
		},
		Rows: rows,
	})
}

func diffSheet(a, b *policy.Policy) *table.Table {
	sh := &table.Table{
		Title:   text.Say("%s → %s", "%s → %s", lists.PolicyName(a.Ref()), lists.PolicyName(b.Ref())),
		Empty:   text.Say("没有差别。", "There is no difference."),
		Columns: []table.Column{{Name: "path", Title: text.Say("位置", "path")}, {Name: "before", Title: text.Say("原", "before")}, {Name: "after", Title: text.Say("新", "after")}},
	}
	for _, c := range policy.Diff(a, b) {
		sh.Rows = append(sh.Rows, []table.Cell{table.Text(c.Path), table.Text(c.Before), table.Text(c.After)})
	}
	return sh
}
