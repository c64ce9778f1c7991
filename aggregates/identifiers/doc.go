// Package identifiers reads the public identifiers that records carry: the unified social credit code of a unit
// (GB 32100-2015), the document number of an authority (发文字号) and the code of an administrative division
// (GB/T 2260).
//
// Parse functions take what a person typed, fold what is only typography (full-width letters, other brackets) and say
// what is left in its one normal form and how well formed it is. Parsing a normal form gives it back. What a doubtful
// identifier means for a record, a refusal or a warning, is the caller's to say.
package identifiers
