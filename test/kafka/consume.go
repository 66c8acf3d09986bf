package kafkatest

import (
	"context"
	"fmt"
	"maps"
	"slices"
	"testing"

	"github.com/twmb/franz-go/pkg/kgo"
)

// ConsumeAll reads all committed records of a topic up to the high watermarks at
// the call, ordered by partition and offset. Open transactions below them are
// waited for.
func ConsumeAll(tb testing.TB, addr, topic string) []*kgo.Record {
	tb.Helper()
	return consume(tb, addr, topic, EndOffsets(tb, addr, topic), kgo.ReadCommitted())
}

// ConsumeStable reads all committed records of a topic up to the last stable
// offsets at the call, ordered by partition and offset. It waits for no
// transaction.
func ConsumeStable(tb testing.TB, addr, topic string) []*kgo.Record {
	tb.Helper()
	return consume(tb, addr, topic, StableOffsets(tb, addr, topic), kgo.ReadCommitted())
}

// ConsumeUncommitted reads all records of a topic up to the high watermarks at
// the call, ordered by partition and offset, those of open and of aborted
// transactions among them.
func ConsumeUncommitted(tb testing.TB, addr, topic string) []*kgo.Record {
	tb.Helper()
	return consume(tb, addr, topic, EndOffsets(tb, addr, topic), kgo.ReadUncommitted())
}

func consume(tb testing.TB, addr, topic string, ends Offsets, level kgo.IsolationLevel) []*kgo.Record {
	tb.Helper()
	ctx, cancel := context.WithTimeout(tb.Context(), patience)
	defer cancel()
	starts := StartOffsets(tb, addr, topic)
	r := reader{cl: Client(tb, addr), topic: topic, level: level}
	defer r.cl.Close()
	var all []*kgo.Record
	for _, p := range slices.Sorted(maps.Keys(ends[topic])) {
		got, err := r.read(ctx, p, starts[topic][p], ends[topic][p])
		if err != nil {
			tb.Fatalf("kafkatest: %v", err)
		}
		all = append(all, got...)
	}
	return all
}

// read returns the records with offsets in [from, to).
func (r *reader) read(ctx context.Context, partition int32, from, to int64) ([]*kgo.Record, error) {
	var all []*kgo.Record
	for pos := from; pos < to; {
		got, next, err := r.fetchRetrying(ctx, partition, pos)
		if err != nil {
			return nil, fmt.Errorf("read %s-%d at offset %d of %d: %w", r.topic, partition, pos, to, err)
		}
		for _, rec := range got {
			if rec.Offset < to {
				all = append(all, rec)
			}
		}
		pos = next
	}
	return all, nil
}
