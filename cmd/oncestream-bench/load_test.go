package main

import (
	"io"
	"testing"
	"time"

	"github.com/twmb/franz-go/pkg/kgo"
)

// TestLoad loads a topic and checks that it holds what generate says, which a
// second run with the same flags says as well.
func TestLoad(t *testing.T) {
	c, adm := fakeBroker(t)
	addr := c.ListenAddrs()[0]
	args := []string{"load", "-brokers", addr, "-topic", "loaded", "-partitions", "3", "-records", "500", "-keys", "10",
		"-value-size", "33", "-seed", "7", "-from", "1000", "-span", "50s"}
	if err := command(t.Context(), args, io.Discard, io.Discard); err != nil {
		t.Fatal(err)
	}
	ends, err := adm.ListEndOffsets(t.Context(), "loaded")
	if err != nil {
		t.Fatal(err)
	}
	if n := len(ends["loaded"]); n != 3 {
		t.Errorf("%d partitions, want 3", n)
	}
	type contents struct {
		key, value string
		at         int64
	}
	f, err := parseLoad(args[1:], io.Discard)
	if err != nil {
		t.Fatal(err)
	}
	want := map[contents]int{}
	last := int64(0)
	for r := range f.generate() {
		last = r.Timestamp.UnixMilli()
		want[contents{string(r.Key), string(r.Value), last}]++
		if len(r.Value) != 33 {
			t.Fatalf("a value of %d bytes, want 33", len(r.Value))
		}
	}
	if last != 1000+49_900 {
		t.Errorf("last timestamp %d, want %d", last, 1000+49_900)
	}
	cl, err := kgo.NewClient(kgo.SeedBrokers(addr), kgo.ConsumeTopics("loaded"), kgo.FetchMaxWait(100*time.Millisecond))
	if err != nil {
		t.Fatal(err)
	}
	defer cl.Close()
	for range 500 {
		fetches := cl.PollRecords(t.Context(), 1)
		if err := fetches.Err(); err != nil {
			t.Fatal(err)
		}
		r := fetches.Records()[0]
		k := contents{string(r.Key), string(r.Value), r.Timestamp.UnixMilli()}
		if want[k]--; want[k] < 0 {
			t.Fatalf("record %+v wasn't generated", k)
		}
	}
}
