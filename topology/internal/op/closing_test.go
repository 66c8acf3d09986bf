package op

import (
	"fmt"
	"iter"
	"math/rand/v2"
	"slices"
	"testing"
	"time"

	"github.com/oncestream/oncestream/internal/plan"
	"github.com/oncestream/oncestream/statestore"
	"github.com/oncestream/oncestream/topology/serde"
)

// closer is an operator that emits on close, over a store of its own.
type closer struct {
	store  *statestore.Store
	memory []plan.Memory
	node   Node
	*closing[string, int64]
	process Func[string, int64]
	sent    []string
	scans   int
}

// closers make the operators. They are made anew over their store at a restart.
var closers = map[string]struct {
	kind  statestore.Kind
	start func(*closer) error
}{
	"tumbling":             {statestore.TimestampedWindow, func(c *closer) error { return c.windows(10, 10) }},
	"hopping":              {statestore.TimestampedWindow, func(c *closer) error { return c.windows(10, 3) }},
	"sliding":              {statestore.TimestampedWindow, (*closer).sliding},
	"sessions":             {statestore.SessionWindow, func(c *closer) error { return c.sessions(false) }},
	"sessions, keys first": {statestore.SessionWindow, func(c *closer) error { return c.sessions(true) }},
}

func newCloser(t *testing.T, kind string) *closer {
	t.Helper()
	s, err := statestore.OpenMemory().Store(statestore.Spec{Name: "s", Kind: closers[kind].kind, Retention: time.Hour, WindowSize: 10 * time.Millisecond}, 0)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(s.Close)
	c := &closer{store: s}
	c.restart(t, kind)
	return c
}

// restart makes the operator as at the start of a task.
func (c *closer) restart(t *testing.T, kind string) {
	t.Helper()
	c.memory = nil
	c.node = Node{Name: "n", Env: &plan.Env{
		Dropped:  func(string, plan.DropReason) {},
		Remember: func(m plan.Memory) { c.memory = append(c.memory, m) },
	}}
	if err := closers[kind].start(c); err != nil {
		t.Fatal(err)
	}
	rows := c.closing.rows
	c.closing.rows = func(from int64) iter.Seq2[closedRow[string, int64], error] {
		c.scans++
		return rows(from)
	}
}

func (c *closer) windowRows() (WindowRows[string, int64], error) {
	w, err := statestore.NewWindow(c.store, serde.String, serde.Int64)
	return WindowRows[string, int64]{Node: c.node, Store: w, Clock: &Clock{Store: c.store.StreamTime}, Grace: 7, Out: c.take}, err
}

func (c *closer) windows(size, advance int64) error {
	rows, err := c.windowRows()
	c.closing = rows.onClose(serde.String, size, 0)
	c.process = before(c.closing, always, WindowAggregate(rows, Windows{Size: size, Advance: advance}, someOf))
	return err
}

func (c *closer) sliding() error {
	rows, err := c.windowRows()
	c.closing = rows.onClose(serde.String, 10, 1)
	c.process = before(c.closing, always, SlidingAggregate(rows, 10, someOf))
	return err
}

func (c *closer) sessions(keysFirst bool) error {
	store, err := statestore.NewSession(c.store, serde.String, serde.Int64)
	rows := SessionRows[string, int64]{Node: c.node, Store: store, Clock: &Clock{Store: c.store.StreamTime}, Gap: 10, Grace: 7, KeysFirst: keysFirst, Out: c.take}
	s := rows.onClose(serde.String)
	c.closing = &s.closing
	merge := func(_ string, agg int64, _ bool, session int64) (int64, bool) { return agg + session, true }
	c.process = closeSessions(s, SessionAggregate(rows, someOf, merge))
	return err
}

func always(*Record[string, int64]) bool { return true }

// someOf counts, and deletes the row now and then.
func someOf(r *Record[string, int64], old int64, found bool) Change[int64] {
	return Change[int64]{New: old + r.Value, HasNew: r.Value%5 != 0, Old: old, HasOld: found}
}

func (c *closer) take(r *Record[serde.Windowed[string], Change[int64]]) error {
	c.sent = append(c.sent, fmt.Sprintf("%s@%d/%d=%d@%d", r.Key.Key, r.Key.Start, r.Key.End, r.Value.New, r.Timestamp))
	return nil
}

// pipe processes a record, and takes it back where it's bad.
func (c *closer) pipe(t *testing.T, r Record[string, int64], bad bool) {
	t.Helper()
	c.store.Mark()
	for _, m := range c.memory {
		m.Mark()
	}
	before := len(c.sent)
	if err := c.process(&r); err != nil {
		t.Fatal(err)
	}
	if !bad {
		return
	}
	c.sent = c.sent[:before]
	c.store.Rollback()
	for _, m := range c.memory {
		if err := m.Undo(); err != nil {
			t.Fatal(err)
		}
	}
}

// However much is known of the windows that end next, what's sent is what a look at
// the whole store finds with each record.
func TestClosingAsALookAtTheStore(t *testing.T) {
	for kind := range closers {
		for _, limit := range []int{1, 2, 7, 40, maxOpen} {
			t.Run(fmt.Sprint(kind, " ", limit), func(t *testing.T) {
				seed := rand.Uint64()
				rng := rand.New(rand.NewPCG(seed, 0))
				naive, c := newCloser(t, kind), newCloser(t, kind)
				c.limit = limit
				now := int64(0)
				for i := range 600 {
					now += rng.Int64N(4) * rng.Int64N(3)
					r := Record[string, int64]{Key: string('a' + rune(rng.IntN(6))), Value: int64(i), Timestamp: max(0, now-rng.Int64N(25))}
					bad := rng.IntN(4) == 0
					if bad {
						r.Timestamp += rng.Int64N(40)
					} else {
						naive.forget()
						naive.pipe(t, r, false)
					}
					if rng.IntN(100) == 0 {
						c.restart(t, kind)
						c.limit = limit
					}
					c.pipe(t, r, bad)
				}
				if len(c.sent) < 50 || !slices.Equal(c.sent, naive.sent) {
					t.Errorf("seed %d: got %d\n%q\nwant %d\n%q", seed, len(c.sent), c.sent, len(naive.sent), naive.sent)
				}
			})
		}
	}
}

// The store is read as a whole once, and from then on only the rows that close.
func TestClosingReadsTheStoreOnce(t *testing.T) {
	for kind := range closers {
		c := newCloser(t, kind)
		for i := range 1000 {
			c.pipe(t, Record[string, int64]{Key: fmt.Sprint(i % 7), Value: 1, Timestamp: int64(4 * i)}, false)
		}
		if c.scans != 1 || len(c.sent) < 100 {
			t.Errorf("%s: %d scans for %d results", kind, c.scans, len(c.sent))
		}
	}
}

// More windows than are kept in order cost scans, but not one for each record.
func TestClosingWithMoreThanTheLimit(t *testing.T) {
	for kind := range closers {
		c := newCloser(t, kind)
		c.limit = 8
		for i := range 1000 {
			c.pipe(t, Record[string, int64]{Key: fmt.Sprint(i), Value: 1, Timestamp: int64(i)}, false)
			if c.open.len() > c.limit {
				t.Fatalf("%s: %d windows in order", kind, c.open.len())
			}
		}
		if c.scans > 500 {
			t.Errorf("%s: %d scans for %d results", kind, c.scans, len(c.sent))
		}
	}
}

// A record that closes a window makes no more allocations than one that doesn't.
func TestClosingAllocatesNothing(t *testing.T) {
	for kind := range closers {
		open, _ := allocations(t, kind, 1<<40)
		closing, sent := allocations(t, kind, 20)
		if closing > open || sent < 1000 {
			t.Errorf("%s: %v allocations for a record that closes windows, %v for one that doesn't; %d sent", kind, closing, open, sent)
		}
	}
}

// allocations counts those for a record, where windows close after a delay, and what
// was sent.
func allocations(t *testing.T, kind string, delay int64) (n float64, sent int) {
	t.Helper()
	c := newCloser(t, kind)
	c.delay = delay
	c.closing.out = func(*Record[serde.Windowed[string], Change[int64]]) error { sent++; return nil }
	r := Record[string, int64]{Key: "k", Value: 1}
	next := func() {
		r.Timestamp += 30
		if err := c.process(&r); err != nil {
			t.Fatal(err)
		}
	}
	for range 5000 {
		next()
	}
	sent = 0
	return testing.AllocsPerRun(1000, next), sent
}
