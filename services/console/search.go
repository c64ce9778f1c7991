package console

import (
	"fmt"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"

	"github.com/go-json-experiment/json"
	"github.com/google/uuid"

	"github.com/taizhang/taizhang/events"
	"github.com/taizhang/taizhang/services/lists"
)

// search leads from one box to whatever a user types: a center, a record by its id or position, an alert by its code
// or title, a date, a document number, or any text of a record.
func (v *visit) search() error {
	typed := strings.TrimSpace(v.query.Get("q"))
	if typed == "" {
		return v.seeOther(v.link("/find"))
	}
	if id := events.ParseCenter(typed); v.isCenter(id) {
		return v.seeOther(v.link("/centers/" + url.PathEscape(string(id))))
	}
	address, err := v.record(typed)
	if err != nil {
		return err
	}
	if address != "" {
		return v.seeOther(address)
	}
	if code, err := lists.ReadAlertCode(typed); err == nil {
		return v.seeOther(v.link("/alerts", "code", string(code)))
	}
	if day, err := events.ReadDate(typed); err == nil {
		return v.seeOther(v.link("/find", "from", day.String(), "to", day.String()))
	}
	if strings.ContainsAny(typed, "〔[［") {
		return v.seeOther(v.link("/find", "doc", typed))
	}
	return v.seeOther(v.link("/find", "text", typed))
}

// isCenter reports whether the user sees a center.
func (v *visit) isCenter(id events.CenterID) bool {
	_, err := v.desk.Center(v.Context(), v.when, string(id))
	return err == nil
}

// record returns the address of the record with an id or at a position, or "".
func (v *visit) record(typed string) (string, error) {
	if id, err := uuid.Parse(typed); err == nil {
		return v.recordOf(id)
	}
	position, err := strconv.ParseUint(strings.TrimPrefix(typed, "#"), 10, 64)
	if err != nil || position == 0 {
		return "", nil
	}
	address := ""
	err = v.desk.Events(v.Context(), position-1, 1, "", func(s *events.Stored) error {
		if center, isCenter := s.Stream.Center(); isCenter && s.Position == position {
			address = v.recordPath(string(center), s.ID.String())
		}
		return nil
	})
	return address, err
}

// recordOf returns the address of the record with an id, or "".
func (v *visit) recordOf(id uuid.UUID) (string, error) {
	kept, err := v.answer(v.questionOf("find", "text", id.String(), "voided", "true"), inJSON)
	if err != nil {
		return "", err
	}
	for row := range kept.Rows(0, kept.Count) {
		var found struct{ Center, ID string }
		if err := json.Unmarshal(row, &found, json.MatchCaseInsensitiveNames(true)); err != nil {
			return "", fmt.Errorf("console: read a record that was found: %w", err)
		}
		if found.Center != "" && found.ID == id.String() {
			return v.recordPath(found.Center, found.ID), nil
		}
	}
	return "", nil
}

// recordPath returns the address of the page of a record of a center.
func (v *visit) recordPath(center, id string) string {
	return v.link("/centers/" + url.PathEscape(center) + "/records/" + id)
}

// help lists the pages of the user, and the keys.
func (v *visit) help() error {
	page := &helpView{view: v.view()}
	for i := range v.p.screens {
		if s := &v.p.screens[i]; s.isListed() && slices.Contains(s.roles, v.who.Role) {
			page.Pages = append(page.Pages, menuItem{Title: s.title, Href: v.link(s.path)})
		}
	}
	v.show(http.StatusOK, "help", page)
	return nil
}
