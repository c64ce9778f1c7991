package identifiers

import "github.com/taizhang/taizhang/events/text"

// economicNames holds names of the economic classification of the expenditure of departments
// (部门预算支出经济分类科目), by code: of every category of three digits, and of the items of five digits that tell
// uses apart.
var economicNames = map[string]text.Text{
	"301":   text.Say("工资福利支出", "wages and benefits"),
	"302":   text.Say("商品和服务支出", "goods and services"),
	"30213": text.Say("维修（护）费", "maintenance"),
	"303":   text.Say("对个人和家庭的补助", "subsidies to persons and families"),
	"307":   text.Say("债务利息及费用支出", "interest and charges on debt"),
	"309":   text.Say("资本性支出（基本建设）", "capital expenditure (capital construction)"),
	"310":   text.Say("资本性支出", "capital expenditure"),
	"31001": text.Say("房屋建筑物购建", "purchase and construction of buildings"),
	"31003": text.Say("专用设备购置", "purchase of special equipment"),
	"31005": text.Say("基础设施建设", "construction of infrastructure"),
	"31006": text.Say("大型修缮", "major repairs"),
	"31009": text.Say("土地补偿", "compensation for land"),
	"31010": text.Say("安置补助", "resettlement subsidies"),
	"31011": text.Say("地上附着物和青苗补偿", "compensation for fixtures and crops"),
	"31012": text.Say("拆迁补偿", "compensation for demolition"),
	"31013": text.Say("公务用车购置", "purchase of official cars"),
	"311":   text.Say("对企业补助（基本建设）", "subsidies to enterprises (capital construction)"),
	"312":   text.Say("对企业补助", "subsidies to enterprises"),
	"31201": text.Say("资本金注入", "injection of capital"),
	"31203": text.Say("政府投资基金股权投资", "equity investment of government funds"),
	"31204": text.Say("费用补贴", "subsidies for expenses"),
	"31205": text.Say("利息补贴", "subsidies for interest"),
	"31299": text.Say("其他对企业补助", "other subsidies to enterprises"),
	"313":   text.Say("对社会保障基金补助", "subsidies to social security funds"),
	"399":   text.Say("其他支出", "other expenditure"),
	"39906": text.Say("赠与", "gifts"),
}

// EconomicName returns the name of the item, or else of the category, to which a code of the economic classification
// belongs, and whether the classification has one.
func EconomicName(code string) (name text.Text, ok bool) {
	for _, digits := range []int{5, 3} {
		if len(code) >= digits {
			if name, ok = economicNames[code[:digits]]; ok {
				return name, true
			}
		}
	}
	return text.Text{}, false
}
