package kafka

import (
	"context"
	"fmt"
	"os"
	"testing"
	"time"

	"github.com/twmb/franz-go/pkg/kfake"
	"github.com/twmb/franz-go/pkg/kgo"
	"go.uber.org/goleak"

	"github.com/oncestream/oncestream/internal/record"
	kafkatest "github.com/oncestream/oncestream/test/kafka"
)

func TestMain(m *testing.M) {
	code := m.Run()
	err := kafkatest.StopShared()
	if err == nil && code == 0 {
		// The tick is started once for each process by the metrics library of sarama.
		err = goleak.Find(goleak.IgnoreAnyFunction("github.com/rcrowley/go-metrics.(*meterArbiter).tick"))
	}
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		code = max(code, 1)
	}
	os.Exit(code)
}

// waitLimit ends a test that would otherwise wait for ever.
const waitLimit = 2 * time.Minute

func testContext(t *testing.T) context.Context {
	t.Helper()
	ctx, cancel := context.WithTimeout(context.Background(), waitLimit)
	t.Cleanup(cancel)
	return ctx
}

func newCluster(t *testing.T, opts ...kfake.Opt) *kfake.Cluster {
	t.Helper()
	cl, err := kfake.NewCluster(opts...)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(cl.Close)
	return cl
}

func newTestClient(t *testing.T, cl *kfake.Cluster) *Client {
	t.Helper()
	c, err := NewClient(cl.ListenAddrs(), nil, t.Name())
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := c.Close(); err != nil {
			t.Error(err)
		}
	})
	return c
}

// newProducer makes a producer of another implementation, so that what's read
// here isn't what was written here.
func newProducer(t *testing.T, cl *kfake.Cluster, opts ...kgo.Opt) *kgo.Client {
	t.Helper()
	opts = append([]kgo.Opt{
		kgo.SeedBrokers(cl.ListenAddrs()...),
		kgo.RecordPartitioner(kgo.ManualPartitioner()),
	}, opts...)
	p, err := kgo.NewClient(opts...)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(p.Close)
	return p
}

func produce(t *testing.T, p *kgo.Client, records ...*kgo.Record) {
	t.Helper()
	if err := p.ProduceSync(testContext(t), records...).FirstErr(); err != nil {
		t.Fatal(err)
	}
}

func tp(topic string, partition int32) record.TopicPartition {
	return record.TopicPartition{Topic: topic, Partition: partition}
}

// nextChunk returns the next valid chunk.
func nextChunk(t *testing.T, f *Fetcher) *Chunk {
	t.Helper()
	ctx := testContext(t)
	for {
		select {
		case c := <-f.Chunks():
			if f.Valid(c) {
				return c
			}
			c.Release()
		case <-ctx.Done():
			t.Fatal("no chunk arrived")
		}
	}
}

// readTo reads a partition until its position is next, and returns the values.
func readTo(t *testing.T, f *Fetcher, p record.TopicPartition, next int64) []string {
	t.Helper()
	var values []string
	for {
		c := nextChunk(t, f)
		if c.Err != nil {
			t.Fatal(c.Err)
		}
		if c.TopicPartition != p {
			t.Fatalf("chunk of %s, want %s", c.TopicPartition, p)
		}
		var r record.Record
		for c.Read(&r) {
			values = append(values, string(r.Value))
		}
		at := c.Next
		c.Release()
		if at > next {
			t.Fatalf("position %d, want to stop at %d", at, next)
		}
		if at == next {
			return values
		}
	}
}
