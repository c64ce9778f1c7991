package main

import (
	"github.com/spf13/cobra"

	"github.com/taizhang/taizhang/events/text"
	"github.com/taizhang/taizhang/services/desk"
)

// example is a command line that the help of a verb shows, without the name of the program, and what it does.
type example struct{ what, line text.Text }

// same returns an example that is typed alike in both languages.
func same(zh, en, line string) example { return example{text.Say(zh, en), text.Same(line)} }

// examplesOf returns the examples of a verb.
func examplesOf(c *cobra.Command) []example { return examples[nameOf(c)] }

// examples holds the examples of all verbs by name. Tests parse each of them, and run those of the questions.
var examples = map[string][]example{
	"": {
		same("看一遍演示", "walk through a demonstration", "demo"),
		same("查询已有的台账", "ask a ledger that is there", "centers --data prov"),
	},
	"demo": {same("把演示台账建在指定的空目录", "make the ledger of the demonstration in an empty directory",
		"demo --data prov")},
	"template": {{text.Say("生成空的凭证表", "make an empty sheet of vouchers"),
		text.Say("template 凭证 --out 凭证.xlsx", "template vouchers --out vouchers.xlsx")}},
	"try": {
		same("试算一份表格", "try a sheet", "try 凭证.xlsx --actor 张会计"),
		{text.Say("试算一条记录", "try one record"),
			text.Say("try 约谈 --center ZJ-0001 --on 2025-10-08 --role 省委科技办 --actor 李处 --data "+
				"'{\"year\":2024,\"principal\":true}'",
				"try interview.held --center ZJ-0001 --on 2025-10-08 --role st-office --actor li --data "+
					"'{\"year\":2024,\"principal\":true}'")},
	},
	"import": {
		same("导入表格，不合格的另存并标出", "import sheets, and mark what is wrong in copies",
			"import 凭证.xlsx 到账.csv --actor 张会计 --report 退回.xlsx"),
		same("导入历史记录", "import a history", "import history.jsonl"),
	},
	"record": {
		{text.Say("记录一笔到账，附银行回单", "record a receipt with the bank's slip"),
			text.Say("record 经费到账 --center zj-0001 --on 2025/7/2 --role 省转化中心 --actor 张会计 --evidence "+
				"回单.pdf --data '{\"grant\":\"G1\",\"amountFen\":5000}'",
				"record subsidy.received --center ZJ-0001 --on 2025-07-02 --role center --actor zhang --evidence "+
					"slip.pdf --data '{\"grant\":\"G1\",\"amountFen\":5000}'")},
		{text.Say("内容在文件中；补录体系外已作的决定",
			"the content is in a file; a decision that was taken outside the system"),
			text.Say("record 延后安排 --center ZJ-0001 --on 2025-07-01 --role 省财政厅 --actor 王处 --doc "+
				"浙财科教〔2025〕3号 --mode 补录 --data @延后.json",
				"record allocation.deferred --center ZJ-0001 --on 2025-07-01 --role finance --actor wang --doc "+
					"浙财科教〔2025〕3号 --mode record --data @deferral.json")},
	},
	"center": {same("一个中心截至某日的情况", "one center as of a day", "center ZJ-0001 --as-of 2025-12-31")},
	"replay": {
		same("一个中心的全部历史", "the whole history of a center", "replay ZJ-0001"),
		same("只看补录与作废，附每条之后的状态", "only record mode and voidings, with the state after each",
			"replay ZJ-0001 --recorded --state"),
	},
	"policy": {same("查看施行中的办法参数", "show the policy in force", "policy show")},
	"policy show": {
		same("某日施行的办法参数", "the policy in force on a day", "policy show --as-of 2025-06-01"),
		same("内置的办法参数，写成文件以便修改", "the built-in policy as a file to edit",
			"policy show builtin --output json"),
	},
	"policy check": {same("检查改过的办法参数", "check a policy that was edited", "policy check second.json")},
	"policy diff":  {same("与内置的比较", "compare with the built-in one", "policy diff builtin second.json")},
	"policy adopt": {same("采用新的办法参数", "adopt a new policy", "policy adopt second.json")},
	"check": {same("核验台账", "prove the ledger", "check"),
		same("逐项全部比对", "compare everything", "check --thorough")},
	"reproduce": {same("核对以前报出的报表", "check a report that was filed", "reproduce 执行.xlsx")},
	"bundle": {
		same("全部记录和两份报表，交审计", "all records and two reports, for an audit",
			"bundle --out 2025.zip --figures 执行.xlsx --figures 年度表.html"),
		same("一个中心的记录", "the records of one center", "bundle --out zj-0001.zip --center ZJ-0001"),
	},
	"report": {same("全省年度表，以万元为单位", "the yearly report of the province in units of 10,000 yuan",
		"report --year 2025 --unit 万元 --out 2025.html")},
	"serve": {same("在本机提供服务", "serve on this machine", "serve --data prov --listen 127.0.0.1:8080"),
		same("演示各角色的账号", "a demonstration with accounts of every role", "serve --demo")},
	"doctor": {
		same("启用之前，与时间服务器比较时钟", "before going live, with a time server",
			"doctor --config taizhang.conf --ntp 10.0.0.1"),
		same("连同最近一次备份", "with the last backup", "doctor --data prov --backup /backup/prov.tar")},
	"backup": {same("备份到一个文件", "copy to one file", "backup /backup/prov.tar"),
		same("备份到目录，只补缺少的", "copy to a directory, only what is missing", "backup /backup/prov")},
	"seal": {
		same("封存台账", "seal the ledger", "seal"),
		same("写出给见证方财政厅的请求", "write the request for the witness caizheng",
			"seal --request zj.add-checkpoint --witness caizheng"),
	},
	"seal init": {same("开始封存", "begin sealing", "seal init taizhang.zj/2026")},
	"seal add":  {same("加入见证方的见证", "add the cosignature of a witness", "seal add caizheng.cosig")},
	"seal show": {same("最新的检查点", "the newest checkpoint", "seal show")},
	"seal sheet": {{text.Say("打印存档的一页", "the page to print and file"),
		text.Say("seal sheet --out 检查点.html", "seal sheet --out checkpoint.html")}},
	"seal key": {same("恢复备份之后放回私钥", "put the key back after a restore",
		"seal key restore /backup/log.key")},
	"seal key restore": {same("恢复备份之后放回私钥", "put the key back after a restore",
		"seal key restore /backup/log.key")},
	"receipt": {{text.Say("位置 1503 的记录的回执", "the receipt of the record at position 1503"),
		text.Say("receipt 1503 --out 回执", "receipt 1503 --out receipts")}},
	"backup verify": {same("演练恢复，并与运行中的台账比较", "rehearse a restore, and compare with the running ledger",
		"backup verify /backup/prov.tar --against prov")},
	"restore": {same("恢复到新的目录，连同账号", "restore into a new directory, with the accounts",
		"restore prov.tar --access prov.access.tar --data again")},
	"export": {same("导出全部记录", "write all records to a file", "export --out all.jsonl")},
	"simulate": {same("生成 80 个中心近三年的历史", "make three years of 80 centers",
		"simulate --seed 7 --centers 80 --from 2024-01-01 --to 2026-10-31 --out history.jsonl")},
	"witness":      {same("审计厅的见证方", "the witness of an audit office", "witness init audit.example/w1 --dir w")},
	"witness init": {same("建立见证方", "make a witness", "witness init audit.example/w1 --dir w")},
	"witness trust": {same("为一份台账签名", "cosign for a ledger",
		"witness trust taizhang.zj/2026+1a2b3c4d+AbCd --dir w")},
	"witness cosign": {same("为带来的请求签名", "cosign a request that was carried here",
		"witness cosign zj.add-checkpoint --dir w --out zj.cosig")},
	"witness serve": {same("在 8090 端口提供服务", "serve on port 8090", "witness serve --dir w --listen :8090")},
	"version":       {same("显示版本", "show the version", "version")},
	"help":          {same("查看“说明一条预警”的用法", "show the help of alerts explain", "help alerts explain")},
	"completion":    {same("在当前 bash 中启用补全", "complete in this bash", "completion bash > taizhang.bash")},
	"account":       {same("列出全部账号", "list all accounts", "account list")},
	"account add": {
		{text.Say("新增省财政厅的账号", "add an account of the Department of Finance"),
			text.Say("account add cai --role 省财政厅", "account add cai --role finance")},
		{text.Say("新增一个中心的账号", "add an account of a center"),
			text.Say("account add jia --role 省转化中心 --center ZJ-0001",
				"account add jia --role center --center ZJ-0001")},
	},
	"account bind": {{text.Say("改为所在地政府，范围为杭州", "make it one of the local government of Hangzhou"),
		text.Say("account bind hang --role 所在地政府 --region 3301",
			"account bind hang --role local-gov --region 3301")}},
	"account list": {same("列出全部账号", "list all accounts", "account list")},
	"account show": {same("查看一个账号", "show an account", "account show cai")},
	"account password": {
		same("在终端上输入新密码", "type a new password on the terminal", "account password cai")},
	"account reset-factor": {same("手机丢失，撤销动态验证码", "the phone is lost", "account reset-factor cai")},
	"account link": {
		same("关联统一身份", "link an identity", "account link cai --issuer https://id.example.cn --subject 9f2c1e")},
	"account unlink": {
		same("解除关联", "take the link away", "account unlink cai --issuer https://id.example.cn --subject 9f2c1e")},
	"account disable": {same("停用账号", "disable an account", "account disable cai")},
	"account enable":  {same("重新启用账号", "enable it again", "account enable cai")},
	"token":           {same("列出全部令牌", "list all tokens", "token list")},
	"token add": {
		same("签发令牌并存入文件", "make a token and keep it in a file",
			"token add cai --name 月报 --expires 90d > cai.token")},
	"token list":   {same("列出一个账号的令牌", "list the tokens of an account", "token list cai")},
	"token revoke": {same("注销令牌", "revoke a token", "token revoke 0b9f7c1e-4d0f-4a59-9a46-3c1f3c8f9d10")},
	"access-log": {
		{text.Say("被拒绝的请求", "what was denied"),
			text.Say("access-log --kind 拒绝 --from 2026-10-01", "access-log --kind denied --from 2026-10-01")},
		same("一个中心的最后 20 条", "the last 20 about a center", "access-log --center ZJ-0001 --limit 20"),
	},
	"nats":      {same("列出接收预警的程序", "list the programs that read the alerts", "nats user list")},
	"nats user": {same("列出接收预警的程序", "list the programs that read the alerts", "nats user list")},
	"nats user add": {{text.Say("允许一个程序接收红色预警", "let a program read the red alerts"),
		text.Say("nats user add screen --nkey screen.nk --severity 红",
			"nats user add screen --nkey screen.nk --severity red")}},
	"nats config": {same("为另处的 NATS 服务器输出配置，并为发布者生成密钥",
		"print the configuration for a NATS server elsewhere, with a new key for the publisher",
		"nats config --new-nkey publisher.nk")},
	"nats user list":   {same("列出接收预警的程序", "list them", "nats user list")},
	"nats user revoke": {same("注销一个程序", "revoke one", "nats user revoke screen")},
	"feed":             {same("查看推送状态", "show how the feed does", "feed status")},
	"feed status":      {same("查看推送状态", "show how the feed does", "feed status")},
	"feed restate":     {same("恢复备份后重新发布", "publish all alerts again after a restore", "feed restate")},

	"centers": {same("截至某日的全部中心", "all centers as of a day", "centers --as-of 2025-12-31"),
		same("写成 Excel 报表", "write a report for Excel", "centers --out 中心.xlsx")},
	"alerts": {
		{text.Say("未解除的红色预警", "the open red alerts"),
			text.Say("alerts --severity 红", "alerts --severity red")},
		same("一个中心曾有的全部预警", "all alerts that a center ever had", "alerts --center ZJ-0001 --all"),
	},
	"alerts explain": {same("说明一条预警", "explain an alert", "alerts explain ZJ-0001 AL-USE-01")},
	"alerts watch": {
		same("实时接收预警", "receive alerts as they come", "alerts watch --nkey screen.nk"),
		same("每条变动运行一条命令", "run a command for each", "alerts watch --nkey screen.nk --exec './notify.sh'"),
	},
	"alerts board": {same("经 NATS 列出未解除的预警", "list the open alerts over NATS",
		"alerts board --nkey screen.nk")},
	"execution": {
		{text.Say("全省 2025 年财政资金合计", "the fiscal money of the province in 2025"),
			text.Say("execution --year 2025 --scope 财政合计 --by 合计",
				"execution --year 2025 --scope fiscal --by total")},
		{text.Say("各中心省级资金", "provincial money by center"),
			text.Say("execution --year 2025 --scope 省级", "execution --year 2025 --scope province")},
	},
	"delayed": {{text.Say("已下达未到账的，金额大的在前", "granted and not received, the largest first"),
		text.Say("delayed --what 已下达未到账 --sort 金额最大在前", "delayed --what granted --sort largest")}},
	"deferrals": {same("某年度延后安排", "deferrals of a year", "deferrals --year 2026")},
	"ageing": {{text.Say("各中心结转结余的账龄", "the age of unspent money by center"),
		text.Say("ageing --by 中心", "ageing --by center")}},
	"spending": {{text.Say("一个中心概念验证的支出", "what a center spent on proof of concept"),
		text.Say("spending ZJ-0001 --use 概念验证 --from 2025-01-01",
			"spending ZJ-0001 --use proof-of-concept --from 2025-01-01")}},
	"due": {same("今后 60 天将到期的", "what falls due within 60 days", "due --within 60d"),
		same("年底前还须支出多少", "how much must still be spent this year", "due --spend")},
	"trace": {{text.Say("一个中心的支出由哪些记录构成", "the records that make up what a center spent"),
		text.Say("trace ZJ-0001 --year 2025 --scope 省级 --figure 支出",
			"trace ZJ-0001 --year 2025 --scope province --figure spent")}},
	"changes": {{text.Say("某一位置以来的预警变动", "alerts that moved since a position"),
		text.Say("changes --since 4 --show 预警", "changes --since 4 --show alerts")}},
	"find": {{text.Say("查找 10 万元以上的支出", "find vouchers of at least 100,000 yuan"),
		text.Say("find --kind 经费支出 --min 100000", "find --kind funds.spent --min 100000")}},
	"sample": {{text.Say("按金额抽取 25 张凭证", "draw 25 vouchers by amount"),
		text.Say("sample --year 2025 --n 25 --by 按金额", "sample --year 2025 --n 25 --by amount")}},
	"duplicates": {same("不同中心之间 3 天内的重复凭证", "vouchers that are alike within 3 days, across centers",
		"duplicates --days 3 --across")},
}

// kindsOf returns the kinds that the argument or the flag of a verb takes: in Chinese their names, in English their
// codes and names.
func (a *app) kindsOf(c *cobra.Command) (pairs [][2]string) {
	add := func(code string, word text.Text, more string) {
		if a.lang == "zh" {
			pairs = append(pairs, [2]string{word.Zh, more})
		} else {
			pairs = append(pairs, [2]string{code, word.En})
		}
	}
	switch nameOf(c) {
	case "record", "try", "find":
		for _, k := range desk.Kinds() {
			if !k.ByProgram || nameOf(c) == "find" {
				add(k.Name, k.Title, k.By.Zh)
			}
		}
	case "template":
		for _, k := range desk.SheetNames() {
			add(k.Code, k.Word, "")
		}
	}
	return pairs
}
