package aggregates

// Engine is the version of the judgement: of which alerts there are, with which severity and dates. It is raised when a
// change of the program judges the same events, policies and date differently. A consumer of alerts compares it, so that
// it does not mistake a change of the program for a change of the facts. What an explanation shows is not part of it.
const Engine = 1
