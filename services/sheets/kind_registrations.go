package sheets

import (
	"github.com/taizhang/taizhang/events"

	"github.com/taizhang/taizhang/events/text"
)

var registrations = &SheetKind{
	Name: "registrations", Title: text.Say("中心登记", "registrations"), Roles: []events.Role{events.CenterRole},
	Records: []events.Kind{events.KindCenterRegistered},
	Columns: []SheetColumn{
		centerColumn, dateColumn,
		{Heading: "中心名称", Field: "data.name", Form: Text, Note: "中心全称，例：浙江省动力电池中试基地"},
		{Heading: "统一社会信用代码", Field: "data.uscc", Form: Code, Note: "18 位，例：91330106MAC1K2L32C"},
		{Heading: "牵头建设单位", Field: "data.leadUnit", Form: Text, Note: "牵头建设单位全称"},
		{Heading: "中心类型", Field: "data.type", Form: Choice, Note: "从列表中选择",
			Words: wordsOf(events.ValuesOf(events.KindCenterRegistered, "type"))},
		{Heading: "服务功能", Field: "data.services", Form: List,
			Note:  "用顿号分隔，可填：概念验证、中试、孵化、科技金融、其他",
			Words: wordsOf(events.ValuesOf(events.KindCenterRegistered, "services"))},
		{Heading: "主导产业", Field: "data.leadingIndustries", Form: List,
			Note: "原则上一个，多个用顿号分隔，例：动力电池"},
		{Heading: "国民经济行业分类", Field: "data.industryCode", Form: Code, Note: "GB/T 4754 代码，例：C3841"},
		{Heading: "行政区划代码", Field: "data.region", Form: Code, Note: "GB/T 2260 代码，六位数字，例：330106"},
		{Heading: "设立日期", Field: "data.foundedOn", Form: Day, Note: "牵头建设单位设立的日期，例：2015-01-01"},
		{Heading: "独立法人", Field: "data.legalEntity", Form: YesNo, Note: "是否独立法人实体"},
		{Heading: "新设单位", Field: "data.newUnit", Form: YesNo, Note: "是否为此新设的单位"},
		{Heading: "使用面积(平方米)", Field: "data.usableAreaM2", Form: Whole, Note: "整数，例：6000"},
		{Heading: "设备原值(元)", Field: "data.equipmentFen", Form: Amount,
			Note: "以元为单位，至多两位小数，例：60,000,000.00"},
		{Heading: "申请放宽", Field: "data.relaxationRequested", Form: YesNo, Note: "是否申请放宽面积和设备条件"},
		{Heading: "中试功能", Field: "data.pilotFunction", Form: YesNo, Note: "是否具备中试熟化功能"},
		{Heading: "中试装置单独设置", Field: "data.pilotDevicesSeparate", Form: YesNo,
			Note: "中试装置是否与生产装置分开设置"},
		{Heading: "从事领域", Field: "data.fields", Form: List,
			Note:  "用顿号分隔，可填：生命科学、医学、人工智能、其他",
			Words: wordsOf(events.KnownValuesOf(events.KindCenterRegistered, "fields"))},
		{Heading: "涉及科技伦理", Field: "data.ethicsSensitive", Form: YesNo,
			Note: "研究内容是否涉及科技伦理敏感领域"},
		{Heading: "科技伦理委员会", Field: "data.ethicsCommittee", Form: YesNo,
			Note: "是否设有科技伦理（审查）委员会"},
		{Heading: "制度文件", Field: "data.documents", Form: List, Optional: true,
			Note:  "已有的文件，用顿号分隔，可填：内控制度、服务承接程序、收费标准、知识产权保护制度",
			Words: wordsOf(events.KnownValuesOf(events.KindCenterRegistered, "documents"))},
	},
	build: func(rows []cells, r *events.Record) {
		c := rows[0]
		r.Kind, r.Data = events.KindCenterRegistered, &events.CenterRegistered{Facts: events.Facts{
			Name: c["data.name"].text, USCC: c["data.uscc"].text, LeadUnit: c["data.leadUnit"].text,
			Type:     c["data.type"].text,
			Services: c["data.services"].list, LeadingIndustries: c["data.leadingIndustries"].list,
			IndustryCode: c["data.industryCode"].text,
			Region:       c["data.region"].text, FoundedOn: c["data.foundedOn"].on,
			LegalEntity:  c["data.legalEntity"].yes,
			NewUnit:      c["data.newUnit"].yes,
			UsableAreaM2: c["data.usableAreaM2"].n, EquipmentFen: c["data.equipmentFen"].fen,
			RelaxationRequested: c["data.relaxationRequested"].yes,
			PilotFunction:       c["data.pilotFunction"].yes, PilotDevicesSeparate: c["data.pilotDevicesSeparate"].yes,
			Fields:          c["data.fields"].list,
			EthicsSensitive: c["data.ethicsSensitive"].yes, EthicsCommittee: c["data.ethicsCommittee"].yes,
			Documents: c["data.documents"].list,
		}}
	},
}
