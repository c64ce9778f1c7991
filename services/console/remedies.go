package console

import (
	"strconv"

	"github.com/taizhang/taizhang/aggregates"
	"github.com/taizhang/taizhang/events"
	"github.com/taizhang/taizhang/services/access"
)

// remedy is a record that clears an alert, or the next step towards it.
type remedy struct {
	kind   events.Kind
	member string // the member of its data that the key of the alert fills in; "" for none
	after  int    // years to add to a key that is a year
}

// remedies are the records that clear the alerts of each code, the usual one first. They repeat in kinds what Cleared
// of the catalog has in words. An alert that is closable is also cleared by alert.closed, and that of a step of
// recognition by the step that is its key.
var remedies = map[aggregates.Code][]remedy{
	"AL-ADM-02": {{kind: events.KindWaiverGranted, member: "rule"}},
	"AL-PRC-03": {{kind: events.KindJointAppraisalHeld}},
	"AL-TSK-01": {{kind: events.KindTaskBookFiled}},
	"AL-TSK-02": {{kind: events.KindTaskBookFiled}},
	"AL-GOV-01": {{kind: events.KindGovernanceRecorded, member: "item"}},
	"AL-INC-01": {{kind: events.KindIncidentClosed, member: "incident"}},
	"AL-INC-02": {{kind: events.KindCreditDelisted, member: "listing"}},
	"AL-ETH-01": {{kind: events.KindFactsChanged}},
	"AL-RPT-01": {{kind: events.KindAnnualReportFiled, member: "year"}},
	"AL-RPT-02": {{kind: events.KindAnnualReportReviewed, member: "year"}},
	"AL-RPT-03": {{kind: events.KindFinalReportFiled}},
	"AL-EVL-01": {{kind: events.KindGradeDecided, member: "year"}},
	"AL-EVL-03": {{kind: events.KindTaskBookFiled}},
	"AL-AWD-01": {{kind: events.KindSubsidyReversed, member: "grant"}},
	"AL-AWD-02": {{kind: events.KindSubsidyGranted, member: "forYear"}, deferral,
		{kind: events.KindGradeRevised, member: "year"}},
	"AL-PRJ-01": {{kind: events.KindSubsidyReversed, member: "grant"}},
	"AL-PRJ-02": {{kind: events.KindSubsidyReversed, member: "grant"}},
	"AL-PRJ-03": {{kind: events.KindSubsidyReversed}},
	"AL-PRJ-04": {{kind: events.KindSubsidyReversed, member: "grant"}},
	"AL-FND-01": {{kind: events.KindSubsidyReceived, member: "grant"},
		{kind: events.KindSubsidyReversed, member: "grant"}, {kind: events.KindAllocationDeferred}},
	"AL-FND-03": {{kind: events.KindSpendingReversed, member: "voucher"}},
	"AL-USE-01": {{kind: events.KindSpendingReversed, member: "voucher"},
		{kind: events.KindUseRuled, member: "voucher"}},
	"AL-USE-02": {{kind: events.KindUseRuled, member: "voucher"},
		{kind: events.KindSpendingReversed, member: "voucher"}},
	"AL-EXE-01": {{kind: events.KindFundsSpent}},
	"AL-EXE-02": {deferral},
	"AL-EXE-03": {{kind: events.KindSubsidyReversed, member: "grant"}},
	"AL-EXE-04": {deferral},
	"AL-EXE-05": {{kind: events.KindSubsidyReversed, member: "grant"}},
	"AL-OUT-01": {{kind: events.KindSpendingReversed, member: "voucher"}},
	"AL-OUT-02": {{kind: events.KindSeparateAccountConfirmed, member: "taskBook"},
		{kind: events.KindSpendingReversed}},
	"AL-MAT-01": {{kind: events.KindMatchingReceived, member: "match"}},
	"AL-RCT-01": {{kind: events.KindRectificationOrdered, member: "year"},
		{kind: events.KindGradeRevised, member: "year"}},
	"AL-RCT-02": {{kind: events.KindRectificationSubmitted, member: "year"},
		{kind: events.KindRectificationAccepted, member: "year"}, {kind: events.KindGradeRevised, member: "year"}},
	"AL-ITV-01": {{kind: events.KindInterviewHeld, member: "year"},
		{kind: events.KindGradeRevised, member: "year"}},
	"AL-REV-01": {{kind: events.KindQualificationRevoked}, {kind: events.KindGradeRevised}},
	"AL-REV-03": {{kind: events.KindGradeDecided}, {kind: events.KindGradeRevised}},
	"AL-AUD-01": {{kind: events.KindAuditFindingClosed, member: "finding"}},
}

// deferral is the decision about the year after a low one. Its release clears no open alert: the ledger refuses it
// where no deferral is in force, and a deferral has cleared the alerts.
var deferral = remedy{events.KindAllocationDeferred, "fiscalYear", 1}

// remediesOf returns the records that clear an alert.
func remediesOf(code aggregates.Code, key string) []remedy {
	list := remedies[code]
	if code == "AL-PRC-02" && events.Lookup(events.Kind(key)) != nil {
		list = []remedy{{kind: events.Kind(key)}}
	}
	if row := aggregates.LookupAlert(code); row != nil && row.Closable {
		list = append(list[:len(list):len(list)], remedy{kind: events.KindAlertClosed})
	}
	return list
}

// isBy reports whether a role may write the record.
func (r *remedy) isBy(role access.Role) bool {
	kind := events.Lookup(r.kind)
	return kind != nil && kind.Allows(role.Ledger())
}

// params returns the parameters that fill in the form of the record about an alert: names and values in turn.
func (r *remedy) params(center string, code aggregates.Code, key string) []string {
	list := []string{"center", center}
	switch {
	case r.kind == events.KindAlertClosed:
		return append(list, "code", string(code), "key", key)
	case r.member == "":
		return list
	case r.after != 0:
		year, err := strconv.Atoi(key)
		if err != nil {
			return list
		}
		key = strconv.Itoa(year + r.after)
	}
	return append(list, r.member, key)
}

// isOf reports whether the inbox of a role lists an alert: the role is responsible for it, or the role supports the
// responsible one and writes a record that clears it. An industry department and an auditor are responsible for no
// alert (article 4), but write reviews, incidents and findings.
func isOf(code aggregates.Code, role access.Role) bool {
	if aggregates.Office(code) == role.Ledger() {
		return true
	}
	switch role {
	case access.IndustryDept, access.LocalGov, access.Auditor:
		for _, r := range remedies[code] {
			if r.isBy(role) {
				return true
			}
		}
	}
	return false
}
