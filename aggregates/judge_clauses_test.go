package aggregates_test

// clause is a reason that refuses a record in either mode. Each must have a case.
type clause string

const (
	roleNotInTable        clause = "a role not in the table"
	notRegistered         clause = "an event of a center not registered"
	beforeRegistration    clause = "an event before the registration"
	secondRegistration    clause = "a second registration"
	secondVoucher         clause = "a second event creating a voucher"
	secondReversalVoucher clause = "a second event creating a reversal voucher"
	secondFund            clause = "a second event creating a grant or match"
	secondProject         clause = "a second event creating a project"
	secondTaskBook        clause = "a second event creating a task book"
	secondIncident        clause = "a second event creating an incident"
	secondListing         clause = "a second event creating a listing"
	secondTrial           clause = "a second event creating a trial"
	secondFinding         clause = "a second event creating a finding"
	secondGrade           clause = "a second grade.decided for a year"
	secondOrder           clause = "a second rectification.ordered for a year"
	secondPlaque          clause = "a second plaque.awarded"
	secondRevocation      clause = "a second qualification.revoked"
	noGrant               clause = "naming a grant that is not there"
	noMatch               clause = "naming a match that is not there"
	noProject             clause = "naming a project that is not there"
	noVoucher             clause = "naming a voucher that is not there"
	noTaskBook            clause = "naming a task book that is not there"
	noIncident            clause = "naming an incident that is not there"
	noListing             clause = "naming a listing that is not there"
	noFinding             clause = "naming a finding that is not there"
	noOrder               clause = "rectification without an order of that year"
	noDecision            clause = "grade.revised without a grade.decided"
	beforeNamed           clause = "an event dated before the event it names"
	badAmount             clause = "an amount not above zero or above 10^13"
	negativeOwn           clause = "a negative ownFen"
	negativeEquipment     clause = "a negative equipmentFen"
	badFiscalYear         clause = "a fiscal year that is not that of on or the next"
	receiptsAboveNet      clause = "receipts above the net grant or match"
	reversalBelowReceipts clause = "a reversal that takes the net below receipts less recoveries"
	recoveryAboveBalance  clause = "recovering more than the balance"
	wrongSort             clause = "a match where a grant is asked, or the other way round"
	reversedTwice         clause = "reversing a voucher twice"
	ruledReversed         clause = "ruling on a reversed voucher"
	closedNotOpen         clause = "closing an alert that is not open"
	closedNotClosable     clause = "closing an alert that cannot be closed"
	yearOutOfRange        clause = "a year outside 2000 to 2100"
	voidMissing           clause = "voiding what is not there"
	voidTwice             clause = "voiding what is already voided"
	voidVoiding           clause = "voiding a voiding"
	voidRegistration      clause = "voiding the registration"
	voidNeeded            clause = "voiding what a later record needs"
	badUSCC               clause = "a USCC of the wrong length or alphabet"
	notInPolicy           clause = "a grade or use that the policy does not have"
	notTheGrantor         clause = "a waiver, or its voiding, by a role that the policy does not name"
	tooMuchMoney          clause = "more money than one center may speak of"
)

// clauses lists all clauses.
var clauses = []clause{roleNotInTable, notRegistered, beforeRegistration, secondRegistration, secondVoucher,
	secondReversalVoucher,
	secondFund, secondProject, secondTaskBook, secondIncident, secondListing, secondTrial, secondFinding, secondGrade,
	secondOrder,
	secondPlaque, secondRevocation, noGrant, noMatch, noProject, noVoucher, noTaskBook, noIncident, noListing,
	noFinding, noOrder,
	noDecision, beforeNamed, badAmount, negativeOwn, negativeEquipment, badFiscalYear, receiptsAboveNet,
	reversalBelowReceipts,
	recoveryAboveBalance, wrongSort, reversedTwice, ruledReversed, closedNotOpen, closedNotClosable, yearOutOfRange,
	voidMissing,
	voidTwice, voidVoiding, voidRegistration, voidNeeded, badUSCC, notInPolicy, notTheGrantor, tooMuchMoney}
