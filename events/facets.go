package events

// Facets holds the values that a record can have whatever its kind: its amount, its subject, the name that it creates
// and the name to which it refers.
type Facets struct {
	AmountFen Fen    // the amount that it moves, for a voucher without the center's own money; 0 for none
	Subject   string // the id of the grant, match, voucher, task book, alert and so on that it is about; "" for none
	// the name that it creates, which no other record of the center may create; the zero Name for none
	Creates Name
	Field   string // the field of the record with the name that it creates
	Refers  Name   // the name of its subject, which an earlier record of the center created; the zero Name for none
}

// Name is an id in one name space, such as the vouchers of a center. A name space is called like the member of data
// that holds its ids.
type Name struct{ Space, ID string }

// faceted is a payload that has facets.
type faceted interface{ facets() Facets }

// FacetsOf returns the facets of a payload. They are zero for a kind without the method facets.
func FacetsOf(data Payload) Facets {
	if p, ok := data.(faceted); ok {
		return p.facets()
	}
	return Facets{}
}

func creates(space, id string) Facets {
	return Facets{Subject: id, Creates: Name{space, id}, Field: "data." + space}
}

func refers(space, id string) Facets { return Facets{Subject: id, Refers: Name{space, id}} }

// of returns a copy of the facets with an amount.
func (f Facets) of(amountFen Fen) Facets {
	f.AmountFen = amountFen
	return f
}
