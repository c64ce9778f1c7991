package projections

import "github.com/taizhang/taizhang/aggregates/identifiers"

// RegionName returns the name of a GB/T 2260 code, such as 杭州市西湖区 for 330106, or "" for an unknown code.
func RegionName(code string) string {
	region, ok := identifiers.ParseRegion(code)
	if !ok {
		return ""
	}
	return region.Name()
}

// CityOf returns the code and the name of the city of a GB/T 2260 code, such as 330100 and 杭州市 for 330106. If only
// the province is known, it returns the code and the name of the province. For an unknown code it returns the code and
// "".
func CityOf(code string) (city, name string) {
	region, ok := identifiers.ParseRegion(code)
	switch {
	case !ok:
		return code, ""
	case region.City == "":
		return code[:2] + "0000", region.Province
	}
	return code[:4] + "00", region.City
}
