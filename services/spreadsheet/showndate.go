package spreadsheet

import (
	"fmt"
	"math"
	"strings"

	"github.com/taizhang/taizhang/events"
)

// daysMax is the number of days from the Epoch after which there are no dates.
var daysMax = float64(events.DateOf(10_000, 1, 1) - Epoch)

// roundUp is the time before midnight, in days, that programs show as the next day.
const roundUp = 0.1 / 86400

// dayOf returns the date that is a number of days after the Epoch. Within the last tenth of a second before
// midnight it returns the next day, as programs show it.
func dayOf(days float64) events.Date { return Epoch + events.Date(math.Floor(days+roundUp)) }

// date returns a day, counted from the Epoch, with its time as the section shows it.
func (s *section) date(v float64) string {
	if v < 0 || v >= daysMax {
		return overflow
	}
	on := dayOf(v)
	y, m, d := on.Civil()
	subseconds := 0
	isHalved := false
	for _, p := range s.pieces {
		switch {
		case p.sort == subsecond && p.text != ".":
			subseconds++
		case p.sort == moment && strings.Contains(p.text, "/"):
			isHalved = true
		}
	}
	unit := math.Pow10(min(subseconds, 3)) // parts of a second
	total := math.Round(v * 86400 * unit)
	time := max(min(total-float64(on-Epoch)*86400*unit, 86400*unit-1), 0)
	second := int(time / unit)
	hour := second / 3600
	if isHalved {
		hour = (hour+11)%12 + 1
	}
	weekday := int(math.Floor(v+roundUp)+6) % 7 // 0 is Sunday
	var b strings.Builder
	fraction := fmt.Sprintf("%0*.0f", min(subseconds, 3), math.Mod(time, unit))
	for _, p := range s.pieces {
		switch {
		case p.sort == subsecond && p.text != ".":
			if fraction != "" {
				b.WriteByte(fraction[0])
				fraction = fraction[1:]
			}
			continue
		case p.sort != moment:
			b.WriteString(p.text)
			continue
		}
		switch p.text {
		case "y", "yy", "ee":
			fmt.Fprintf(&b, "%02d", y%100)
		case "b", "bb":
			fmt.Fprintf(&b, "%02d", (y+543)%100)
		case "bbb", "bbbb", "bbbbb":
			fmt.Fprintf(&b, "%04d", y+543)
		case "m", "d":
			fmt.Fprintf(&b, "%d", map[string]int{"m": m, "d": d}[p.text])
		case "mm", "dd":
			fmt.Fprintf(&b, "%02d", map[string]int{"mm": m, "dd": d}[p.text])
		case "mmm":
			b.WriteString(months[m-1][:3])
		case "mmmm":
			b.WriteString(months[m-1])
		case "mmmmm":
			b.WriteString(months[m-1][:1])
		case "ddd":
			b.WriteString(weekdays[weekday][:3])
		case "dddd", "ddddd":
			b.WriteString(weekdays[weekday])
		case "aaa":
			b.WriteString(chineseWeekdays[weekday])
		case "aaaa", "aaaaa":
			b.WriteString("星期" + chineseWeekdays[weekday])
		case "h":
			fmt.Fprintf(&b, "%d", hour)
		case "hh", "hhh", "hhhh", "hhhhh":
			fmt.Fprintf(&b, "%02d", hour)
		case "mi":
			fmt.Fprintf(&b, "%d", second/60%60)
		case "min":
			fmt.Fprintf(&b, "%02d", second/60%60)
		case "s":
			fmt.Fprintf(&b, "%d", second%60)
		case "ss", "sss", "ssss", "sssss":
			fmt.Fprintf(&b, "%02d", second%60)
		case "[h]":
			fmt.Fprintf(&b, "%.0f", math.Floor(total/unit/3600))
		case "[m]":
			fmt.Fprintf(&b, "%.0f", math.Floor(total/unit/60))
		case "[s]":
			fmt.Fprintf(&b, "%.0f", math.Floor(total/unit))
		case amPM[0], amPM[1], amPM[2]:
			am, pm, _ := strings.Cut(strings.ToUpper(p.text), "/")
			b.WriteString(map[bool]string{true: am, false: pm}[second < 12*3600])
		default:
			if p.text[0] == 'y' || p.text[0] == 'e' {
				fmt.Fprintf(&b, "%04d", y)
			}
		}
	}
	return b.String()
}

var (
	months = []string{"January", "February", "March", "April", "May", "June", "July", "August", "September",
		"October", "November", "December"}
	weekdays        = []string{"Sunday", "Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday"}
	chineseWeekdays = []string{"日", "一", "二", "三", "四", "五", "六"}
)
