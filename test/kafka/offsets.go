package kafkatest

import (
	"context"
	"testing"

	"github.com/twmb/franz-go/pkg/kadm"
)

// Offsets are offsets by topic and partition.
type Offsets map[string]map[int32]int64

// EndOffsets returns the high watermarks of the topics' partitions.
func EndOffsets(tb testing.TB, addr string, topics ...string) Offsets {
	tb.Helper()
	return listed(tb, topics, Admin(tb, addr).ListEndOffsets)
}

// StableOffsets returns the last stable offsets of the topics' partitions: the
// first offset of the oldest open transaction, or the high watermark.
func StableOffsets(tb testing.TB, addr string, topics ...string) Offsets {
	tb.Helper()
	return listed(tb, topics, Admin(tb, addr).ListCommittedOffsets)
}

// StartOffsets returns the first offsets of the topics' partitions.
func StartOffsets(tb testing.TB, addr string, topics ...string) Offsets {
	tb.Helper()
	return listed(tb, topics, Admin(tb, addr).ListStartOffsets)
}

func listed(tb testing.TB, topics []string, ask func(context.Context, ...string) (kadm.ListedOffsets, error)) Offsets {
	tb.Helper()
	got, err := ask(tb.Context(), topics...)
	if err == nil {
		err = got.Error()
	}
	if err != nil {
		tb.Fatalf("kafkatest: list offsets of %v: %v", topics, err)
	}
	offsets := make(Offsets)
	got.Each(func(o kadm.ListedOffset) { offsets.set(o.Topic, o.Partition, o.Offset) })
	for _, t := range topics {
		if len(offsets[t]) == 0 {
			tb.Fatalf("kafkatest: list offsets: there's no topic %s", t)
		}
	}
	return offsets
}

// CommittedOffsets returns the offsets that a group has committed.
func CommittedOffsets(tb testing.TB, addr, group string) Offsets {
	tb.Helper()
	got, err := Admin(tb, addr).FetchOffsets(tb.Context(), group)
	if err == nil {
		err = got.Error()
	}
	if err != nil {
		tb.Fatalf("kafkatest: offsets of group %s: %v", group, err)
	}
	offsets := make(Offsets)
	got.Each(func(o kadm.OffsetResponse) { offsets.set(o.Topic, o.Partition, o.At) })
	return offsets
}

// DescribeGroup returns what the broker knows of a group: its state, its
// members and their assignments. A group that isn't there has the state Dead.
func DescribeGroup(tb testing.TB, addr, group string) kadm.DescribedGroup {
	tb.Helper()
	got, err := Admin(tb, addr).DescribeGroups(tb.Context(), group)
	if err != nil {
		tb.Fatalf("kafkatest: describe group %s: %v", group, err)
	}
	return got[group]
}

func (o Offsets) set(topic string, partition int32, offset int64) {
	if o[topic] == nil {
		o[topic] = make(map[int32]int64)
	}
	o[topic][partition] = offset
}
