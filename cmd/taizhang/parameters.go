package main

import (
	"bytes"
	"fmt"
	"strings"

	"github.com/go-json-experiment/json"
	"github.com/go-json-experiment/json/jsontext"

	"github.com/taizhang/taizhang/aggregates/policy"
	"github.com/taizhang/taizhang/events"
	"github.com/taizhang/taizhang/events/text"
	"github.com/taizhang/taizhang/services/table"
)

// parametersOf lists the parameters of a policy in the order of its own text.
func parametersOf(p *policy.Policy) ([][]table.Cell, error) {
	var whole struct {
		Parameters jsontext.Value `json:"parameters"`
	}
	if err := json.Unmarshal(p.Text(), &whole); err != nil {
		return nil, fmt.Errorf("taizhang: read policy: %w", err)
	}
	dec := jsontext.NewDecoder(bytes.NewReader(whole.Parameters))
	if _, err := dec.ReadToken(); err != nil {
		return nil, fmt.Errorf("taizhang: read policy: %w", err)
	}
	var rows [][]table.Cell
	for dec.PeekKind() == '"' {
		name, err := dec.ReadToken()
		if err != nil {
			return nil, fmt.Errorf("taizhang: read policy: %w", err)
		}
		title := name.String()
		var v policy.Parameter[jsontext.Value]
		if err := json.UnmarshalDecode(dec, &v); err != nil {
			return nil, fmt.Errorf("taizhang: read policy: %w", err)
		}
		rows = append(rows, []table.Cell{table.Text(title), parameterValue(v), table.Text(v.Unit), table.Text(v.Article), table.Text(v.Words), table.Text(v.Open)})
	}
	return rows, nil
}

// parameterValue shows an amount in yuan and a list without its brackets.
func parameterValue(v policy.Parameter[jsontext.Value]) table.Cell {
	raw := strings.Trim(string(v.Value), `"`)
	var amount int64
	if v.Unit == "fen" && json.Unmarshal(v.Value, &amount) == nil {
		return table.Cell{Data: raw, Shown: text.Say("%s 元", "%s yuan", events.FormatYuan(events.Fen(amount)))}
	}
	var list []string
	if json.Unmarshal(v.Value, &list) == nil {
		raw = strings.Join(list, " ")
	}
	return table.Text(raw)
}
