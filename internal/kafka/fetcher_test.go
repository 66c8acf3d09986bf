package kafka

import (
	"fmt"
	"slices"
	"testing"

	"github.com/twmb/franz-go/pkg/kfake"
	"github.com/twmb/franz-go/pkg/kgo"
)

func newTestFetcher(t *testing.T, cl *kfake.Cluster, cfg FetchConfig) *Fetcher {
	t.Helper()
	f := NewFetcher(newTestClient(t, cl), cfg)
	t.Cleanup(f.Close)
	return f
}

func fill(t *testing.T, cl *kfake.Cluster, topic string, partition int32, n int) (values []string) {
	t.Helper()
	p := newProducer(t, cl)
	for i := range n {
		v := fmt.Sprintf("v%d", i)
		produce(t, p, &kgo.Record{Topic: topic, Partition: partition, Value: []byte(v)})
		values = append(values, v)
	}
	return values
}

func TestFetchFromOffset(t *testing.T) {
	cl := newCluster(t, kfake.SeedTopics(1, "in"))
	want := fill(t, cl, "in", 0, 10)
	for _, from := range []int64{0, 4, 10} {
		f := newTestFetcher(t, cl, FetchConfig{})
		f.Assign(tp("in", 0), from)
		if got := readTo(t, f, tp("in", 0), 10); !slices.Equal(got, want[from:]) {
			t.Errorf("from %d: got %v, want %v", from, got, want[from:])
		}
	}
}
