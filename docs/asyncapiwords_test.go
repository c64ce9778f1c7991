package docs

// feedMeanings has one entry for each member of the messages of the feed that docs/json.md has not, or has another
// meaning for.
var feedMeanings = map[string]string{
	"Alert.state": "how the alert stands: `raised`, `cleared`, or `withdrawn` if by what is known now it " +
		"is not there",
	"Alert.center":    "the id of the center; empty for an alert of the policies",
	"Alert.clearedOn": "the day on which the alert cleared; null unless it is cleared",
	"Alert.policy":    "the policy that judges, as `id@version`; empty if the alert is withdrawn",
	"Alert.rules":     "the rules that the alert is about; none if it is withdrawn",
	"Alert.figures": "the figures that it rests on, with their thresholds, as of the message; none if it is " +
		"withdrawn",
	"Alert.cleared":      "what clears the alert or, if it is cleared, what did",
	"Alert.localGov":     "the local government that is responsible for the center (GB/T 2260); empty for none",
	"Alert.industryDept": "the name of the department that is responsible for the center; empty for none",
	"Alert.at":           "what the message knows",
	"Alert.restated":     "whether it is stated again by a new generation",
	"At.epoch": "when this life of the ledger began, RFC 3339 in UTC with microseconds, to be compared " +
		"as text; a restored ledger has a later one",
	"At.generation": "the generation of the stream; it rises when every alert is stated again",
	"At.engine":     "the version of the judgement",
	"At.position":   "the position of the last record that the message knows",
	"At.date":       "the day in Asia/Shanghai as of which it judges",
	"Head.at":       "all subjects are right as of this, if the phase is `end`",
	"Head.record":   "the id of the record at the position; empty before the first",
	"Head.phase": "`begin`: every alert is stated again, and messages of an earlier generation do not " +
		"count any more; `end`: whatever this generation has not stated is withdrawn",
	"Head.open": "how many alerts are open, if the phase is `end`; with `begin`, how many were by what " +
		"the stream had before",
	"Head.publisher":    "the process that wrote it; another one each time it starts",
	"Event.specversion": "the version of CloudEvents",
	"Event.id":          "a UUID of the subject, what the message knows, and the state; for tracing",
	"Event.source": "the ledger: a UUID that it keeps when it is restored; `urn:taizhang:empty` while it " +
		"has no record",
	"Event.type":            "what the message says",
	"Event.subject":         "the id of the center; missing if there is none",
	"Event.time":            "when the message was written",
	"Event.datacontenttype": "the media type of the data",
	"Event.dataschema":      "the $id of the JSON Schema of the data",
	"Event.data":            "the data",
}
