package projections

import (
	"strings"

	"github.com/taizhang/taizhang/aggregates/identifiers"
)

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

// ReadRegion returns the first digits that the codes of a division and of its parts share, for its code, these digits
// or its name: 3301 for 330100, 3301 or 杭州市. ok is false if there is no such division, or more than one.
func ReadRegion(typed string) (prefix string, ok bool) {
	code := typed
	if codes := identifiers.RegionsNamed(typed); len(codes) == 1 {
		code = codes[0]
	}
	if len(code) > 6 || len(code)%2 != 0 {
		return "", false
	}
	whole := (code + "000000")[:6]
	if RegionName(whole) == "" {
		return "", false
	}
	return RegionPrefix(whole), true
}

// RegionPrefix returns the first digits that the codes of a division and of its parts share: 3301 for 330100.
func RegionPrefix(code string) string {
	return strings.TrimSuffix(strings.TrimSuffix(code, "00"), "00")
}
