package aggregates

import "github.com/taizhang/taizhang/events"

// offices says, by code, which authority of article 4 must act so that an alert does not open, or ends: the S&T office
// leads recognition and grading (R04-2, R04-5), the Department of Finance arranges and allocates the money (R04-7), local
// government answers for what it committed (R04-9), the center for its reports, organs, trials and spending. The auditor
// decides whether a finding is closed, but the center must do what closes it.
var offices = map[Code]events.Role{
	"AL-ADM-01": events.STOffice, "AL-ADM-02": events.STOffice, "AL-ADM-03": events.STOffice,
	"AL-PRC-01": events.STOffice, "AL-PRC-02": events.STOffice, "AL-PRC-03": events.STOffice,
	"AL-TSK-01": events.CenterRole, "AL-TSK-02": events.CenterRole, "AL-GOV-01": events.CenterRole,
	"AL-SAF-01": events.CenterRole, "AL-INC-01": events.CenterRole, "AL-INC-02": events.CenterRole, "AL-ETH-01": events.CenterRole,
	"AL-RPT-01": events.CenterRole, "AL-RPT-02": events.CenterRole, "AL-RPT-03": events.CenterRole,
	"AL-EVL-01": events.STOffice, "AL-EVL-02": events.STOffice, "AL-EVL-03": events.CenterRole,
	"AL-AWD-01": events.Finance, "AL-AWD-02": events.Finance,
	"AL-PRJ-01": events.Finance, "AL-PRJ-02": events.Finance, "AL-PRJ-03": events.Finance, "AL-PRJ-04": events.Finance,
	"AL-FND-01": events.Finance, "AL-FND-03": events.CenterRole,
	"AL-USE-01": events.CenterRole, "AL-USE-02": events.STOffice, "AL-USE-03": events.CenterRole,
	"AL-EXE-01": events.CenterRole, "AL-EXE-02": events.CenterRole, "AL-EXE-03": events.Finance, "AL-EXE-04": events.Finance,
	"AL-EXE-05": events.Finance,
	"AL-OUT-01": events.CenterRole, "AL-OUT-02": events.CenterRole,
	"AL-MAT-01": events.LocalGov,
	"AL-RCT-01": events.STOffice, "AL-RCT-02": events.CenterRole, "AL-ITV-01": events.STOffice,
	"AL-REV-01": events.STOffice, "AL-REV-02": events.Finance, "AL-REV-03": events.STOffice,
	"AL-AUD-01":  events.CenterRole,
	LedgerBroken: events.Admin,
}

// Office returns the authority that must act on an alert; "" for a code that the catalog does not have.
func Office(code Code) events.Role { return offices[code] }
