package console

import (
	"net/url"
	"slices"
	"strconv"

	"github.com/taizhang/taizhang/aggregates"
	"github.com/taizhang/taizhang/services/desk"
	"github.com/taizhang/taizhang/services/lists"
	"github.com/taizhang/taizhang/services/table"
)

// linksOf returns where the cells of each column of a list lead: a center to its page, an amount to the records that
// make it, a record to itself, an alert to its explanation.
func (v *visit) linksOf(q lists.Question, columns []table.Column) []rowLink {
	x := &linking{v: v, q: q, columns: columns, state: v.state().Encode(), center: columnAt(columns, "center")}
	links := make([]rowLink, len(columns))
	for i := range columns {
		links[i] = x.of(i)
	}
	return links
}

// linking makes the links of one answer.
type linking struct {
	v       *visit
	q       lists.Question
	columns []table.Column
	state   string // the part of each address that carries the state of the page
	center  int    // the column of the center; -1 for none
}

func (x *linking) of(i int) rowLink {
	c := &x.columns[i]
	switch {
	case c.Name == "center", c.Name == "name" && x.center >= 0:
		return func(row []table.Cell) string {
			if id := x.centerOf(row); id != "" {
				return x.address("/centers/"+url.PathEscape(id), "")
			}
			return ""
		}
	case c.Type == table.Money:
		return x.money(c)
	}
	switch c.Name {
	case "ratePercent":
		return x.why()
	case "position", "voucher", "subject", "kind":
		return x.record()
	case "code":
		return x.alert()
	case "key", "grant":
		return x.grant(i)
	}
	return nil
}

// address returns an address with a query, and the state of the page.
func (x *linking) address(path, query string) string {
	switch {
	case query == "":
		query = x.state
	case x.state != "":
		query += "&" + x.state
	}
	if query == "" {
		return path
	}
	return path + "?" + query
}

// query returns the query of an address: parameters, names and values in turn, without those that are empty. It keeps
// their order and escapes only the values, because each amount of a list has an address.
func query(params ...string) string {
	to := make([]byte, 0, 96)
	for i := 0; i < len(params); i += 2 {
		if params[i+1] == "" {
			continue
		}
		if len(to) > 0 {
			to = append(to, '&')
		}
		to = append(append(append(to, params[i]...), '='), url.QueryEscape(params[i+1])...)
	}
	return string(to)
}

// said returns the data of a cell of a row as text, or "".
func (x *linking) said(row []table.Cell, column string) string {
	i := columnAt(x.columns, column)
	if i < 0 {
		return ""
	}
	return row[i].CSV()
}

// centerOf returns the center of a row: that of its column, or the one that the question is about.
func (x *linking) centerOf(row []table.Cell) string {
	if x.center >= 0 {
		return row[x.center].CSV()
	}
	return string(x.q.Center())
}

// record leads to the record of a row.
func (x *linking) record() rowLink {
	if columnAt(x.columns, "id") < 0 {
		return nil
	}
	return func(row []table.Cell) string {
		center, id := x.centerOf(row), x.said(row, "id")
		if center == "" || id == "" {
			return ""
		}
		return x.address("/centers/"+url.PathEscape(center)+"/records/"+id, "")
	}
}

// alert leads to the explanation of an alert that is open or was.
func (x *linking) alert() rowLink {
	if columnAt(x.columns, "raisedOn") < 0 || x.q.List == "due" {
		return nil
	}
	return func(row []table.Cell) string {
		raised := x.said(row, "raisedOn")
		if raised == "" {
			return ""
		}
		return x.address(alertPath(x.centerOf(row), aggregates.Code(x.said(row, "code")), x.said(row, "key"), raised),
			"")
	}
}

// alertPath returns the path of the explanation of an alert, as that of the API.
func alertPath(center string, code aggregates.Code, key, raisedOn string) string {
	if center == "" {
		center = "-"
	}
	return "/centers/" + url.PathEscape(center) + "/alerts/" + string(code) + "/" + desk.KeyToken(key) + "/" + raisedOn
}

// grant leads to the account book of a grant or match.
func (x *linking) grant(i int) rowLink {
	switch x.q.List {
	case "ageing", "spending":
	case "delayed":
		if columnAt(x.columns, "what") < 0 {
			return nil
		}
	default:
		return nil
	}
	return func(row []table.Cell) string {
		center, grant := x.centerOf(row), row[i].CSV()
		if center == "" || grant == "" || x.said(row, "what") == "entitled" {
			return ""
		}
		return x.address(bookPath(center, grant), "")
	}
}

// bookPath returns the path of the account book of a grant or match.
func bookPath(center, grant string) string {
	return "/centers/" + url.PathEscape(center) + "/grants/" + url.PathEscape(grant)
}

// money leads from an amount to the records that make it: of a figure of one center directly, of a figure of several
// centers by the list of them.
func (x *linking) money(c *table.Column) rowLink {
	figure := figureOf(c.Name)
	switch {
	case figure != "" && x.center >= 0 && columnAt(x.columns, "fiscalYear") >= 0 && columnAt(x.columns, "scope") >= 0:
		return func(row []table.Cell) string {
			return x.trace(x.centerOf(row), x.said(row, "fiscalYear"), x.said(row, "scope"), figure)
		}
	case figure != "" && x.q.List == "execution":
		return x.narrower()
	case x.q.List == "spending" && columnAt(x.columns, "id") < 0: // subtotals
		by := x.q.Params["by"]
		return func(row []table.Cell) string {
			return x.address("/spending", query("center", x.centerOf(row), by, x.said(row, by)))
		}
	case x.q.List == "ageing" && x.center >= 0:
		return func(row []table.Cell) string {
			return x.address("/spending", query("center", x.centerOf(row)))
		}
	case columnAt(x.columns, "id") >= 0:
		return x.record()
	case x.center >= 0:
		return func(row []table.Cell) string {
			return x.address("/find", query("center", x.centerOf(row)))
		}
	}
	return nil
}

// why leads from the rate of a line of the execution report to why it is not what was reported.
func (x *linking) why() rowLink {
	if x.q.List != "execution" {
		return nil
	}
	all := x.v.whyAddress("figure", "executed")
	return func(row []table.Cell) string {
		return all + "&" + query("center", x.said(row, "center"), "region", x.said(row, "city"), "year",
			x.said(row, "fiscalYear"), "scope", x.said(row, "scope"))
	}
}

// figureOf returns the figure of the execution report that a column of amounts has, or "".
func figureOf(column string) string {
	for i := range lists.Figures {
		if column == lists.Figures[i].Name+"Fen" {
			return lists.Figures[i].Name
		}
	}
	return ""
}

// trace returns the address of the records that make a figure.
func (x *linking) trace(center, year, scope, figure string) string {
	return x.address("/trace", query("center", center, "figure", figure, "scope", scope, "year", year))
}

// narrower leads from a line about several centers to the lines of the centers.
func (x *linking) narrower() rowLink {
	by := x.q.Params["by"]
	if by == "" || !slices.Contains([]string{"city", "region", "total"}, by) {
		return nil
	}
	return func(row []table.Cell) string {
		region := ""
		if by != "total" {
			region = x.said(row, by)
		}
		return x.address("/execution", query("region", region, "scope", x.said(row, "scope"), "year",
			x.said(row, "fiscalYear")))
	}
}

// isByCenter reports whether the lines of a question about the execution of money are those of single centers.
func isByCenter(q lists.Question) bool { return q.Params["by"] == "" || q.Params["by"] == "center" }

// totalsOf returns where the totals of each column of a list lead: to the amounts that they are made of. These are the
// lines of the centers, or all rows of the list, the largest amount first. count is the number of its rows.
func (v *visit) totalsOf(q lists.Question, columns []table.Column, count int) []rowLink {
	links := make([]rowLink, len(columns))
	orders, err := q.Orders()
	if err != nil {
		return links
	}
	page := ""
	if count > pageRows {
		page = "all"
	}
	for i := range columns {
		largest := columns[i].Name + "-desc"
		if columns[i].Type != table.Money || count > wholeMax || !orders.Has(largest) {
			continue
		}
		params := []string{"sort", largest, "page", page}
		if q.List == "execution" && !isByCenter(q) {
			params = []string{"by", "", "sort", "", "page", ""}
		}
		links[i] = func(row []table.Cell) string {
			params := slices.Clone(params)
			if q.List == "execution" { // it has a total for each year and scope
				params = append(params, "year", row[columnAt(columns, "fiscalYear")].CSV(), "scope",
					row[columnAt(columns, "scope")].CSV())
			}
			if href := v.here(params...); href != v.here() {
				return href
			}
			return "" // it is this page
		}
	}
	return links
}

func appendInt(to []byte, n int64) []byte { return strconv.AppendInt(to, n, 10) }
