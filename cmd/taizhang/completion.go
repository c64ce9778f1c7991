package main

import (
	"context"
	"io"
	"slices"
	"strings"
	"time"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"github.com/taizhang/taizhang/events/text"
	"github.com/taizhang/taizhang/services/access"
	"github.com/taizhang/taizhang/services/desk"
	"github.com/taizhang/taizhang/services/lists"
	"github.com/taizhang/taizhang/services/table"
)

// shells are the shells for which there is a script.
var shells = []string{"bash", "zsh", "fish", "powershell"}

func (a *app) completionCommand() *cobra.Command {
	return &cobra.Command{
		Use: "completion bash|zsh|fish|powershell", Args: exactly(1), Annotations: onFiles,
		Short: a.say("生成命令行补全脚本", "write the script that completes command lines"),
		Long: a.say(`生成命令行补全脚本，写到标准输出。补全给出命令、选项，以及种类、角色、口径等词语和台账中的中心。
在当前的 bash 中启用：source <(taizhang completion bash)`,
			`Write the script that completes command lines to standard output. It offers commands, flags, and values: kinds, roles, scopes
and so on, and the centers of the ledger.
For this bash: source <(taizhang completion bash)`),
		RunE: func(cmd *cobra.Command, args []string) error {
			root := cmd.Root()
			switch args[0] {
			case "bash":
				if _, err := io.WriteString(a.out, bashAlone); err != nil {
					return err
				}
				return root.GenBashCompletionV2(a.out, true)
			case "zsh":
				return root.GenZshCompletion(a.out)
			case "fish":
				return root.GenFishCompletion(a.out, true)
			case "powershell":
				return root.GenPowerShellCompletionWithDesc(a.out)
			}
			zh, en := meant(args[0], shells)
			return usage(cmd, "没有 %[1]q 的补全脚本，应为 %[2]s%[3]s",
				"there is no script for %[1]q; it must be one of: %[2]s%[4]s", args[0],
				strings.Join(shells, ", "), zh, en)
		},
	}
}

// bashAlone stands in for what the script of the library takes from the package bash-completion, where that is not
// installed.
const bashAlone = `if ! declare -F _get_comp_words_by_ref >/dev/null; then
  _get_comp_words_by_ref() { words=("${COMP_WORDS[@]}") cword=$COMP_CWORD cur=${COMP_WORDS[COMP_CWORD]} prev=${COMP_WORDS[COMP_CWORD-1]}; }
  __ltrim_colon_completions() { :; }
fi
`

// offer is what completes a value that is being typed: candidates, each with a description after a tab, none for
// nothing.
type offer func(cmd *cobra.Command, args []string, typed string) []string

// completes lets the shell ask what completes the arguments and flags of all verbs. It does so only for a process that
// is such a question: the library keeps every answer for the life of the process.
func (a *app) completes(root *cobra.Command) {
	ask := func(o offer) cobra.CompletionFunc {
		return func(cmd *cobra.Command, args []string, typed string) ([]string, cobra.ShellCompDirective) {
			return o(cmd, args, typed), cobra.ShellCompDirectiveNoFileComp
		}
	}
	files := func(*cobra.Command, []string, string) ([]string, cobra.ShellCompDirective) {
		return nil, cobra.ShellCompDirectiveDefault
	}
	eachCommand(root, func(c *cobra.Command) {
		if !isGroup(c) {
			c.ValidArgsFunction = func(cmd *cobra.Command, args []string, typed string) ([]string,
				cobra.ShellCompDirective) {
				name := argumentAt(cmd, len(args))
				if strings.HasPrefix(name, "FILE") || name == "A" || name == "B" || name == "POLICY" {
					return nil, cobra.ShellCompDirectiveDefault
				}
				return ask(a.argumentOffer(cmd, name))(cmd, args, typed)
			}
		}
		each := func(f *pflag.Flag) {
			f.Usage = a.helpFlag(f)[1] // which the library shows as it is
			by := files
			if o := a.flagOffer(c, f); o != nil {
				by = ask(o)
			}
			_ = c.RegisterFlagCompletionFunc(f.Name, by) // fails if it is registered already, as one of a verb above
		}
		c.LocalFlags().VisitAll(each)
	})
}

// argumentAt returns the name of an argument of a verb, such as KIND, by its place: that of the last one if it is
// repeated.
func argumentAt(c *cobra.Command, place int) string {
	var names []string
	for _, word := range strings.Fields(c.Use)[1:] {
		if strings.HasPrefix(strings.TrimLeft(word, "["), flagPrefix) {
			break
		}
		names = append(names, strings.Trim(word, "[]."))
		if strings.HasSuffix(word, "...") {
			place = min(place, len(names)-1)
		}
	}
	if place >= len(names) {
		return ""
	}
	return names[place]
}

// argumentOffer returns what completes an argument.
func (a *app) argumentOffer(c *cobra.Command, name string) offer {
	isOfCenter := nameOf(c) == "center" || nameOf(c) == "replay"
	switch {
	case name == "CENTER" || name == "ID" && isOfCenter:
		return a.offerCenters
	case name == "CODE":
		return a.offerWords(desk.AlertWords())
	case name == "KEY" || name == "RAISED-ON":
		return a.offerAlerts
	case name == "KIND" && nameOf(c) == "template":
		return a.offerWords(desk.SheetNames())
	case name == "KIND":
		return a.offerWords(desk.DraftKindWords())
	case strings.HasPrefix(name, "bash|"):
		return func(_ *cobra.Command, _ []string, typed string) []string { return beginning(shells, typed) }
	}
	return nothing
}

// flagOffer returns what completes the value of a flag, or nil for a file or anything else.
func (a *app) flagOffer(c *cobra.Command, f *pflag.Flag) offer {
	if l := lists.Find(nameOf(c)); l != nil {
		for _, p := range l.Params {
			if p.Name == f.Name && p.Sort == lists.Order {
				return a.offerOrders(l)
			}
			if p.Name == f.Name && len(p.Values) > 0 {
				return a.offerWords(p.Values)
			}
		}
	}
	switch f.Name {
	case "center":
		return a.offerCenters
	case "role":
		if nameOf(c) == "account add" || nameOf(c) == "account bind" {
			return a.offerWords(access.RoleWords.Strings())
		}
		return a.offerWords(desk.RoleWords())
	case "mode":
		return a.offerWords(desk.ModeWords())
	case "severity":
		return a.offerWords(lists.Severities.Strings())
	case "code":
		return a.offerWords(desk.AlertWords())
	case "kind": // of the access log; that of find is a parameter of a list
		return a.offerWords(access.LogKinds)
	case "may":
		return a.offerWords(access.MayWords)
	case "unit":
		return a.offerWords(table.Units.Strings())
	case "output":
		return a.offerWords(outputs)
	case "lang":
		return a.offerWords(languages)
	}
	if varname, _ := pflag.UnquoteUsage(f); strings.Contains(varname, "FILE") || strings.Contains(varname, "DIR") {
		return nil
	}
	return nothing
}

func nothing(*cobra.Command, []string, string) []string { return nil }

// The words of values that are typed on every command line.
var (
	outputs = text.Vocabulary[string]{
		{Code: tableOutput, Word: text.Say("表格", "table")},
		{Code: csvOutput, Word: text.Say("CSV", "csv")},
		{Code: jsonOutput, Word: text.Say("JSON", "json")},
	}
	languages = text.Vocabulary[string]{
		{Code: "zh", Word: text.Say("中文", "Chinese")},
		{Code: "en", Word: text.Say("英文", "English")},
	}
)

// offerWords completes a value of a vocabulary: the codes for who types them or reads English, else the words. Each
// has the other beside it.
func (a *app) offerWords(words text.Vocabulary[string]) offer {
	return func(_ *cobra.Command, _ []string, typed string) (found []string) {
		for _, w := range words {
			switch word := w.Word.In(a.lang); {
			case strings.HasPrefix(w.Word.Zh, typed) && (a.lang == "zh" || typed != ""):
				found = append(found, described(w.Word.Zh, w.Code))
			case strings.HasPrefix(strings.ToLower(w.Code), strings.ToLower(typed)):
				found = append(found, described(typed+w.Code[len(typed):], word))
			}
		}
		return found
	}
}

// offerOrders completes an order of a list by its columns, which depend on the flags before it.
func (a *app) offerOrders(l *lists.List) offer {
	return func(cmd *cobra.Command, args []string, typed string) []string {
		q := lists.Question{List: l.Name, Params: map[string]string{}}
		for _, p := range l.Params {
			if f := cmd.Flags().Lookup(p.Name); f != nil && f.Changed && p.Sort != lists.Order {
				q.Params[p.Name] = f.Value.String()
			}
		}
		if l.Argument != "" && len(args) > 0 {
			q.Params[l.Argument] = args[0]
		}
		q, err := desk.ReadQuestion(q, a.now())
		if err != nil { // such as a flag that is required and not given yet
			return nil
		}
		orders, err := q.Orders()
		if err != nil {
			return nil
		}
		return a.offerWords(orders)(cmd, args, typed)
	}
}

// described returns a candidate with a description, unless that says the same.
func described(candidate, description string) string {
	if candidate == description {
		return candidate
	}
	return candidate + "\t" + description
}

func beginning(list []string, typed string) (found []string) {
	for _, s := range list {
		if strings.HasPrefix(s, typed) {
			found = append(found, s)
		}
	}
	return found
}

// offeredIn is how long the shell waits for what only the ledger or a server knows. After that it completes nothing.
const offeredIn = time.Second

// offerCenters completes the id of a center of the ledger, in any case, with its name beside it.
func (a *app) offerCenters(cmd *cobra.Command, _ []string, typed string) []string {
	return a.offerRows(cmd, lists.Question{List: "centers"}, typed, "center", "name")
}

// offerAlerts completes the key or the date of an alert that was ever raised, by the arguments before it.
func (a *app) offerAlerts(cmd *cobra.Command, args []string, typed string) []string {
	q := lists.Question{List: "alerts", Params: map[string]string{"all": "true", "code": args[1]}}
	if args[0] != "-" {
		q.Params["center"] = args[0]
	}
	if len(args) == 2 {
		return a.offerRows(cmd, q, typed, "key", "raisedOn")
	}
	return a.offerRows(cmd, q, typed, "raisedOn", "key")
}

// offerRows completes a value of a column of a list, with that of another column beside it. It is silent about all
// that goes wrong, waits for no lock, and gives up after offeredIn.
func (a *app) offerRows(cmd *cobra.Command, q lists.Question, typed, column, beside string) (found []string) {
	if a.prepare(cmd) != nil {
		// which the library has done for the verb that asks, not for the one that is asked about
		return nil
	}
	ctx, cancel := context.WithTimeout(cmd.Context(), offeredIn)
	defer cancel()
	answered := make(chan *table.Table, 1)
	go func() {
		var t *table.Table
		_ = a.glance(ctx, func(d desk.Reader) (err error) { // nothing is offered for an error
			t, err = d.List(ctx, a.when(), q)
			return err
		})
		answered <- t
	}()
	select {
	case <-ctx.Done():
		return nil
	case t := <-answered:
		if t == nil {
			return nil
		}
		for _, row := range t.Select(column, beside).Rows {
			cells := table.Fields(row)
			if len(cells[0]) >= len(typed) && strings.EqualFold(cells[0][:len(typed)], typed) && cells[0] != "" {
				found = append(found, described(typed+cells[0][len(typed):], text.Printable(cells[1])))
			}
		}
	}
	slices.Sort(found)
	return slices.Compact(found)
}
