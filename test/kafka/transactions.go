package kafkatest

import (
	"slices"
	"testing"

	"github.com/twmb/franz-go/pkg/kadm"
)

// open are the states of a transaction that isn't decided, or whose markers
// aren't written everywhere.
var open = []string{"Ongoing", "PrepareCommit", "PrepareAbort", "PrepareEpochFence"}

// OpenTransactions returns the transactional ids with an open transaction, in
// order. With ids it looks at these alone, so that other tests on the same
// broker don't show up.
func OpenTransactions(tb testing.TB, addr string, ids ...string) []string {
	tb.Helper()
	got, err := Admin(tb, addr).ListTransactions(tb.Context(), nil, open)
	if err != nil {
		tb.Fatalf("kafkatest: list transactions: %v", err)
	}
	found := got.TransactionalIDs()
	if len(ids) > 0 {
		found = slices.DeleteFunc(found, func(id string) bool { return !slices.Contains(ids, id) })
	}
	return found
}

// OpenProducers returns the producers that have an open transaction in the
// topics' partitions, which holds back the last stable offset. It also finds
// those that the transaction coordinator has forgotten.
func OpenProducers(tb testing.TB, addr string, topics ...string) []kadm.DescribedProducer {
	tb.Helper()
	set := make(kadm.TopicsSet)
	for topic, partitions := range EndOffsets(tb, addr, topics...) {
		for p := range partitions {
			set.Add(topic, p)
		}
	}
	got, err := Admin(tb, addr).DescribeProducers(tb.Context(), set)
	if err != nil {
		tb.Fatalf("kafkatest: describe producers of %v: %v", topics, err)
	}
	var found []kadm.DescribedProducer
	got.EachPartition(func(p kadm.DescribedProducersPartition) {
		if p.Err != nil {
			tb.Fatalf("kafkatest: describe producers of %s-%d: %v", p.Topic, p.Partition, p.Err)
		}
		p.ActiveProducers.Each(func(d kadm.DescribedProducer) {
			if d.CurrentTxnStartOffset >= 0 {
				found = append(found, d)
			}
		})
	})
	return found
}
