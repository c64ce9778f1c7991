package doctor

import (
	"time"

	"github.com/taizhang/taizhang/events/text"
)

// size returns a number of bytes in words.
func size[T ~int64 | ~uint64](n T) text.Text {
	for i, unit := range []string{"GiB", "MiB", "KiB"} {
		if shift := 30 - 10*i; n >= 10<<shift {
			return text.Say("%d %s", "%d %s", n>>shift, unit)
		}
	}
	return text.Say("%d 字节", "%d bytes", n)
}

// span returns a length of time in words, with no more digits than are needed.
func span(d time.Duration) text.Text {
	d = d.Abs()
	switch {
	case d >= 48*time.Hour:
		return text.Say("%d 天", "%d days", d/(24*time.Hour))
	case d >= 2*time.Hour:
		return text.Say("%d 小时", "%d hours", d/time.Hour)
	case d >= 2*time.Minute:
		return text.Say("%d 分钟", "%d minutes", d/time.Minute)
	case d >= time.Second:
		return text.Say("%.1f 秒", "%.1f seconds", d.Seconds())
	case d >= time.Millisecond:
		return text.Say("%.1f 毫秒", "%.1f ms", float64(d)/float64(time.Millisecond))
	}
	return text.Say("%d 微秒", "%d µs", d.Microseconds())
}
