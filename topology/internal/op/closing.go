package op

import (
	"bytes"
	"encoding/binary"
	"fmt"
	"iter"

	"github.com/oncestream/oncestream/internal/plan"
	"github.com/oncestream/oncestream/internal/record"
	"github.com/oncestream/oncestream/topology/serde"
)

// closing sends the rows of closed windows, once each, before the record that
// closes them is processed: storing that record may move the time of the store so
// far that they're gone (KIP-825).
//
// What was sent before isn't kept anywhere. Every record that advances stream time
// is written to the store, so all windows that ended before the store's stream time
// were sent in the transaction that moved it there.
//
// Which windows end next is kept in memory: without it each record that closes one
// would read the store for it. The memory is a part of what the store has, and may
// be forgotten at any time: the next window that closes is then looked for in the
// store, and the memory filled again.
type closing[K, A any] struct {
	node Node
	// delay is how much later than a window's last moment it's closed.
	delay int64
	// keysFirst says that windows of one end are sent in the order of keys, then of
	// starts, and not the other way round.
	keysFirst bool
	clock     *Clock
	// rows lists windows by their ends, from one end on.
	rows func(from int64) iter.Seq2[closedRow[K, A], error]
	// row reads one of them. Where it has become another, that one is added.
	row func(serde.Windowed[K]) (closedRow[K, A], bool, error)
	key *scratch[K]
	out Func[serde.Windowed[K], Change[A]]

	// open has the windows by their ends, then as they're sent: all that end until known
	// and weren't sent, and some that are gone. A session that was extended is there
	// with an end that it had before.
	open dueHeap
	// known is nothing after the start, and after all was forgotten.
	known int64
	// due is an end that no window has before it that ends behind known.
	due int64
	// limit is how many open holds.
	limit int
	// sent is the end until which windows were sent when a record is processed.
	sent int64
	// touched says that windows were taken out since the record began that may be
	// taken back.
	touched bool
	entry   []byte
	o       Record[serde.Windowed[K], Change[A]]
}

// maxOpen is how many windows a task keeps in order: a few megabytes.
const maxOpen = 1 << 16

// closedRow is a row of a windowed table.
type closedRow[K, A any] struct {
	window serde.Windowed[K]
	value  A
	ts     int64
}

// nothing is an end before all others.
const nothing = -1

// start begins with nothing known. What is closed goes to out.
func (c *closing[K, A]) start(k serde.Serde[K], out Func[serde.Windowed[K], Change[A]]) {
	c.key, c.out, c.limit, c.known = newScratch(k), out, maxOpen, nothing
	c.clock.closing = c
	if c.node.Env.Remember == nil {
		return
	}
	c.node.Env.Remember(plan.Memory{
		Mark: func() { c.touched = false },
		Undo: func() error {
			// What was added may stay: it's gone when it's due.
			if c.touched {
				c.forget()
			}
			return nil
		},
	})
}

// forget has the next window that closes looked for in the store.
func (c *closing[K, A]) forget() {
	c.open.clear()
	c.known, c.due, c.touched = nothing, 0, true
}

// note takes note of a window that was written.
func (c *closing[K, A]) note(w *serde.Windowed[K]) error {
	if err := c.add(w); err != nil {
		return c.node.fail(err)
	}
	return nil
}

// add has a window sent when it closes.
func (c *closing[K, A]) add(w *serde.Windowed[K]) error {
	if w.End > c.known {
		c.due = min(c.due, w.End)
		return nil
	}
	if err := c.push(w); err != nil {
		return err
	}
	if c.open.len() > c.limit {
		// Half of them, so that it takes as many again before it's done the next time.
		c.due = min(c.due, c.open.keep(c.limit/2))
		c.known = c.due - 1
	}
	return nil
}

func (c *closing[K, A]) push(w *serde.Windowed[K]) error {
	key, err := c.key.bytes(w.Key, false)
	if err != nil {
		return fmt.Errorf("serialize the key: %w", err)
	}
	if c.entry = c.entry[:0]; c.keysFirst {
		c.entry = append(c.entry, key...)
	}
	c.entry = binary.BigEndian.AppendUint64(c.entry, uint64(w.Start))
	if !c.keysFirst {
		c.entry = append(c.entry, key...)
	}
	c.open.push(w.End, c.entry)
	return nil
}

// window reads what push wrote.
func (c *closing[K, A]) window(end int64, entry []byte) (w serde.Windowed[K], err error) {
	start, key := entry[:8], entry[8:]
	if c.keysFirst {
		key, start = entry[:len(entry)-8], entry[len(entry)-8:]
	}
	w.Start, w.End = int64(binary.BigEndian.Uint64(start)), end
	if w.Key, err = c.key.serde.Decode(key); err != nil {
		err = fmt.Errorf("deserialize the key: %w", err)
	}
	return w, err
}

// next returns a stream time until which no window closes: that at which the next one
// does, unless it was extended or deleted.
func (c *closing[K, A]) next() int64 {
	if last := c.clock.now() - c.delay; c.known == nothing {
		if err := c.sendStored(last, last, nil); err != nil {
			return 0 // it fails as well when it's sent
		}
	}
	end := c.due
	if c.open.len() > 0 {
		end = min(end, c.open.first().at)
	}
	return plus(end, c.delay)
}

// advance sends what an idle timeout closes.
func (c *closing[K, A]) advance(to int64) error { return c.see(to, nil) }

// see sends what a record at the timestamp closes.
func (c *closing[K, A]) see(ts int64, headers []record.Header) error {
	before := c.clock.now()
	c.sent = max(before, ts) - c.delay
	switch {
	case ts <= before:
		return nil
	case c.sent >= c.due:
		return c.sendStored(before-c.delay, c.sent, headers)
	}
	return c.sendKnown(c.sent, headers)
}

// sendKnown passes on the windows that ended until a time, all of which are known.
func (c *closing[K, A]) sendKnown(until int64, headers []record.Header) error {
	for c.open.len() > 0 && c.open.first().at <= until {
		c.node.at()
		row, ok, err := c.take()
		if err != nil {
			return c.node.fail(err)
		}
		if !ok {
			continue
		}
		if err := c.send(&row, headers); err != nil {
			return err
		}
	}
	return nil
}

// take reads the window that ends first, and takes it out of the order, where it
// may be several times.
func (c *closing[K, A]) take() (row closedRow[K, A], ok bool, err error) {
	c.touched = true
	end := c.open.first().at
	c.entry = append(c.entry[:0], c.open.first().key...)
	for c.open.len() > 0 && c.open.first().at == end && bytes.Equal(c.open.first().key, c.entry) {
		c.open.pop()
	}
	w, err := c.window(end, c.entry)
	if err != nil {
		return row, false, err
	}
	return c.row(w)
}

// sendStored passes on the windows that ended after one time and until another, and
// takes in those that end next. The store lists starts first.
func (c *closing[K, A]) sendStored(after, until int64, headers []record.Header) error {
	c.forget()
	c.node.at()
	for row, err := range c.rows(max(0, after+1)) {
		switch {
		case err != nil:
		case row.window.End <= until && !c.keysFirst:
			if err := c.send(&row, headers); err != nil {
				return err
			}
		case row.window.End > until && c.open.len() >= c.limit:
			c.known, c.due = row.window.End-1, row.window.End
			return c.sendKnown(until, headers)
		default:
			err = c.push(&row.window)
		}
		if err != nil {
			return c.node.fail(err)
		}
	}
	c.known, c.due = Never, Never
	return c.sendKnown(until, headers)
}

func (c *closing[K, A]) send(row *closedRow[K, A], headers []record.Header) error {
	c.o = Record[serde.Windowed[K], Change[A]]{
		Key: row.window, Value: Change[A]{New: row.value, HasNew: true},
		Timestamp: row.ts, Headers: headers,
	}
	return sendDue(c.node, c.out, &c.o)
}
