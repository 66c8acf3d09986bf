package kafka

import (
	"cmp"
	"encoding/binary"
	"fmt"
	"reflect"
	"slices"

	"github.com/IBM/sarama"
)

// abortMarker is the type of the control record that ends an aborted
// transaction.
const abortMarker = 0

// fetched is what a response holds for one partition.
type fetched struct {
	// batches are those with records for the consumer.
	batches []*sarama.RecordBatch
	next    int64
	// bytes is the size of their keys, values and headers.
	bytes int
	// tooSmall says that not even the first batch fit into the response.
	tooSmall bool
}

// decodeBlock picks the batches a consumer at offset may see, and finds the
// position behind all batches. With committedOnly it leaves out those of aborted
// transactions.
func decodeBlock(block *sarama.FetchResponseBlock, offset int64, committedOnly bool) (fetched, error) {
	out := fetched{next: offset}
	var aborts *abortFilter
	if committedOnly {
		aborts = newAbortFilter(block.AbortedTransactions)
	}
	for _, set := range block.RecordsSet {
		b := set.RecordBatch
		if b == nil || b.Version < 2 {
			return out, fmt.Errorf("offset %d: %w", out.next, ErrOldFormat)
		}
		if b.PartialTrailingRecord {
			out.tooSmall = len(out.batches) == 0 && out.next == offset
			break
		}
		visible, err := aborts.visible(b)
		if err != nil {
			return out, err
		}
		out.next = max(out.next, b.LastOffset()+1)
		if visible && b.LastOffset() >= offset {
			out.batches = append(out.batches, b)
			out.bytes += size(b)
		}
	}
	out.next = max(out.next, pastEmptyBatches(block))
	out.tooSmall = out.tooSmall || block.Partial
	return out, nil
}

// size adds up what a batch's records hold.
func size(b *sarama.RecordBatch) int {
	n := 0
	for _, rec := range b.Records {
		n += len(rec.Key) + len(rec.Value)
		for _, h := range rec.Headers {
			n += len(h.Key) + len(h.Value)
		}
	}
	return n
}

// pastEmptyBatches returns the position behind a response that holds nothing but
// batches without records, which compaction leaves behind, or -1. sarama drops
// such batches and keeps the position to itself. Asking from the same offset
// again would bring the same answer for ever.
func pastEmptyBatches(block *sarama.FetchResponseBlock) int64 {
	if len(block.RecordsSet) > 0 || block.Partial {
		return -1
	}
	next := reflect.ValueOf(block).Elem().FieldByName("recordsNextOffset")
	if !next.IsValid() || next.IsNil() {
		return -1
	}
	return next.Elem().Int()
}

// abortFilter tells which batches belong to aborted transactions. The broker
// lists every aborted transaction that overlaps the response, so nothing needs
// to be kept between responses.
type abortFilter struct {
	// pending are ordered by first offset, aborted are producers whose aborted
	// transaction has begun and not ended.
	pending []*sarama.AbortedTransaction
	aborted map[int64]bool
}

// newAbortFilter sorts the list: not every broker does.
func newAbortFilter(list []*sarama.AbortedTransaction) *abortFilter {
	f := &abortFilter{}
	if len(list) > 0 {
		f.aborted = make(map[int64]bool)
		f.pending = slices.SortedFunc(slices.Values(list), func(a, b *sarama.AbortedTransaction) int {
			return cmp.Compare(a.FirstOffset, b.FirstOffset)
		})
	}
	return f
}

// visible reports whether a batch's records are for the consumer. Batches come
// in the order of the log. A nil filter hides control batches alone.
func (f *abortFilter) visible(b *sarama.RecordBatch) (bool, error) {
	if f == nil {
		return !b.Control, nil
	}
	for len(f.pending) > 0 && f.pending[0].FirstOffset <= b.LastOffset() {
		f.aborted[f.pending[0].ProducerID] = true
		f.pending = f.pending[1:]
	}
	if b.Control {
		abort, err := isAbort(b)
		if abort {
			delete(f.aborted, b.ProducerID)
		}
		return false, err
	}
	return !b.IsTransactional || !f.aborted[b.ProducerID], nil
}

// isAbort reads the key of a control record: version and type, two bytes each.
func isAbort(b *sarama.RecordBatch) (bool, error) {
	if len(b.Records) == 0 {
		return false, nil
	}
	key := b.Records[0].Key
	if len(key) < 4 {
		return false, fmt.Errorf("control record at offset %d: key of %d bytes: %w", b.FirstOffset, len(key), ErrCorrupt)
	}
	return binary.BigEndian.Uint16(key[2:]) == abortMarker, nil
}
