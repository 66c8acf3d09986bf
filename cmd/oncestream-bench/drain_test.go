package main

import (
	"context"
	"errors"
	"testing"
	"time"

	"github.com/twmb/franz-go/pkg/kadm"
	"github.com/twmb/franz-go/pkg/kerr"
	"github.com/twmb/franz-go/pkg/kfake"
	"github.com/twmb/franz-go/pkg/kgo"
	"go.uber.org/goleak"
)

func TestMain(m *testing.M) {
	// sarama's metrics share one ticker for the whole process, which nobody stops.
	goleak.VerifyTestMain(m, goleak.IgnoreTopFunction("github.com/rcrowley/go-metrics.(*meterArbiter).tick"))
}

// fakeBroker starts a broker with the topics in and table, of two partitions
// each.
func fakeBroker(t *testing.T) (*kfake.Cluster, *admin) {
	t.Helper()
	c, err := kfake.NewCluster(kfake.NumBrokers(1), kfake.SeedTopics(2, "in", "table"))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(c.Close)
	adm, err := newAdmin(c.ListenAddrs())
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(adm.Close)
	return c, adm
}

// produce writes n records to partition 0 of a topic.
func produce(t *testing.T, c *kfake.Cluster, topic string, n int) {
	t.Helper()
	cl, err := kgo.NewClient(kgo.SeedBrokers(c.ListenAddrs()...), kgo.RecordPartitioner(kgo.ManualPartitioner()))
	if err != nil {
		t.Fatal(err)
	}
	defer cl.Close()
	for range n {
		r := &kgo.Record{Topic: topic, Key: []byte("k"), Value: []byte("v")}
		if err := cl.ProduceSync(t.Context(), r).FirstErr(); err != nil {
			t.Fatal(err)
		}
	}
}

// commit commits an offset of partition 0.
func commit(t *testing.T, adm *admin, topic string, at int64) {
	t.Helper()
	o := kadm.Offsets{}
	o.AddOffset(topic, 0, at, -1)
	if err := adm.CommitAllOffsets(t.Context(), "app", o); err != nil {
		t.Fatal(err)
	}
}

// stuck reports whether wait is still waiting after having looked once.
func stuck(t *testing.T, d *drain) bool {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), 2*pollInterval)
	defer cancel()
	err := d.wait(ctx)
	if err != nil && !errors.Is(err, context.DeadlineExceeded) {
		t.Fatal(err)
	}
	return err != nil
}

func TestDrain(t *testing.T) {
	c, adm := fakeBroker(t)
	produce(t, c, "in", 10)
	produce(t, c, "table", 3)
	commit(t, adm, "in", 4)
	d, err := newDrain(t.Context(), adm, "app", []string{"in", "table"}, nil)
	if err != nil {
		t.Fatal(err)
	}
	if n := d.records(); n != 9 {
		t.Errorf("%d records to go through, want 9: 6 of in, 3 of table", n)
	}
	produce(t, c, "in", 5) // comes after the end that counts
	commit(t, adm, "in", 10)
	if !stuck(t, d) {
		t.Error("it's over, though the table isn't read")
	}
	commit(t, adm, "table", 3)
	if err := d.wait(t.Context()); err != nil {
		t.Error(err)
	}
}

func TestDrainRepartition(t *testing.T) {
	c, adm := fakeBroker(t)
	produce(t, c, "in", 2)
	d, err := newDrain(t.Context(), adm, "app", []string{"in"}, []string{"table"})
	if err != nil {
		t.Fatal(err)
	}
	produce(t, c, "table", 2) // what the input led to, after the start
	commit(t, adm, "in", 2)
	commit(t, adm, "table", 1)
	if !stuck(t, d) {
		t.Error("it's over, though the repartition topic isn't drained")
	}
	commit(t, adm, "table", 2)
	if err := d.wait(t.Context()); err != nil {
		t.Error(err)
	}
}

func TestDrainMissingTopic(t *testing.T) {
	_, adm := fakeBroker(t)
	_, err := newDrain(t.Context(), adm, "app", []string{"missing"}, nil)
	if !errors.Is(err, kerr.UnknownTopicOrPartition) {
		t.Errorf("error %v, want %v", err, kerr.UnknownTopicOrPartition)
	}
}

func TestCreateOutput(t *testing.T) {
	_, adm := fakeBroker(t)
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	defer cancel()
	// The second time the topic is there.
	for range 2 {
		if err := createOutput(ctx, adm, "in", "out"); err != nil {
			t.Fatal(err)
		}
	}
	topics, err := adm.ListTopics(ctx, "out")
	if err != nil {
		t.Fatal(err)
	}
	if n := len(topics["out"].Partitions); n != 2 {
		t.Errorf("%d partitions, want 2 as the input has", n)
	}
	if err := createOutput(ctx, adm, "missing", "out"); !errors.Is(err, kerr.UnknownTopicOrPartition) {
		t.Errorf("a missing input: error %v, want %v", err, kerr.UnknownTopicOrPartition)
	}
}
