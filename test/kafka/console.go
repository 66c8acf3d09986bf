package kafkatest

import (
	"fmt"
	"strings"
	"testing"

	"github.com/oncestream/oncestream/test/kafka/broker"
)

// ConsoleConsumer reads a topic with Kafka's own console consumer, read_committed
// and from the beginning, until it has count records, and returns a line for
// each. A record that doesn't come within the patience of this package fails the
// test. More arguments, such as --property print.key=true, may follow.
func ConsoleConsumer(tb testing.TB, addr, topic string, count int, args ...string) []string {
	tb.Helper()
	skipFast(tb)
	args = append([]string{
		"--topic", topic, "--from-beginning", "--isolation-level", "read_committed",
		"--max-messages", fmt.Sprint(count), "--timeout-ms", fmt.Sprint(patience.Milliseconds()),
	}, args...)
	out, err := broker.ConsoleConsumer(tb.Context(), addr, args...)
	if err != nil {
		tb.Fatalf("kafkatest: %v", err)
	}
	lines := strings.Split(strings.TrimSuffix(string(out), "\n"), "\n")
	if len(lines) != count {
		tb.Fatalf("kafkatest: the console consumer printed %d lines of %d:\n%s", len(lines), count, out)
	}
	return lines
}
