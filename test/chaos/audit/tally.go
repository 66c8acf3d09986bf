package audit

import (
	"encoding/binary"
	"fmt"
)

// tally judges counters: the outputs of a key must be 1, 2, ... n, each once,
// and the changelog must end at n. The models of the counting workloads differ
// in what they count and under which key.
type tally struct {
	noTable
	report   Report
	counters map[string]*counter
	// ordered says that the records of a key come from one partition. Then not
	// only the last timestamp but the one of each output is known.
	ordered bool
	log     snapshot
	// logKey returns the changelog's key of a counter.
	logKey func(outputKey string) []byte
}

// counter is what's known of one key.
type counter struct {
	// n is the count that the input leads to.
	n int
	// maxTS is the highest timestamp of the n records.
	maxTS int64
	// stamps[i] is the highest timestamp of the first i+1 records.
	stamps []int64
	seq    sequence
	// partition is where the key's first output was, -1 before.
	partition int32
}

func newTally(ordered bool) *tally {
	return &tally{
		counters: map[string]*counter{},
		ordered:  ordered,
		log:      newSnapshot(),
		logKey:   func(k string) []byte { return []byte(k) },
	}
}

// add counts a record under the key of its output.
func (t *tally) add(key string, timestamp int64) {
	c := t.counters[key]
	if c == nil {
		c = &counter{partition: -1, maxTS: timestamp}
		t.counters[key] = c
	}
	c.n++
	c.maxTS = max(c.maxTS, timestamp)
	if t.ordered {
		c.stamps = append(c.stamps, c.maxTS)
	}
	t.report.Expected++
}

// Output takes a record of the output topic.
func (t *tally) Output(r Record) {
	t.report.Output++
	if r.Key == nil || len(r.Value) != 8 {
		t.report.add(Wrong, "%s: key %q with value %x isn't a counter", r.At(), r.Key, r.Value)
		return
	}
	v := int64(binary.BigEndian.Uint64(r.Value))
	c := t.counters[string(r.Key)]
	if c == nil {
		t.report.add(Unexpected, "%s: key %q with count %d: no input leads to this key", r.At(), r.Key, v)
		return
	}
	c.place(&t.report, r)
	if v < 1 || v > int64(c.n) {
		t.report.add(Unexpected, "%s: key %q has count %d, but %d input records", r.At(), r.Key, v, c.n)
		return
	}
	if k, ok := c.seq.see(int(v) - 1); !ok {
		t.report.add(k, "%s: key %q has count %d, after count %d", r.At(), r.Key, v, c.seq.next)
	}
	if t.ordered && r.Timestamp != c.stamps[v-1] {
		t.report.add(Wrong, "%s: key %q, count %d has timestamp %d, not %d", r.At(), r.Key, v, r.Timestamp, c.stamps[v-1])
	}
}

// place checks that all outputs of a key are in one partition.
func (c *counter) place(rep *Report, r Record) {
	switch {
	case c.partition < 0:
		c.partition = r.Partition
	case c.partition != r.Partition:
		rep.add(Misplaced, "%s: key %q was in partition %d before", r.At(), r.Key, c.partition)
	}
}

// Changelog takes a record of the store's changelog.
func (t *tally) Changelog(r Record) { t.log.put(r) }

// Report returns what's wrong.
func (t *tally) Report() *Report {
	t.report.Changelog = t.log.records
	want := map[string]cell{}
	for key, c := range t.counters {
		c.seq.missing(c.n, func(i int) {
			t.report.add(Lost, "key %q: count %d of %d is missing from the output", key, i+1, c.n)
		})
		want[string(t.logKey(key))] = cell{value: string(binary.BigEndian.AppendUint64(nil, uint64(c.n))), timestamp: c.maxTS}
	}
	t.log.compare(&t.report, want)
	return &t.report
}

// keyed returns an error for a record without a key, which these workloads
// can't be judged by: it depends on the type of the key whether it's dropped.
func keyed(r Record) error {
	if r.Key == nil {
		return fmt.Errorf("%s: an input record has no key", r.At())
	}
	return nil
}
