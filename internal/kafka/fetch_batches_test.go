package kafka

import (
	"errors"
	"slices"
	"sync/atomic"
	"testing"

	"github.com/twmb/franz-go/pkg/kfake"
	"github.com/twmb/franz-go/pkg/kmsg"

	"github.com/oncestream/oncestream/internal/record"
)

// TestAbortedTransactions reads a log with transactions of two producers that
// overlap, from each offset. The list of aborted ones is out of order.
func TestAbortedTransactions(t *testing.T) {
	log := []batch{
		{first: 0, last: 1, values: []string{"a0", "a1"}, attrs: attrTransactional, pid: 1},
		{first: 2, last: 0, values: []string{"b0"}, attrs: attrTransactional, pid: 2},
		{first: 3, last: 0, values: []string{"plain"}, pid: -1},
		{first: 4, control: abortKey, attrs: attrTransactional | attrControl, pid: 1},
		{first: 5, last: 0, values: []string{"a2"}, attrs: attrTransactional, pid: 1},
		{first: 6, control: commitKey, attrs: attrTransactional | attrControl, pid: 2},
		{first: 7, control: commitKey, attrs: attrTransactional | attrControl, pid: 1},
		{first: 8, last: 0, values: []string{"a3"}, attrs: attrTransactional, pid: 1},
		{first: 9, control: abortKey, attrs: attrTransactional | attrControl, pid: 1},
	}
	abortedList := []kmsg.FetchResponseTopicPartitionAbortedTransaction{aborted(1, 8), aborted(1, 0)}
	for _, tc := range []struct {
		committed bool
		want      []string
	}{
		{true, []string{"b0", "plain", "a2"}},
		{false, []string{"a0", "a1", "b0", "plain", "a2", "a3"}},
	} {
		cl := scriptLog(t, log, abortedList...)
		f := newTestFetcher(t, cl, FetchConfig{ReadCommitted: tc.committed})
		f.Assign(tp("in", 0), 0)
		if got := readTo(t, f, tp("in", 0), 10); !slices.Equal(got, tc.want) {
			t.Errorf("committed only %t: got %v, want %v", tc.committed, got, tc.want)
		}
	}
}

// TestPositionWithoutRecords covers responses that move the position and hold
// nothing for the consumer.
func TestPositionWithoutRecords(t *testing.T) {
	for name, log := range map[string][]batch{
		"control batch":   {{first: 0, control: commitKey, attrs: attrTransactional | attrControl, pid: 1}},
		"emptied batch":   {{first: 0, last: 4, pid: 1}},
		"emptied batches": {{first: 0, last: 1, pid: 1}, {first: 2, last: 2, pid: 1}},
		"records, then an emptied batch": {
			{first: 0, last: 0, values: []string{"a"}, attrs: attrTransactional, pid: 1},
			{first: 1, last: 3, pid: 1},
		},
	} {
		t.Run(name, func(t *testing.T) {
			cl := scriptLog(t, log, aborted(1, 0))
			f := newTestFetcher(t, cl, FetchConfig{ReadCommitted: true})
			f.Assign(tp("in", 0), 0)
			if got := readTo(t, f, tp("in", 0), endOf(log)); len(got) > 0 {
				t.Errorf("got %v", got)
			}
		})
	}
}

func TestTimestamps(t *testing.T) {
	for _, tc := range []struct {
		name  string
		attrs int16
		first int64
		want  int64
	}{
		{"create time", 0, 1700000000000, 1700000000000},
		{"log append time", attrLogAppend, 1600000000000, 1700000000001},
		{"no timestamp", 0, -1, -1},
		{"epoch", 0, 0, 0},
	} {
		t.Run(tc.name, func(t *testing.T) {
			b := batch{values: []string{"v"}, attrs: tc.attrs, firstTS: tc.first, maxTS: 1700000000001}
			cl := scriptLog(t, []batch{b})
			f := newTestFetcher(t, cl, FetchConfig{})
			f.Assign(tp("in", 0), 0)
			var r record.Record
			if c := nextChunk(t, f); !c.Read(&r) || r.Timestamp != tc.want {
				t.Errorf("timestamp %d, want %d", r.Timestamp, tc.want)
			}
		})
	}
}

func TestPartialTrailingBatch(t *testing.T) {
	a := batch{first: 0, values: []string{"a"}}
	b := batch{first: 1, values: []string{"b"}}
	cl := newCluster(t, kfake.SeedTopics(1, "in"))
	scriptFetch(cl, func(_ string, p kmsg.FetchRequestTopicPartition) (answer, bool) {
		switch p.FetchOffset {
		case 0:
			return answer{batches: append(a.bytes(), b.bytes()[:70]...), hw: 2}, true
		case 1:
			return answer{batches: b.bytes(), hw: 2}, true
		}
		return answer{hw: 2}, true
	})
	f := newTestFetcher(t, cl, FetchConfig{})
	f.Assign(tp("in", 0), 0)
	if got := readTo(t, f, tp("in", 0), 2); !slices.Equal(got, []string{"a", "b"}) {
		t.Errorf("got %v", got)
	}
}

// TestBatchLargerThanFetch serves brokers that cut a batch off instead of
// sending at least one (KIP-74): the fetcher has to ask for more.
func TestBatchLargerThanFetch(t *testing.T) {
	b := batch{values: []string{string(make([]byte, 5000))}}
	cl := newCluster(t, kfake.SeedTopics(1, "in"))
	scriptFetch(cl, func(_ string, p kmsg.FetchRequestTopicPartition) (answer, bool) {
		if p.FetchOffset > 0 {
			return answer{hw: 1}, true
		}
		whole := b.bytes()
		return answer{batches: whole[:min(len(whole), int(p.PartitionMaxBytes))], hw: 1}, true
	})
	f := newTestFetcher(t, cl, FetchConfig{PartitionBytes: 200})
	f.Assign(tp("in", 0), 0)
	if got := readTo(t, f, tp("in", 0), 1); len(got) != 1 || len(got[0]) != 5000 {
		t.Errorf("got %d values", len(got))
	}
}

// TestCorruptPartition damages one of two partitions: it's reported, and the
// other one is read.
func TestCorruptPartition(t *testing.T) {
	good := batch{values: []string{"good"}}
	bad := good.bytes()
	bad[len(bad)-3] ^= 1
	cl := newCluster(t, kfake.SeedTopics(2, "in"), kfake.NumBrokers(1))
	scriptFetch(cl, func(_ string, p kmsg.FetchRequestTopicPartition) (answer, bool) {
		switch {
		case p.Partition == 1:
			return answer{batches: bad, hw: 1}, true
		case p.FetchOffset == 0:
			return answer{batches: good.bytes(), hw: 1}, true
		}
		return answer{hw: 1}, true
	})
	f := newTestFetcher(t, cl, FetchConfig{})
	f.Assign(tp("in", 0), 0)
	f.Assign(tp("in", 1), 0)
	var reported error
	for read := int64(0); reported == nil || read < 1; {
		c := nextChunk(t, f)
		if c.Partition == 1 {
			reported = c.Err
		} else if c.Err != nil {
			t.Fatal(c.Err)
		} else {
			read = c.Next
		}
		c.Release()
	}
	if Classify(reported) != Fatal {
		t.Errorf("reported %v", reported)
	}
}

// TestDamageOnTheWay damages one response: what's in the log is read.
func TestDamageOnTheWay(t *testing.T) {
	good := batch{values: []string{"good"}}
	bad := good.bytes()
	bad[len(bad)-3] ^= 1
	var served atomic.Int32
	cl := newCluster(t, kfake.SeedTopics(1, "in"))
	scriptFetch(cl, func(_ string, p kmsg.FetchRequestTopicPartition) (answer, bool) {
		switch {
		case p.FetchOffset > 0:
			return answer{hw: 1}, true
		case served.Add(1) == 1:
			return answer{batches: bad, hw: 1}, true
		}
		return answer{batches: good.bytes(), hw: 1}, true
	})
	f := newTestFetcher(t, cl, FetchConfig{})
	f.Assign(tp("in", 0), 0)
	if got := readTo(t, f, tp("in", 0), 1); !slices.Equal(got, []string{"good"}) {
		t.Errorf("got %v", got)
	}
}

func TestOldMessageFormat(t *testing.T) {
	// A message set of version 1: offset, size, CRC, magic, attributes, timestamp,
	// null key and value.
	old := make([]byte, 34)
	old[11] = 22
	old[16] = 1
	copy(old[26:], []byte{0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff})
	crc := crcOf(old[16:])
	copy(old[12:], crc)
	cl := newCluster(t, kfake.SeedTopics(1, "in"))
	scriptFetch(cl, func(string, kmsg.FetchRequestTopicPartition) (answer, bool) {
		return answer{batches: old, hw: 1}, true
	})
	f := newTestFetcher(t, cl, FetchConfig{})
	f.Assign(tp("in", 0), 0)
	if c := nextChunk(t, f); !errors.Is(c.Err, ErrOldFormat) {
		t.Errorf("got %v", c.Err)
	}
}
