package desk

import (
	"time"

	"github.com/taizhang/taizhang/events"
	"github.com/taizhang/taizhang/events/text"
)

// clockSlack is how far the last record of a ledger may lie after the clock without a warning. The clocks of
// several machines differ a little.
const clockSlack = 5 * time.Second

// clockBehind returns a warning if the last record of the ledger was recorded after now. Either a clock was ahead
// at that time, or this one is behind. Recording times never decrease, so new records get the time of the last
// record until the clock reaches it.
func clockBehind(last, now time.Time) (said text.Text, ok bool) {
	ahead := last.Sub(now)
	if ahead <= clockSlack {
		return said, false
	}
	by := ahead.Round(time.Second)
	days, rest := int(by/(24*time.Hour)), by%(24*time.Hour)
	long := text.Text{Zh: rest.String(), En: rest.String()}
	if days > 0 {
		long = text.Say("%d 天 %v", "%d days %v", days, rest)
	}
	return text.Text{
		Zh: "台账最后一条记录的记录时间 " + events.FormatInstant(last) + " 比本机时钟 " + events.FormatInstant(now) +
			" 晚 " + long.Zh +
			"：曾有一次写入时时钟快了，或者现在的时钟慢了。记录时间不会倒退，在时钟走到该时间以前，" +
			"新的记录都记为这一时间，按时间查询分不开它们，请按位置查询；请校准时钟。记录的内容和日期不受影响",
		En: "the last record of the ledger was recorded at " + events.FormatInstant(last) + ", " + long.En +
			" after the clock of this machine (" + events.FormatInstant(now) +
			"): a clock was ahead at some writing, or this one is behind. Times of recording never decrease: until " +
			"the clock reaches that time every new record gets it, and asking as known at a time (known-at) does " +
			"not tell them apart; ask by position. Set the clock right. What the records hold, and their dates, are " +
			"not affected",
	}, true
}
