package events

import (
	"fmt"
	"testing"

	"pgregory.net/rapid"
)

func TestAmountsAreReadAsPeopleWriteThem(t *testing.T) {
	for text, want := range map[string]Fen{"0": 0, "7": 700, "1234.5": 123450, "1,234.50": 123450,
		"12,345,678.9": 1234567890,
		"0.05":         5, "100000000000.00": AmountFenMax, "007": 700} {
		if got, err := ParseYuan(text); err != nil || got != want {
			t.Errorf("%q is read as %d, %v", text, got, err)
		}
	}
	for _, text := range []string{"", ".", "1.", ".5", "1.234", "1,23", "12,34,567", ",123", "1,,234", "1234,567",
		"-1", "+1", "1e3", "１", " 1", "1 ", "￥1",
		"100000000000.01", "99999999999999999999", "1.2.3", "1,234.5,0"} {
		if got, err := ParseYuan(text); err == nil {
			t.Errorf("%q is read as %d", text, got)
		}
	}
}

func TestAnAmountShownIsReadBack(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		v := Fen(rapid.Int64Range(0, AmountFenMax).Draw(t, "fen"))
		if got, err := ParseYuan(fmt.Sprintf("%d.%02d", v/100, v%100)); err != nil || got != v {
			t.Errorf("%d is read back as %d, %v", v, got, err)
		}
		if got, err := ParseYuan(FormatYuan(v)); err != nil || got != v {
			t.Errorf("%s is read back as %d, %v", FormatYuan(v), got, err)
		}
	})
}

func TestAmountsAreShownInYuanWithThousandsSeparators(t *testing.T) {
	for v, want := range map[Fen]string{0: "0.00", 1: "0.01", -1: "-0.01", 99: "0.99", 100: "1.00",
		123_450: "1,234.50", -123_450: "-1,234.50", 99_999: "999.99", 100_000: "1,000.00",
		100_000_000: "1,000,000.00", 10_000_000_000_000: "100,000,000,000.00", -1 << 63: "-92,233,720,368,547,758.08",
		1<<63 - 1: "92,233,720,368,547,758.07"} {
		if got := FormatYuan(v); got != want {
			t.Errorf("%d is shown as %s, want %s", v, got, want)
		}
	}
}
