package statestore

import (
	"testing"

	"go.uber.org/goleak"
)

// TestMain checks that no goroutine is left. Pebble leaves one behind when its Open
// fails; a DB that isn't closed has others, which aren't ignored.
func TestMain(m *testing.M) {
	goleak.VerifyTestMain(m,
		goleak.IgnoreTopFunction("github.com/cockroachdb/pebble/v2.(*ConcurrencyLimitScheduler).periodicGranter"))
}
