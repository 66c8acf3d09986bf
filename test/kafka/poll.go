package kafkatest

import (
	"context"
	"testing"
	"time"
)

// patience is how long a helper waits for a condition before the test fails.
const patience = time.Minute

// poll asks until the answer is true, and fails the test when that takes too
// long. An error from ask fails the test at once: clients retry by themselves.
func poll(tb testing.TB, what string, ask func() (bool, error)) {
	tb.Helper()
	ctx, cancel := context.WithTimeout(tb.Context(), patience)
	defer cancel()
	tick := time.NewTicker(20 * time.Millisecond)
	defer tick.Stop()
	for {
		ok, err := ask()
		if err != nil {
			tb.Fatalf("kafkatest: wait for %s: %v", what, err)
		}
		if ok {
			return
		}
		select {
		case <-ctx.Done():
			tb.Fatalf("kafkatest: wait for %s: %v", what, ctx.Err())
		case <-tick.C:
		}
	}
}
