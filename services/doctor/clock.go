package doctor

import (
	"context"
	"crypto/rand"
	"encoding/binary"
	"net"
	"time"

	"golang.org/x/sys/unix"

	"github.com/taizhang/taizhang/events/text"
)

// The limits of the clock.
const (
	clockTolerance = 2 * time.Second // of a last record after the clock
	offsetWarning  = time.Second
	offsetWrong    = time.Minute
	ntpWait        = 5 * time.Second
	ntpPort        = "123"
)

// clock compares the clock with a server of NTP, if one is named, and says what the kernel knows.
func (x *examination) clock() {
	kernel := text.Say("内核没有说明时钟是否已同步", "the kernel does not say whether the clock is synchronised")
	var adjusted unix.Timex
	if _, err := unix.Adjtimex(&adjusted); err == nil {
		kernel = text.Say("内核报告时钟已同步", "the kernel reports the clock as synchronised")
		if adjusted.Status&unix.STA_UNSYNC != 0 {
			kernel = text.Say("内核报告时钟未同步", "the kernel reports the clock as not synchronised")
		}
	}
	if x.NTP == "" {
		x.find(Clock, "", NotExamined, "没有指定时间服务器；%s", "no time server is named; %s", kernel).
			todo("指定一台时间服务器再检查", "name one and look again").typed(x.verb("doctor", x.flag("ntp"), "HOST"))
		return
	}
	offset, err := askNTP(x.ctx, x.NTP)
	if err != nil {
		x.find(Clock, x.NTP, NotExamined, "时间服务器 %s：%s；%s", "the time server %s: %s; %s", x.NTP,
			because(err), kernel).
			todo("核对地址和防火墙（UDP 端口 123），或换一台",
				"check the address and the firewall (UDP, port 123), or name another one")
		return
	}
	state := OK
	switch {
	case offset.Abs() > offsetWrong:
		state = Wrong
	case offset.Abs() > offsetWarning:
		state = Warning
	}
	said := text.Say("慢 %s", "behind by %s", span(offset))
	if offset < 0 {
		said = text.Say("快 %s", "ahead by %s", span(offset))
	}
	f := x.find(Clock, x.NTP, state, "与 %s 相比%s；%s", "against %s the clock is %s; %s", x.NTP, said, kernel)
	if state != OK {
		f.todo("启用时间同步；校准时服务不必停止",
			"turn time synchronisation on; a server may run while the clock is set").
			typed("timedatectl set-ntp true", "timedatectl timesync-status")
	}
}

// askNTP returns by how much the clock of a server is ahead of the clock of this machine, by one exchange of SNTP
// (RFC 4330).
func askNTP(ctx context.Context, server string) (time.Duration, error) {
	if _, _, err := net.SplitHostPort(server); err != nil {
		server = net.JoinHostPort(server, ntpPort)
	}
	ctx, cancel := context.WithTimeout(ctx, ntpWait)
	defer cancel()
	c, err := new(net.Dialer).DialContext(ctx, "udp", server)
	if err != nil {
		return 0, err
	}
	defer c.Close()
	if until, ok := ctx.Deadline(); ok {
		if err := c.SetDeadline(until); err != nil {
			return 0, err
		}
	}
	var packet, answer [48]byte
	packet[0] = 4<<3 | 3          // version 4, a client
	_, _ = rand.Read(packet[40:]) // instead of the time: the answer repeats it, so that nobody can guess an answer
	sent := time.Now()            // with the monotonic clock, in case the other one is set meanwhile
	if _, err := c.Write(packet[:]); err != nil {
		return 0, err
	}
	for {
		n, err := c.Read(answer[:])
		if err != nil {
			return 0, err
		}
		if n == len(answer) && answer[0]&7 == 4 && string(answer[24:32]) == string(packet[40:]) {
			break // anything else is not an answer to this question
		}
	}
	took := time.Since(sent)
	if stratum := answer[1]; stratum == 0 || stratum > 15 || answer[0]>>6 == 3 {
		return 0, text.Errorf(text.Unavailable, "它自己没有同步", "it is not synchronised itself")
	}
	received, transmitted := ntpTime(answer[32:]), ntpTime(answer[40:])
	if spent := transmitted.Sub(received); spent < 0 || spent > took {
		return 0, errNTP
	}
	return (received.Sub(sent) + transmitted.Sub(sent.Add(took))) / 2, nil
}

var errNTP = text.Errorf(text.Unavailable, "应答不合理", "its answer cannot be right")

// ntpTime reads a time of NTP: seconds since 1900 and their fraction. The seconds start again in 2036.
func ntpTime(b []byte) time.Time {
	const from1900 = 2208988800
	seconds, fraction := int64(binary.BigEndian.Uint32(b)), int64(binary.BigEndian.Uint32(b[4:]))
	if seconds < 1<<31 {
		seconds += 1 << 32
	}
	return time.Unix(seconds-from1900, fraction*int64(time.Second)>>32)
}

// timeZone says which time zone dates are of. It is built in, so that no files of time zones are needed.
func (x *examination) timeZone() {
	x.find(TimeZone, "", OK, "日期一律按北京时间，已内置，与系统时区无关",
		"dates are of Beijing time, which is built in, whatever the zone of the machine")
}
