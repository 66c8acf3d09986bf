package op

import (
	"encoding/binary"
	"fmt"

	"github.com/oncestream/oncestream/internal/plan"
	"github.com/oncestream/oncestream/topology/internal/wire"
	"github.com/oncestream/oncestream/topology/serde"
)

// WaitForJoin holds the records of a stream back that is joined with a versioned
// table, until stream time is at least the grace past them, in milliseconds. Rows
// that come late have come by then. Records that are due leave in the order of
// time, then of the keys' bytes, then in that in which they came (KIP-923).
//
// A record that's later than the grace doesn't wait, nor does one without a key or
// a value, which has no row or is dropped. The order of time is kept beside the
// store.
func WaitForJoin[K, V any](n Node, grace int64, buffer *Buffer, k serde.Serde[K], v serde.Serde[V], join Func[K, V]) (Func[K, V], error) {
	w := &waitForJoin[K, V]{node: n, grace: grace, buffer: buffer, join: join, streamTime: -1, key: newScratch(k), value: newScratch(v)}
	remember(n, &w.streamTime)
	remember(n, &w.number)
	w.remember()
	w.streamTime = n.keepTime(plan.Timed{Due: w.next, Advance: w.advance})
	return w.process, w.load()
}

type waitForJoin[K, V any] struct {
	node   Node
	grace  int64
	buffer *Buffer
	join   Func[K, V]

	key   *scratch[K]
	value *scratch[V]
	// streamTime is the highest timestamp of the records that have waited. Unless the
	// grace is 0 the record that it's of waits still, so it survives restarts.
	streamTime int64
	waiting    dueHeap
	// number is that of the last record. It tells those of one key and time apart.
	number  uint32
	touched bool // since the record began that may be taken back
	// was is what's in the store, and is what it gets; entry is its key.
	was, is wire.Waiting
	entry   []byte
	encoded []byte
	o       Record[K, V]
}

// Around the key of a record there are a zero byte and its time, and its number.
const (
	beforeWaitingKey = 1 + 8
	afterWaitingKey  = 4
	maxWaitingNumber = 1<<31 - 1
)

// remember has the order of time follow the buffer when a record is taken back that
// has changed it.
func (w *waitForJoin[K, V]) remember() {
	if w.node.Env.Remember == nil {
		return
	}
	w.node.Env.Remember(plan.Memory{
		Mark: func() { w.touched = false },
		Undo: func() error {
			if !w.touched {
				return nil
			}
			time, number := w.streamTime, w.number
			w.waiting.clear()
			err := w.load()
			w.streamTime, w.number = time, number
			return err
		},
	})
}

// load takes in the records that waited when the task ended.
func (w *waitForJoin[K, V]) load() error {
	for e, err := range w.buffer.All() {
		if err == nil && len(e.Key) < beforeWaitingKey+afterWaitingKey {
			err = fmt.Errorf("the key %x of a waiting record is too short", e.Key)
		}
		if err != nil {
			return w.node.fail(err)
		}
		at := int64(binary.BigEndian.Uint64(e.Key[1:]))
		w.waiting.push(at, e.Key)
		w.streamTime = max(w.streamTime, at)
		w.number = max(w.number, binary.BigEndian.Uint32(e.Key[len(e.Key)-afterWaitingKey:]))
	}
	return nil
}

func (w *waitForJoin[K, V]) process(r *Record[K, V]) error {
	if r.NullKey || r.NullValue || r.Timestamp < w.streamTime-w.grace {
		return w.join(r)
	}
	w.node.at()
	w.touched = true
	if err := w.keep(r); err != nil {
		return w.node.fail(err)
	}
	return w.sendDue()
}

// sendDue has the records joined that are due by stream time.
func (w *waitForJoin[K, V]) sendDue() error {
	for w.waiting.len() > 0 && w.waiting.first().at <= w.streamTime-w.grace {
		if err := w.send(); err != nil {
			return err
		}
	}
	return nil
}

// next returns the stream time at which a record is due.
func (w *waitForJoin[K, V]) next() int64 {
	if w.waiting.len() == 0 {
		return plan.Never
	}
	return plus(w.waiting.first().at, w.grace)
}

// advance has the records joined that are due once an idle timeout has moved stream
// time.
func (w *waitForJoin[K, V]) advance(to int64) error {
	w.streamTime = max(w.streamTime, to)
	return w.sendDue()
}

// keep puts a record into the buffer.
func (w *waitForJoin[K, V]) keep(r *Record[K, V]) error {
	key, err := w.key.bytes(r.Key, false)
	if err != nil {
		return fmt.Errorf("serialize the key: %w", err)
	}
	value, err := w.value.bytes(r.Value, false)
	if err != nil {
		return fmt.Errorf("serialize the value: %w", err)
	}
	w.number = (w.number + 1) & maxWaitingNumber
	w.entry = binary.BigEndian.AppendUint64(append(w.entry[:0], 0), uint64(r.Timestamp))
	w.entry = binary.BigEndian.AppendUint32(append(w.entry, key...), w.number)
	from := &w.node.Env.From
	w.is = wire.Waiting{
		Timestamp: r.Timestamp, Offset: from.Offset, Topic: from.Topic, Partition: from.Partition,
		Headers: r.Headers, New: value,
	}
	w.encoded = wire.AppendWaiting(w.encoded[:0], &w.is)
	if err := w.buffer.Put(w.entry, w.encoded, r.Timestamp); err != nil {
		return err
	}
	w.waiting.push(r.Timestamp, w.entry)
	w.streamTime = max(w.streamTime, r.Timestamp)
	return nil
}

// send has the record joined that is due first, as one that was just read.
func (w *waitForJoin[K, V]) send() error {
	w.node.at()
	if err := w.take(); err != nil {
		return w.node.fail(err)
	}
	from := w.node.Env.From
	w.node.Env.From = plan.Origin{Topic: w.was.Topic, Partition: w.was.Partition, Offset: w.was.Offset}
	err := sendDue(w.node, w.join, &w.o)
	w.node.Env.From = from
	return err
}

// take takes the record that is due first out of the buffer.
func (w *waitForJoin[K, V]) take() error {
	entry := w.waiting.first().key
	b, _, found, err := w.buffer.Get(entry)
	if err != nil {
		return err
	}
	if !found {
		return fmt.Errorf("key %x isn't in the buffer any more", entry)
	}
	// The store's memory may be used again before the headers are written.
	w.encoded = append(w.encoded[:0], b...)
	if err := w.was.Read(w.encoded); err != nil {
		return err
	}
	w.o = Record[K, V]{Timestamp: w.was.Timestamp, Headers: w.was.Headers}
	if w.o.Key, err = w.key.serde.Decode(entry[beforeWaitingKey : len(entry)-afterWaitingKey]); err != nil {
		return fmt.Errorf("deserialize the key: %w", err)
	}
	if w.o.Value, _, err = decode(w.value.serde, w.was.New); err != nil {
		return err
	}
	if err := w.buffer.Delete(entry, w.streamTime); err != nil {
		return err
	}
	w.waiting.pop()
	return nil
}
