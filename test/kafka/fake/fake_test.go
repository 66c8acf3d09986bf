package fake_test

import (
	"testing"

	"github.com/twmb/franz-go/pkg/kfake"
	"github.com/twmb/franz-go/pkg/kgo"

	"github.com/oncestream/oncestream/test/kafka"
	"github.com/oncestream/oncestream/test/kafka/fake"
)

// The helpers for the real broker work on the fake one.
func TestStart(t *testing.T) {
	addr := fake.Addr(fake.Start(t, kfake.NumBrokers(1)))
	kafkatest.CreateTopic(t, addr, "in", 2, nil)
	kafkatest.ProduceTo(t, addr,
		&kgo.Record{Topic: "in", Partition: 1, Value: []byte("b")},
		&kgo.Record{Topic: "in", Partition: 0, Value: []byte("a")},
	)
	got := kafkatest.ConsumeAll(t, addr, "in")
	if len(got) != 2 || string(got[0].Value) != "a" || string(got[1].Value) != "b" {
		t.Fatalf("got %v", got)
	}
	if end := kafkatest.EndOffsets(t, addr, "in"); end["in"][0] != 1 || end["in"][1] != 1 {
		t.Errorf("end offsets: %v", end)
	}
}
