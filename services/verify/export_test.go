package verify

import "context"

// VerifySeals leaves out everything about the content of the records. What contradicts without it contradicts with it
// too, and a test of every byte has no time for both.
func VerifySeals(ctx context.Context, cfg Config) (*Verdict, error) { return verify(ctx, cfg, false) }
