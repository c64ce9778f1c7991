package lists

import "github.com/taizhang/taizhang/events/text"

// Labels is the Prefix of Books for the users of pages: texts name a parameter by its label in the form of the page,
// in quotation marks, and name no command.
const Labels = "“"

// written returns the name of a parameter as the user writes it.
func (q *asked) written(param string) text.Text {
	if q.prefix != Labels {
		return text.Same(q.prefix + param)
	}
	label := q.list.Label(param)
	return text.Text{Zh: "“" + label.Zh + "”", En: "“" + label.En + "”"}
}

// Label returns the label of a parameter in the form of a page.
func (l *List) Label(param string) text.Text {
	if l.Name == "sample" && param == "by" {
		return text.Say("抽样方法", "method")
	}
	return labels[param]
}

// RegionLabel is the label of a region.
var RegionLabel = labels[regionParam.Name]

// labels are the labels of parameters in the form of a page.
var labels = map[string]text.Text{
	"across": text.Say("不同中心之间", "across centers"), "actor": text.Say("经办人", "by"),
	"all": text.Say("全部", "all"), "by": text.Say("汇总", "by"), "center": text.Say("中心编号", "center"),
	"code": text.Say("预警", "alert"), "days": text.Say("相隔天数", "days apart"),
	"doc": text.Say("发文字号", "document"), "figure": text.Say("数字", "figure"), "from": text.Say("自", "from"),
	"from-as-of": text.Say("报出数截至", "reported as of"), "grant": text.Say("经费编号", "grant"),
	"kind": text.Say("记录种类", "kind"), "limit": text.Say("最多条数", "at most"),
	"low": text.Say("仅偏低", "low only"), "max": text.Say("金额不高于（元）", "at most (yuan)"),
	"min": text.Say("金额不低于（元）", "at least (yuan)"), "n": text.Say("抽取张数", "draw"),
	"name": text.Say("名称", "name"), "office": text.Say("责任单位", "office"), "order": text.Say("次序", "order"),
	"payee": text.Say("收款单位", "payee"), "position": text.Say("台账位置", "position"),
	"region": text.Say("行政区划", "region"), "scope": text.Say("口径", "scope"), "seed": text.Say("种子", "seed"),
	"severity": text.Say("级别", "severity"), "show": text.Say("列出", "show"),
	"since": text.Say("较早的已知时点", "as known before"), "spend": text.Say("尚须支出", "to spend"),
	"state": text.Say("状态", "state"), "status": text.Say("状态", "status"), "text": text.Say("内容", "text"),
	"to": text.Say("至", "to"), "use": text.Say("用途", "use"), "voided": text.Say("含已作废", "voided too"),
	"what": text.Say("类别", "what"), "within": text.Say("天数之内", "within days"),
	"year": text.Say("年度", "year"),
}
