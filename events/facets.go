package events

// Facets is what a reader asks of a record of any kind: how much money, about what, which name it takes and which it uses.
type Facets struct {
	AmountFen Fen    // that it moves, of a voucher without the center's own money; 0 for none
	Subject   string // the grant, match, voucher, task book, alert and so on that it is about; "" for none
	Creates   Name   // which no other record of the center may create; the zero Name for none
	Field     string // of the record, that holds the name it creates
	Refers    Name   // which an earlier record of the center created, of the thing it is about; the zero Name for none
}

// Name is an id among those of one space, such as the vouchers of a center. A space is called as the member of data that
// holds its ids.
type Name struct{ Space, ID string }

// faceted is a payload that has facets.
type faceted interface{ facets() Facets }

// FacetsOf returns the facets of a payload, none for a kind without the method facets.
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

// of returns the facets with an amount.
func (f Facets) of(amountFen Fen) Facets {
	f.AmountFen = amountFen
	return f
}
