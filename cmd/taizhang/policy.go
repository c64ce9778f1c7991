package main

import (
	"errors"
	"os"
	"strings"

	"github.com/spf13/cobra"

	"github.com/taizhang/taizhang/events/text"
	"github.com/taizhang/taizhang/services/desk"
)

// builtinName names the policy of the program itself.
const builtinName = "builtin"

func (a *app) policyCommand() *cobra.Command {
	return a.group("policy", "办法参数：查看、检查、比较、采用", "the Measures as data: show, check, compare, adopt",
		&cobra.Command{
			Use: "show [POLICY]", Args: between(0, 1),
			Short: a.say("查看施行中的（或以 ID@版本、文件指定的，或内置（builtin）的）办法参数",
				"show the policy in force (or ID@VERSION, a file, builtin)"),
			RunE: func(cmd *cobra.Command, args []string) error { return a.showPolicy(cmd, args) },
		},
		undated(&cobra.Command{
			Use: "check FILE", Args: exactly(1), Annotations: onFiles,
			Short: a.say("检查办法参数文件", "check a file of a policy"),
			RunE: func(_ *cobra.Command, args []string) error {
				p, err := a.parsePolicy(args[0])
				if err != nil {
					return err
				}
				if a.output != tableOutput {
					return a.writeProblems(args[0], nil)
				}
				a.print("%s 可以采用：%s，%v 起施行，校验值 %s", "%s can be adopted: %s, effective from %v, digest %s",
					args[0], p.Name(), p.EffectiveFrom, p.Digest())
				return nil
			},
		}),
		&cobra.Command{
			Use: "diff A B", Args: exactly(2), Annotations: onFiles,
			Short: a.say("比较两份办法参数：文件、ID@版本，或内置（builtin）的",
				"compare two policies: files, ID@VERSION or builtin"),
			RunE: func(cmd *cobra.Command, args []string) error {
				before, err := a.findPolicy(cmd, args[0])
				if err != nil {
					return err
				}
				after, err := a.findPolicy(cmd, args[1])
				if err != nil {
					return err
				}
				return a.write(desk.ComparePolicies(before, after))
			},
		},
		undated(&cobra.Command{
			Use: "adopt FILE", Args: exactly(1),
			Short: a.say("把办法参数采用到台账", "adopt a policy into the ledger"),
			RunE: func(cmd *cobra.Command, args []string) error {
				p, err := a.parsePolicy(args[0])
				if err != nil {
					return err
				}
				d, err := p.Adoption()
				if err != nil {
					return err
				}
				if a.server != "" {
					d.By = desk.DraftBy{} // the account adopts it, under its own name
				}
				return a.record(cmd, d)
			},
		}))
}

// parsePolicy reads a policy from a file and prints every problem with its line.
func (a *app) parsePolicy(path string) (desk.Policy, error) {
	content, err := readFile(path, desk.PolicyBytesMax)
	if err != nil {
		return desk.Policy{}, err
	}
	p, problems := desk.ParsePolicy(content)
	if len(problems) == 0 {
		return p, nil
	}
	return p, errors.Join(a.writeProblems(path, problems), errAnswered)
}

// writeProblems writes the errors in a policy. For programs an empty list means that there are none.
func (a *app) writeProblems(path string, problems []desk.PolicyProblem) error {
	if a.output == jsonOutput {
		return a.writeObject(problems)
	}
	return a.write(desk.ProblemsTable(path, problems, a.lang))
}

// findPolicy finds a policy by the word builtin, the path of a file, or ID@VERSION of the ledger.
func (a *app) findPolicy(cmd *cobra.Command, name string) (found desk.Policy, err error) {
	if name == builtinName {
		return desk.BuiltinPolicy(), nil
	}
	if _, err := os.Stat(name); err == nil {
		return a.parsePolicy(name)
	}
	if !strings.Contains(name, "@") {
		return found, text.Errorf(text.NotFound, "没有文件 %s；台账中的办法参数以 ID@版本 指定",
			"there is no file %s; name a policy of the ledger as ID@VERSION", name)
	}
	read := a.read
	if isOnFiles(cmd) {
		read = a.readFiles
	}
	err = read(cmd.Context(), func(d desk.Reader) error {
		all, err := d.Policies(cmd.Context(), a.when())
		if err == nil {
			found, err = all.Find(name)
		}
		return err
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
	return a.read(cmd.Context(), func(d desk.Reader) error {
		all, err := d.Policies(cmd.Context(), a.when())
		if err != nil {
			return err
		}
		if a.output == tableOutput {
			for _, p := range all.Adopted {
				a.print("已采用 %s，%v 起施行", "adopted %s, effective from %v", p.Name(), p.EffectiveFrom)
			}
		}
		p, err := all.Current()
		if err != nil {
			return err
		}
		return a.writePolicy(p)
	})
}

// writePolicy writes the parameters with their articles and words. In JSON it writes the text of the policy.
func (a *app) writePolicy(p desk.Policy) error {
	if a.output == jsonOutput {
		_, err := a.out.Write(p.Text())
		return err
	}
	t, err := p.Table()
	if err != nil {
		return err
	}
	return a.write(t)
}
