// Package fake gives tests a fake Kafka inside the process, for what must be
// fast and for errors that a real broker can't be asked for.
package fake

import (
	"strings"
	"testing"

	"github.com/twmb/franz-go/pkg/kfake"
)

// Start starts a fake cluster which is closed at the end of the test. It has
// three brokers unless the options say otherwise, and creates no topics on
// request of a client.
func Start(tb testing.TB, opts ...kfake.Opt) *kfake.Cluster {
	tb.Helper()
	c, err := kfake.NewCluster(opts...)
	if err != nil {
		tb.Fatalf("fake: %v", err)
	}
	tb.Cleanup(c.Close)
	return c
}

// Addr returns the addresses of a cluster in the form that the helpers of
// package kafkatest take.
func Addr(c *kfake.Cluster) string { return strings.Join(c.ListenAddrs(), ",") }
