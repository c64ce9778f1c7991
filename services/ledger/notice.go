package ledger

// Notice is something that the operator of a ledger should find in its log.
type Notice struct {
	Severity Severity
	What     string
	Fields   []Field
}

// Severity is the severity of a Notice.
type Severity int

// These are the severities.
const (
	Information Severity = iota
	Warned               // it went well in the end
	Failed
)

// Field is a named value of a Notice: a number, a text or an error.
type Field struct {
	Name  string
	Value any
}

// position and reason return the fields that many notices have.
func position(p uint64) Field { return Field{"position", p} }
func reason(err error) Field  { return Field{"error", err} }

// notices passes notices to an operator, or drops them if it is nil.
type notices func(Notice)

func (n notices) say(s Severity, what string, fields ...Field) {
	if n != nil {
		n(Notice{s, what, fields})
	}
}
