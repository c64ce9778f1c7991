package console

import (
	"bytes"
	"strconv"

	"github.com/taizhang/taizhang/events"
	"github.com/taizhang/taizhang/events/text"
	"github.com/taizhang/taizhang/services/desk"
	"github.com/taizhang/taizhang/services/table"
)

// yearlyPolicy forbids the yearly report everything except its own styles, and the icon that browsers ask for.
const yearlyPolicy = "default-src 'none'; style-src 'unsafe-inline'; img-src 'self'; base-uri 'none'; " +
	"form-action 'none'; frame-ancestors 'none'"

// yearly answers with the yearly report of the province or a center, as a page of its own to print and file: by
// default of the last year. Its bytes are those of the report as a file, so they can be compared with the ledger.
func (v *visit) yearly() error {
	year, err := v.on.Year()-1, error(nil)
	if typed := v.param("year"); typed != "" {
		year, err = strconv.Atoi(typed)
	}
	if err != nil {
		return text.Errorf(text.Invalid, "“%s”应为年份，如 %d", "%q must be a year, such as %d", short(v.param("year")),
			v.on.Year()-1)
	}
	unit := v.unit
	if unit == "" {
		unit = table.Yuan
	}
	r := desk.YearlyRequest{Year: year, Center: v.param("center"), Unit: string(unit), Lang: v.lang}
	if err := r.Check(); err != nil {
		return err
	}
	center := events.ParseCenter(r.Center)
	end, err := v.turn(center)
	if err != nil {
		return err
	}
	var page bytes.Buffer
	err = v.desk.Yearly(v.Context(), v.when, r, &page)
	end()
	if err != nil {
		return err
	}
	h := v.w.Header()
	h.Set("Content-Security-Policy", yearlyPolicy)
	h.Set("Content-Type", "text/html; charset=utf-8")
	h.Set("Content-Language", v.lang)
	h.Set("Content-Length", strconv.Itoa(page.Len()))
	_, _ = v.w.Write(page.Bytes()) // the browser may have closed the connection
	return nil
}
