package aggregates

// Engine is the version of the judgement: of which alerts exist, with which severity and dates. It is raised when a
// change of the program judges the same events, policies and date differently. A consumer of alerts compares it, so
// that a change of the program does not look like a change of the facts. The figures of explanations are not part of
// it.
const Engine = 1
