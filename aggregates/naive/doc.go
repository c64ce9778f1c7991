// Package naive is the plainest reading of the definitions of money and alerts: it recomputes everything from the
// list of events, each time anew, and keeps no index. It is the yardstick that the evaluator of package aggregates is
// measured against, so it shares none of its code.
package naive
