package op

import (
	"fmt"
	"math"

	"github.com/oncestream/oncestream/internal/plan"
	"github.com/oncestream/oncestream/statestore"
	"github.com/oncestream/oncestream/topology/internal/wire"
	"github.com/oncestream/oncestream/topology/serde"
)

// Suppression says when changes that wait are passed on.
type Suppression[K, V any] struct {
	// Due returns the time that a change is ordered by. That of the first one of a row
	// counts for those that follow while it waits.
	Due func(*Record[K, Change[V]]) int64
	// Delay is how far stream time must be past it, in milliseconds.
	Delay int64
	// MaxRecords and MaxBytes are what may wait at most.
	MaxRecords, MaxBytes int64
	// Stop says that more than that is an error. Otherwise what is due first is passed
	// on early.
	Stop bool
	// Final says that deleted rows aren't passed on, and others once: what a change says of
	// the row before wasn't sent then. Otherwise it's what was passed on last.
	Final bool
}

// Unlimited is a limit that no buffer comes to.
const Unlimited = math.MaxInt64

// Buffer is the store of a suppressed table: the rows whose changes wait, by their
// keys' bytes.
type Buffer = statestore.KeyValue[[]byte, []byte]

// NewBuffer returns access to a buffer's store.
func NewBuffer(s *statestore.Store) (*Buffer, error) {
	return statestore.NewKeyValue[[]byte, []byte](s, rawBytes{}, rawBytes{})
}

// rawBytes passes bytes on as they are. What is read is valid until the store is
// used again.
type rawBytes struct{}

func (rawBytes) Append(dst, b []byte) ([]byte, error) { return append(dst, b...), nil }

func (rawBytes) Decode(b []byte) ([]byte, error) { return b, nil }

// Suppress holds the changes of a table back, the last one of each row, until
// they are due. The order of time is kept beside the store.
//
// Stream time starts with the latest timestamp that waits. The timestamps of the
// changelog's records are of no use for it: Kafka Streams writes the wall clock.
func Suppress[K, V any](n Node, s Suppression[K, V], buffer *Buffer, k serde.Serde[K], v serde.Serde[V],
	rows Rows[K, V], out Func[K, Change[V]]) (Func[K, Change[V]], error) {
	p := &suppress[K, V]{
		Suppression: s, node: n, buffer: buffer, rows: rows, out: out, streamTime: -1,
		key: newScratch(k), value: newScratch(v), old: newScratch(v),
	}
	remember(n, &p.streamTime)
	p.remember()
	p.streamTime = n.keepTime(plan.Timed{Due: p.next, Advance: p.advance})
	return p.process, p.load()
}

type suppress[K, V any] struct {
	Suppression[K, V]
	node   Node
	buffer *Buffer
	rows   Rows[K, V]
	out    Func[K, Change[V]]

	key        *scratch[K]
	value, old *scratch[V]
	streamTime int64
	waiting    dueHeap
	bytes      int64
	touched    bool // since the record began that may be taken back
	// again says that the row at hand was passed on before, though it's final: at the very
	// edge of its window, which takes records until stream time is later.
	again bool
	// was is what the store had, and is what it gets.
	was, is wire.Waiting
	encoded []byte
	o       Record[K, Change[V]]
}

// remember has the order of time follow the buffer when a record is taken back that
// has changed it.
func (s *suppress[K, V]) remember() {
	if s.node.Env.Remember == nil {
		return
	}
	s.node.Env.Remember(plan.Memory{
		Mark: func() { s.touched = false },
		Undo: func() error {
			if !s.touched {
				return nil
			}
			time := s.streamTime
			s.waiting.clear()
			s.bytes = 0
			err := s.load()
			s.streamTime = time
			return err
		},
	})
}

// load takes in what waited when the task ended.
func (s *suppress[K, V]) load() error {
	for e, err := range s.buffer.All() {
		if err == nil {
			err = s.was.Read(e.Value)
		}
		if err != nil {
			return s.node.fail(err)
		}
		s.waiting.push(s.was.Due, e.Key)
		s.bytes += s.was.Size(len(e.Key))
		s.streamTime = max(s.streamTime, s.was.Timestamp)
	}
	return nil
}

func (s *suppress[K, V]) process(r *Record[K, Change[V]]) error {
	s.node.at()
	s.touched = true
	s.streamTime = max(s.streamTime, r.Timestamp)
	if err := s.keep(r); err != nil {
		return s.node.fail(err)
	}
	if err := s.sendClosed(); err != nil {
		return err
	}
	for s.full() {
		if s.Stop {
			return s.node.fail(fmt.Errorf("the buffer is full: %d records (limit %d) and %d bytes (limit %d) wait",
				s.waiting.len(), s.MaxRecords, s.bytes, s.MaxBytes))
		}
		if err := s.send(); err != nil {
			return err
		}
	}
	return nil
}

// sendClosed passes on what is due by stream time.
func (s *suppress[K, V]) sendClosed() error {
	for s.waiting.len() > 0 && s.waiting.first().at <= s.streamTime-s.Delay {
		if err := s.send(); err != nil {
			return err
		}
	}
	return nil
}

// next returns the stream time at which something is due.
func (s *suppress[K, V]) next() int64 {
	if s.waiting.len() == 0 {
		return plan.Never
	}
	return plus(s.waiting.first().at, s.Delay)
}

// advance passes on what is due once an idle timeout has moved stream time.
func (s *suppress[K, V]) advance(to int64) error {
	s.streamTime, s.again = max(s.streamTime, to), false
	return s.sendClosed()
}

func (s *suppress[K, V]) full() bool {
	return int64(s.waiting.len()) > s.MaxRecords || s.bytes > s.MaxBytes
}

// keep puts a change into the buffer, in the place of one of the same row.
func (s *suppress[K, V]) keep(r *Record[K, Change[V]]) error {
	key, err := s.key.bytes(r.Key, false)
	if err != nil {
		return fmt.Errorf("serialize the key: %w", err)
	}
	value, err := s.value.bytes(r.Value.New, !r.Value.HasNew)
	if err != nil {
		return fmt.Errorf("serialize the value: %w", err)
	}
	b, _, found, err := s.buffer.Get(key)
	if err != nil {
		return err
	}
	from := &s.node.Env.From
	s.is = wire.Waiting{
		Timestamp: r.Timestamp, Offset: from.Offset, Topic: from.Topic, Partition: from.Partition,
		Headers: r.Headers, New: value, Due: s.Due(r),
	}
	if s.is.Old, err = s.old.bytes(r.Value.Old, !r.Value.HasOld); err != nil {
		return fmt.Errorf("serialize the old value: %w", err)
	}
	s.again = !found && r.Value.hadRow()
	if !found {
		s.is.Prior = s.prior(r)
		s.waiting.push(s.is.Due, key)
	} else if err := s.follow(b, len(key)); err != nil {
		return err
	}
	s.bytes += s.is.Size(len(key))
	s.encoded = wire.AppendWaiting(s.encoded[:0], &s.is)
	return s.buffer.Put(key, s.encoded, r.Timestamp)
}

// prior returns the row before a change that's the first one to wait. One that was never
// passed on is left out where old values are made use of; otherwise it's what Kafka
// Streams has, which no one can tell from one that was.
func (s *suppress[K, V]) prior(r *Record[K, Change[V]]) []byte {
	if r.Value.Unsent && s.rows.Old && !s.Final {
		return nil
	}
	return s.is.Old
}

// follow takes over from the change of the row that waited.
func (s *suppress[K, V]) follow(b []byte, key int) error {
	if err := s.was.Read(b); err != nil {
		return err
	}
	s.bytes -= s.was.Size(key)
	s.is.Prior, s.is.Due = s.was.Prior, s.was.Due
	return nil
}

// send passes the change on that is due first, as one of the record that made it.
// What it causes downstream still sees the row without it, as in Kafka Streams.
func (s *suppress[K, V]) send() error {
	s.node.at()
	kept, err := s.take()
	if err != nil {
		return s.node.fail(err)
	}
	if kept && (!s.Final || s.o.Value.HasNew) {
		from := s.node.Env.From
		s.node.Env.From = plan.Origin{Topic: s.was.Topic, Partition: s.was.Partition, Offset: s.was.Offset}
		err := sendDue(s.node, s.out, &s.o)
		s.node.Env.From = from
		if err != nil {
			return err
		}
	}
	if err := s.forget(); err != nil {
		return s.node.fail(err)
	}
	return nil
}

// take reads the change that is due first, and keeps its row.
func (s *suppress[K, V]) take() (kept bool, err error) {
	key := s.waiting.first().key
	b, _, found, err := s.buffer.Get(key)
	if err != nil {
		return false, err
	}
	if !found {
		return false, fmt.Errorf("key %x isn't in the buffer any more", key)
	}
	// The store's memory may be used again before the headers are written.
	s.encoded = append(s.encoded[:0], b...)
	if err := s.was.Read(s.encoded); err != nil {
		return false, err
	}
	if err := s.restore(key); err != nil {
		return false, err
	}
	return s.rows.keep(s.o.Key, &s.o.Value, s.o.Timestamp)
}

// forget takes what was sent out of the buffer.
func (s *suppress[K, V]) forget() error {
	key := s.waiting.first().key
	if err := s.buffer.Delete(key, s.streamTime); err != nil {
		return err
	}
	s.bytes -= s.was.Size(len(key))
	s.waiting.pop()
	return nil
}

// restore makes a record of the change that was read.
func (s *suppress[K, V]) restore(key []byte) (err error) {
	s.o = Record[K, Change[V]]{Timestamp: s.was.Timestamp, Headers: s.was.Headers}
	if s.o.Key, err = s.key.serde.Decode(key); err != nil {
		return fmt.Errorf("deserialize the key: %w", err)
	}
	c := &s.o.Value
	if c.New, c.HasNew, err = decode(s.value.serde, s.was.New); err != nil {
		return err
	}
	switch {
	case s.rows.stored():
		c.Old, c.HasOld, err = s.rows.old(s.o.Key)
	case s.Final:
		c.Unsent = !s.again
		c.Old, c.HasOld, err = decode(s.value.serde, s.was.Old)
	default:
		c.Old, c.HasOld, err = decode(s.value.serde, s.was.Prior)
	}
	return err
}

// decode reads a value that may be none.
func decode[V any](v serde.Serde[V], b []byte) (value V, ok bool, err error) {
	if b == nil {
		return value, false, nil
	}
	if value, err = v.Decode(b); err != nil {
		err = fmt.Errorf("deserialize the value: %w", err)
	}
	return value, err == nil, err
}

// SuppressedRows reads the rows as they were before the changes that wait. No one
// knows when such a row was written: its timestamp is -1.
func SuppressedRows[K, V any](n Node, buffer *Buffer, k serde.Serde[K], v serde.Serde[V], rows Lookup[K, V]) Lookup[K, V] {
	var (
		keys = newScratch(k)
		was  wire.Waiting
	)
	return func(key K) (value V, ts int64, ok bool, err error) {
		n.at()
		kb, err := keys.bytes(key, false)
		if err != nil {
			return value, 0, false, n.fail(fmt.Errorf("serialize the key: %w", err))
		}
		b, _, found, err := buffer.Get(kb)
		if err != nil || !found {
			if err == nil {
				return rows(key)
			}
			return value, 0, false, n.fail(err)
		}
		if err = was.Read(b); err == nil {
			value, ok, err = decode(v, was.Prior)
		}
		if err != nil {
			return value, 0, false, n.fail(err)
		}
		return value, -1, ok, nil
	}
}
