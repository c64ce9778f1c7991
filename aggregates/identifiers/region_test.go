package identifiers_test

import (
	"fmt"
	"testing"

	"github.com/taizhang/taizhang/aggregates/identifiers"
)

func TestARegionIsNamedByItsCode(t *testing.T) {
	cases := []struct{ code, province, city, county, name string }{
		{"330000", "浙江省", "", "", "浙江省"},
		{"330100", "浙江省", "杭州市", "", "杭州市"},
		{"330106", "浙江省", "杭州市", "西湖区", "杭州市西湖区"},
		{"330782", "浙江省", "金华市", "义乌市", "金华市义乌市"},
		{"331127", "浙江省", "丽水市", "景宁畲族自治县", "丽水市景宁畲族自治县"},
		{"331181", "浙江省", "丽水市", "龙泉市", "丽水市龙泉市"},
		{"320100", "江苏省", "", "", "江苏省"},
		{"110105", "北京市", "", "", "北京市"},
		{"820000", "澳门特别行政区", "", "", "澳门特别行政区"},
	}
	for _, c := range cases {
		got, ok := identifiers.ParseRegion(c.code)
		if want := (identifiers.Region{Province: c.province, City: c.city, County: c.county}); !ok || got != want ||
			got.Name() != c.name {
			t.Errorf("%s is %+v (%v), named %q", c.code, got, ok, got.Name())
		}
	}
}

func TestACodeThatIsNoRegionIsNotNamed(t *testing.T) {
	for _, code := range []string{"", "33", "33010", "3301060", "33010A", "３３０１０６", "330199", "330001", "990000",
		"000000", "-30106"} {
		if got, ok := identifiers.ParseRegion(code); ok || got.Name() != "" {
			t.Errorf("%q is %+v (%v)", code, got, ok)
		}
	}
}

func TestZhejiangHasElevenCitiesAndNinetyCounties(t *testing.T) {
	cities, counties := 0, 0
	for i := range 10000 {
		region, ok := identifiers.ParseRegion(fmt.Sprintf("33%04d", i))
		switch {
		case !ok || region.City == "":
		case region.County == "":
			cities++
		default:
			counties++
		}
	}
	if cities != 11 || counties != 90 {
		t.Errorf("%d cities and %d counties", cities, counties)
	}
}
