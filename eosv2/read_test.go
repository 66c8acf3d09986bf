package eosv2

import (
	"context"
	"errors"
	"slices"
	"testing"
	"time"

	"github.com/twmb/franz-go/pkg/kadm"
	"github.com/twmb/franz-go/pkg/kerr"
	"github.com/twmb/franz-go/pkg/kgo"
)

// readCommitted returns the committed records of a topic up to its last stable
// offsets, ordered by partition and offset. It uses another client library
// than the producer, so that the two can't agree on a mistake.
func readCommitted(t testing.TB, addrs []string, topic string) []*kgo.Record {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), 2*time.Minute)
	defer cancel()
	cl, err := kgo.NewClient(kgo.SeedBrokers(addrs...), kgo.FetchIsolationLevel(kgo.ReadCommitted()),
		// Control records show where a partition's transactions end.
		kgo.KeepControlRecords(), kgo.FetchMaxWait(50*time.Millisecond))
	must(t, err)
	defer cl.Close()
	ends, err := kadm.NewClient(cl).ListCommittedOffsets(ctx, topic)
	must(t, err)
	must(t, ends.Error())
	left := make(map[int32]int64)
	from := make(map[int32]kgo.Offset)
	ends.Each(func(o kadm.ListedOffset) {
		if o.Offset > 0 {
			left[o.Partition] = o.Offset
			from[o.Partition] = kgo.NewOffset().At(0)
		}
	})
	cl.AddConsumePartitions(map[string]map[int32]kgo.Offset{topic: from})
	var recs []*kgo.Record
	for len(left) > 0 {
		fs := cl.PollFetches(ctx)
		if err := fs.Err(); err != nil {
			t.Fatalf("reading %s with %d records so far and %v left: %v", topic, len(recs), left, err)
		}
		fs.EachRecord(func(r *kgo.Record) {
			if r.Offset+1 >= left[r.Partition] {
				delete(left, r.Partition)
			}
			if !r.Attrs.IsControl() {
				recs = append(recs, r)
			}
		})
	}
	slices.SortStableFunc(recs, func(a, b *kgo.Record) int {
		if a.Partition != b.Partition {
			return int(a.Partition - b.Partition)
		}
		return int(a.Offset - b.Offset)
	})
	return recs
}

// values returns the values of one partition's records.
func values(recs []*kgo.Record, partition int32) []string {
	var vs []string
	for _, r := range recs {
		if r.Partition == partition {
			vs = append(vs, string(r.Value))
		}
	}
	return vs
}

// wantValues compares the committed values of one partition.
func (c *cluster) wantValues(t testing.TB, topic string, partition int32, want ...string) {
	t.Helper()
	if got := values(readCommitted(t, c.ListenAddrs(), topic), partition); !slices.Equal(got, want) {
		t.Fatalf("%s-%d holds %v, want %v", topic, partition, got, want)
	}
}

// committedOffset returns the group's committed offset, -1 without one.
func (c *cluster) committedOffset(t testing.TB, group, topic string, partition int32) (int64, string) {
	t.Helper()
	cl, err := kgo.NewClient(kgo.SeedBrokers(c.ListenAddrs()...))
	must(t, err)
	defer cl.Close()
	os, err := kadm.NewClient(cl).FetchOffsets(t.Context(), group)
	if errors.Is(err, kerr.GroupIDNotFound) {
		return -1, ""
	}
	must(t, err)
	o, ok := os.Lookup(topic, partition)
	if !ok {
		return -1, ""
	}
	return o.At, o.Metadata
}
