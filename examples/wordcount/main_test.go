package main

import (
	"context"
	"encoding/binary"
	"maps"
	"testing"

	"github.com/twmb/franz-go/pkg/kfake"
	"github.com/twmb/franz-go/pkg/kgo"
	"go.uber.org/goleak"

	"github.com/oncestream/oncestream"
)

func TestMain(m *testing.M) {
	// sarama's metrics share one ticker for the whole process, which nobody stops.
	goleak.VerifyTestMain(m, goleak.IgnoreTopFunction("github.com/rcrowley/go-metrics.(*meterArbiter).tick"))
}

// start runs the example. The context ends with it, however that comes about;
// stop ends it and fails the test if it didn't go well.
func start(t *testing.T, brokers []string, stateDir string) (ctx context.Context, stop func()) {
	t.Helper()
	ctx, cancel := context.WithCancel(t.Context())
	done := make(chan error, 1)
	go func() {
		defer cancel()
		done <- run(ctx, "lines", "word-counts", oncestream.Config{ApplicationID: "wordcount", Brokers: brokers, StateDir: stateDir})
	}()
	return ctx, func() {
		t.Helper()
		cancel()
		if err := <-done; err != nil {
			t.Error(err)
		}
	}
}

// counts reads the output until all words have reached the wanted counts. It
// fails the test at a count which isn't one above the word's last.
func counts(ctx context.Context, t *testing.T, cl *kgo.Client, last, want map[string]int64) {
	t.Helper()
	for !maps.Equal(last, want) {
		fetches := cl.PollFetches(ctx)
		if err := fetches.Err(); err != nil {
			t.Errorf("%v; counts %v", err, last)
			return
		}
		for it := fetches.RecordIter(); !it.Done(); {
			r := it.Next()
			n := int64(binary.BigEndian.Uint64(r.Value))
			if n != last[string(r.Key)]+1 {
				t.Errorf("%s has count %d after %d", r.Key, n, last[string(r.Key)])
			}
			last[string(r.Key)] = n
		}
	}
}

// TestWordCount counts, stops, and goes on counting from where it was.
func TestWordCount(t *testing.T) {
	c, err := kfake.NewCluster(kfake.NumBrokers(1), kfake.SeedTopics(2, "lines", "word-counts"))
	if err != nil {
		t.Fatal(err)
	}
	defer c.Close()
	cl, err := kgo.NewClient(
		kgo.SeedBrokers(c.ListenAddrs()...),
		kgo.ConsumeTopics("word-counts"),
		kgo.FetchIsolationLevel(kgo.ReadCommitted()),
	)
	if err != nil {
		t.Fatal(err)
	}
	defer cl.Close()
	say := func(lines ...string) {
		t.Helper()
		for _, l := range lines {
			if err := cl.ProduceSync(t.Context(), &kgo.Record{Topic: "lines", Value: []byte(l)}).FirstErr(); err != nil {
				t.Fatal(err)
			}
		}
	}
	stateDir := t.TempDir()
	last := map[string]int64{}

	say("to be or not to be", "", "that is the question")
	ctx, stop := start(t, c.ListenAddrs(), stateDir)
	counts(ctx, t, cl, last, map[string]int64{"to": 2, "be": 2, "or": 1, "not": 1, "that": 1, "is": 1, "the": 1, "question": 1})
	stop()

	say("the question is not  the answer")
	ctx, stop = start(t, c.ListenAddrs(), stateDir)
	defer stop()
	counts(ctx, t, cl, last, map[string]int64{
		"to": 2, "be": 2, "or": 1, "not": 2, "that": 1, "is": 2, "the": 3, "question": 2, "answer": 1,
	})
}
