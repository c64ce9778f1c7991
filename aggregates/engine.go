package aggregates

// Engine is the version of the judgement.
const Engine = 1
