// Package naive computes money and alerts in the plainest way from their definitions: it recomputes everything from
// the list of events each time, and keeps no index. The evaluator of package aggregates is compared with it, so it
// shares none of that code.
package naive
