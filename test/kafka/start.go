package kafkatest

import (
	"context"
	"os"
	"testing"

	"github.com/oncestream/oncestream/test/kafka/broker"
)

// EnvFast is the environment variable which, set to 1, leaves the real broker
// out, as -short does.
const EnvFast = "ONCESTREAM_FAST"

// Option changes how a broker is started.
type Option = broker.Option

// Property sets one property of the broker's configuration, over the default.
func Property(name, value string) Option { return broker.Property(name, value) }

// Broker is a broker of one test, which may kill it.
type Broker struct {
	// Addr is where clients connect to, host:port. A restart keeps it.
	Addr string

	tb testing.TB
	b  *broker.Broker
}

// Start starts a broker of the test's own and returns when it answers. It's
// stopped at the end of the test.
func Start(tb testing.TB, opts ...Option) *Broker {
	tb.Helper()
	skipFast(tb)
	b, err := broker.Start(tb.Context(), opts...)
	if err != nil {
		tb.Fatalf("kafkatest: %v", err)
	}
	k := &Broker{Addr: b.Addr, tb: tb, b: b}
	tb.Cleanup(k.Stop)
	return k
}

// Kill ends the broker with SIGKILL and keeps its data.
func (k *Broker) Kill() {
	k.tb.Helper()
	if err := k.b.Kill(); err != nil {
		k.tb.Fatalf("kafkatest: %v", err)
	}
}

// Restart starts the killed broker again, on the same address and data, and
// returns when it answers.
func (k *Broker) Restart() {
	k.tb.Helper()
	if err := k.b.Restart(k.tb.Context()); err != nil {
		k.tb.Fatalf("kafkatest: %v", err)
	}
}

// Stop ends the broker and removes its data. The end of the test calls it too.
// A failed test gets the end of the broker's log.
func (k *Broker) Stop() {
	k.tb.Helper()
	if k.b == nil {
		return
	}
	if k.tb.Failed() {
		k.tb.Logf("kafkatest: the broker's log ends with\n%s", k.b.LogTail())
	}
	if err := k.b.Stop(); err != nil {
		k.tb.Errorf("kafkatest: %v", err)
	}
	k.b = nil
}

func skipFast(tb testing.TB) {
	tb.Helper()
	if testing.Short() || os.Getenv(EnvFast) == "1" {
		tb.Skipf("needs a real Kafka, which -short and %s=1 leave out", EnvFast)
	}
}

// sharedContext outlives the test that happened to ask for the shared broker
// first.
func sharedContext() context.Context { return context.Background() }
