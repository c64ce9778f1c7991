// Package identifiers reads the public identifiers in records: the unified social credit code of a unit (GB
// 32100-2015), the document number of an authority (发文字号) and the code of an administrative division (GB/T 2260).
//
// Parse functions accept a text as a person typed it, and fold differences of typography such as full-width letters
// and other brackets. They return the normal form of the identifier and whether it is well formed. Parsing a normal
// form returns the same normal form. The caller decides whether a doubtful identifier is refused or only gets a
// warning.
package identifiers
