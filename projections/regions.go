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
