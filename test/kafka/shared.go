package kafkatest

import (
	"fmt"
	"os"
	"sync"
	"testing"

	"github.com/oncestream/oncestream/test/kafka/broker"
)

// shared is the broker of the test process. It's a variable of the package
// because tests that know nothing of each other share it; it's locked, and set
// at most once.
var shared struct {
	sync.Mutex
	b   *broker.Broker
	err error
}

// Shared returns the addresses, separated by commas, of a broker that other
// tests use as well: those of KAFKA_BOOTSTRAP if it's set, else of one that is
// started at the first call in this process. Tests take topic, group and
// transactional names of their own (see Unique). A package that calls it should
// run its tests through Main; without that the broker is killed, and its data
// removed, as soon as the process is gone.
func Shared(tb testing.TB) string {
	tb.Helper()
	skipFast(tb)
	if addr := os.Getenv(broker.EnvBootstrap); addr != "" {
		return addr
	}
	shared.Lock()
	defer shared.Unlock()
	if shared.b == nil && shared.err == nil {
		shared.b, shared.err = broker.Start(sharedContext())
	}
	if shared.err != nil {
		tb.Fatalf("kafkatest: %v", shared.err)
	}
	return shared.b.Addr
}

// Main runs a package's tests and stops the shared broker after them. It's
// called by TestMain, and ends the process.
func Main(m *testing.M) {
	code := m.Run()
	if err := stopShared(); err != nil {
		fmt.Fprintf(os.Stderr, "kafkatest: %v\n", err)
		code = max(code, 1)
	}
	os.Exit(code)
}

// StopShared stops the shared broker, if one was started. It's for packages
// whose TestMain does more than Main.
func StopShared() error { return stopShared() }

func stopShared() error {
	shared.Lock()
	defer shared.Unlock()
	if shared.b == nil {
		return nil
	}
	b := shared.b
	shared.b = nil
	return b.Stop()
}
