// Package demo makes the province of taizhang serve --demo, for the program and for tests: 80 centers up to yesterday,
// with work left for every office.
//
//	store, err := logstore.Open(dir, logstore.Options{})
//	p, err := demo.Fill(ctx, store, now) // before a ledger is opened over the store
//	for _, a := range p.Accounts() { … } // to be added to the accounts, with a password or token
//	err = p.WriteSheet(file)             // vouchers of p.Center with mistakes to mend
//
// A ledger in memory writes the records of services/simulator under a clock that follows the day on which each is
// entered, so that recordedAt is 0 to 20 days after the date of a record. The store gets copies of what was written.
// Its own clock, and that of a ledger opened over it, are not touched.
//
// What is left to do:
//   - at least 5 centers with a low year have no decision on their deferral
//   - at least 10 grades are overdue
//   - Province.Voided and Province.BackDated, both of Hangzhou and both entered at the end, change the rate as of
//     Province.ReportedOn from what was known then
//   - the sheet has good rows, and one row for each of Mistakes
//
// The same day gives the same records. The days that promise all of this are those from 2026 on.
package demo
