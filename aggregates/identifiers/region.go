package identifiers

import (
	_ "embed" // the divisions of Zhejiang are part of the program
	"slices"
	"strings"
	"sync"
)

// Region is an administrative division of GB/T 2260. A city has no County, and a province has neither City nor County.
// Outside Zhejiang only the province is known.
type Region struct {
	Province string
	City     string
	County   string
}

// Name returns city and county, such as 杭州市西湖区, or the province of a Region that has no city.
func (r Region) Name() string {
	if r.City == "" {
		return r.Province
	}
	return r.City + r.County
}

// zhejiang has a line for each city: its code, its name, and its counties each as code and name without a blank
// between.
//
//go:embed zj-regions.tsv
var zhejiang string

const zhejiangPrefix = "33"

// provinces holds the divisions of the first level by their two digits.
var provinces = map[string]string{
	"11": "北京市", "12": "天津市", "13": "河北省", "14": "山西省", "15": "内蒙古自治区",
	"21": "辽宁省", "22": "吉林省", "23": "黑龙江省",
	"31": "上海市", "32": "江苏省", zhejiangPrefix: "浙江省", "34": "安徽省", "35": "福建省", "36": "江西省",
	"37": "山东省",
	"41": "河南省", "42": "湖北省", "43": "湖南省", "44": "广东省", "45": "广西壮族自治区", "46": "海南省",
	"50": "重庆市", "51": "四川省", "52": "贵州省", "53": "云南省", "54": "西藏自治区",
	"61": "陕西省", "62": "甘肃省", "63": "青海省", "64": "宁夏回族自治区", "65": "新疆维吾尔自治区",
	"71": "台湾省", "81": "香港特别行政区", "82": "澳门特别行政区",
}

var zhejiangRegions = sync.OnceValue(func() map[string]Region {
	province := provinces[zhejiangPrefix]
	regions := map[string]Region{zhejiangPrefix + "0000": {Province: province}}
	for line := range strings.Lines(zhejiang) {
		columns := strings.Fields(line)
		city := Region{Province: province, City: columns[1]}
		regions[columns[0]] = city
		for _, county := range columns[2:] {
			regions[county[:6]] = Region{Province: province, City: city.City, County: county[6:]}
		}
	}
	return regions
})

// ParseRegion returns the division of a six-digit code. It returns false for a code of another form, for a code of no
// province, and for a code of Zhejiang that is not in the table.
func ParseRegion(code string) (Region, bool) {
	if len(code) != 6 || strings.Trim(code, "0123456789") != "" {
		return Region{}, false
	}
	if code[:2] == zhejiangPrefix {
		region, ok := zhejiangRegions()[code]
		return region, ok
	}
	province, ok := provinces[code[:2]]
	return Region{Province: province}, ok
}

// RegionsNamed lists the codes of the divisions with a name: that of a province, a city, or a county with or without
// its city, such as 西湖区 or 杭州市西湖区.
func RegionsNamed(name string) (codes []string) {
	if name == "" {
		return nil
	}
	for prefix, province := range provinces {
		if name == province {
			codes = append(codes, prefix+"0000")
		}
	}
	for code, region := range zhejiangRegions() {
		if region.City != "" && (name == region.Name() || name == region.County) {
			codes = append(codes, code)
		}
	}
	slices.Sort(codes)
	return codes
}
