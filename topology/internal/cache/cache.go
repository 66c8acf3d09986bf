package cache

import (
	"strings"
	"unsafe"

	"github.com/oncestream/oncestream/internal/plan"
	"github.com/oncestream/oncestream/internal/record"
)

// Store is the store behind a cache. Keys are those of its engine.
type Store interface {
	// Row returns the bytes of a row, which may be those of a deletion: then it's not
	// ok. They are valid until the store is used again.
	Row(key []byte) (row []byte, ok bool, err error)
	// Forget takes a deletion back of a row that nobody has seen.
	Forget(key []byte) error
}

// Update is a change of a row that is passed on: all changes since the last time
// in one. It's valid during the call that takes it.
type Update struct {
	Key []byte
	// Row is the row's bytes as the store has them, and Deleted says that they are
	// those of a deletion.
	Row     []byte
	Deleted bool
	// Old is the row before, where that's kept and there was one.
	Old    []byte
	HasOld bool
	// Headers and From are those of the record that caused the last change.
	Headers []record.Header
	From    plan.Origin
}

// Options say what a cache keeps.
type Options struct {
	// Old says that the rows before a change are passed on.
	Old bool
	// Reads says that reading a row makes an entry for it, as it does in Kafka Streams
	// for key-value stores.
	Reads bool
	// ValueOffset is how many bytes of a row don't count as its value.
	ValueOffset int
	// Undo says that records may be taken back. Then nothing is passed on while one is
	// processed: it would be lost with the record. The budget may be exceeded until
	// someone calls Flush.
	Undo bool
	// Send passes a change on.
	Send func(*Update) error
}

// Cache is the record cache of one store. An entry that was passed on stays until
// the budget needs its room: the row's next change finds its memory, and what is
// passed on early doesn't differ from Kafka Streams.
type Cache struct {
	Options
	store Store
	share *plan.CacheShare
	index map[string]uint32
	slots []slot // the first is none
	free  []uint32
	// recent are all entries by their last change, waiting those that weren't passed
	// on.
	recent, waiting ring
	was             before
	update          Update
	// deleted are entries of a flush that end with it.
	deleted []uint32
	journal journal
}

// slot is the entry of one row.
type slot struct {
	key  []byte
	size int64
	// waits says that there's a change that wasn't passed on. before is the row ahead
	// of the first such change.
	waits   bool
	had     bool
	old     []byte
	from    plan.Origin
	headers []record.Header
	// memory is that of the headers' values.
	memory []byte
}

// before is a row that's about to change.
type before struct {
	key  []byte
	had  bool
	row  []byte
	size int
}

// New returns the cache of a store.
func New(s Store, share *plan.CacheShare, o Options) *Cache {
	c := &Cache{Options: o, store: s, share: share, index: map[string]uint32{}, slots: make([]slot, 1)}
	c.recent.fit(1)
	c.waiting.fit(1)
	return c
}

// Known says what is known of a row before it's read.
type Known uint8

// What may be known.
const (
	Unknown Known = iota
	Absent
	Present
)

// Before takes note of a row that's about to be written.
func (c *Cache) Before(key []byte, known Known) error {
	i := c.index[string(key)]
	if c.slots[i].waits {
		return nil
	}
	c.was.key = append(c.was.key[:0], key...)
	c.was.row, c.was.size = c.was.row[:0], 0
	if known == Absent || i != 0 && known == Present && !c.Old {
		c.was.had = known == Present
		return nil
	}
	row, ok, err := c.store.Row(key)
	if err != nil {
		return err
	}
	c.was.had = ok
	if ok {
		c.was.size = len(row)
	}
	if ok && c.Old {
		c.was.row = append(c.was.row, row...)
	}
	return nil
}

// Changed takes note that a row was written on behalf of a record. Where the
// budget is exceeded, entries of this cache make room, and changes that wait are
// passed on for that.
func (c *Cache) Changed(key []byte, headers []record.Header, from plan.Origin) error {
	if err := c.read(key); err != nil {
		return err
	}
	row, ok, err := c.store.Row(key)
	if err != nil {
		return err
	}
	value := 0
	if ok {
		value = len(row) - c.ValueOffset
	}
	i := c.touch(key)
	s := &c.slots[i]
	if c.Undo {
		c.journal.keep(i, s)
	}
	if s.waits {
		c.waiting.remove(i)
	} else {
		c.begin(s)
	}
	c.waiting.push(i)
	s.context(headers, from)
	c.resize(s, sizeOf(key, value, headers, from.Topic))
	return c.evict()
}

// Had returns whether a change of the row waits, and the row was there before it.
func (c *Cache) Had(key []byte) bool {
	s := &c.slots[c.index[string(key)]]
	return s.waits && s.had
}

// read makes the entry that Kafka Streams makes when it reads a row before it
// writes it: that of the old value, which may need room already.
func (c *Cache) read(key []byte) error {
	if !c.Reads || !c.was.had || c.index[string(key)] != 0 || string(c.was.key) != string(key) {
		return nil
	}
	s := &c.slots[c.touch(key)]
	c.resize(s, sizeOf(key, c.was.size-c.ValueOffset, nil, ""))
	return c.evict()
}

// begin has an entry wait. Without a note of the row before there was none.
func (c *Cache) begin(s *slot) {
	s.waits = true
	s.had, s.old = false, s.old[:0]
	if c.was.had && string(c.was.key) == string(s.key) {
		s.had, s.old = true, append(s.old, c.was.row...)
	}
	c.was.had = false
}

// touch returns the entry of a row, which becomes the most recent one.
func (c *Cache) touch(key []byte) uint32 {
	i := c.index[string(key)]
	if i == 0 {
		i = c.add(key)
	} else {
		c.recent.remove(i)
	}
	c.recent.push(i)
	return i
}

func (c *Cache) add(key []byte) uint32 {
	var i uint32
	if n := len(c.free); n > 0 {
		i, c.free = c.free[n-1], c.free[:n-1]
	} else {
		i = uint32(len(c.slots))
		c.slots = append(c.slots, slot{})
		c.recent.fit(len(c.slots))
		c.waiting.fit(len(c.slots))
	}
	s := &c.slots[i]
	s.key = append(s.key[:0], key...)
	// The key's bytes stay as they are until the entry leaves the index.
	c.index[unsafe.String(unsafe.SliceData(s.key), len(s.key))] = i
	return i
}

// drop takes an entry out. Its size counts until it has been passed on.
func (c *Cache) drop(i uint32) {
	c.recent.remove(i)
	delete(c.index, string(c.slots[i].key))
}

// maxKept is how much memory an entry may leave to the next one in its slot.
const maxKept = 256

// release gives the room of an entry back.
func (c *Cache) release(i uint32) {
	s := &c.slots[i]
	c.resize(s, 0)
	if cap(s.key)+cap(s.old)+cap(s.memory) > maxKept {
		*s = slot{}
	}
	s.waits = false
	c.free = append(c.free, i)
}

func (c *Cache) resize(s *slot, size int64) {
	c.share.Take(size - s.size)
	s.size = size
}

// evict takes entries out, those that were not changed longest first, until the
// budget is met or the cache is empty.
func (c *Cache) evict() error {
	if c.Undo {
		return nil
	}
	return c.makeRoom()
}

func (c *Cache) makeRoom() error {
	for c.share.Exceeded() {
		i := c.recent.first()
		if i == 0 {
			return nil
		}
		c.drop(i)
		if c.slots[i].waits {
			// As in Kafka Streams all others that wait go with it.
			c.waiting.remove(i)
			if err := c.flush(i); err != nil {
				return err
			}
		}
		c.release(i)
	}
	return nil
}

// Flush passes on all changes that wait, in the order of the rows' last changes.
func (c *Cache) Flush() error {
	if err := c.flush(0); err != nil || !c.Undo {
		return err
	}
	c.journal.reset()
	return c.makeRoom()
}

// flush passes on the change of an entry that was taken out, unless that's 0, and
// then all others.
func (c *Cache) flush(first uint32) error {
	c.deleted = c.deleted[:0]
	if first != 0 {
		if _, err := c.pass(first); err != nil {
			return err
		}
	}
	for i := c.waiting.first(); i != 0; i = c.waiting.first() {
		c.waiting.remove(i)
		gone, err := c.pass(i)
		if err != nil {
			return err
		}
		if gone {
			c.deleted = append(c.deleted, i)
		}
	}
	for _, i := range c.deleted {
		c.drop(i)
		c.release(i)
	}
	return nil
}

// pass passes on the change of an entry, and returns whether the row is gone. A
// row that came and went since the last time has had no change.
func (c *Cache) pass(i uint32) (gone bool, err error) {
	s := &c.slots[i]
	s.waits = false
	row, ok, err := c.store.Row(s.key)
	if err != nil {
		return false, err
	}
	if !ok && !s.had {
		return true, c.store.Forget(s.key)
	}
	u := &c.update
	*u = Update{Key: s.key, Row: row, Deleted: !ok, HasOld: s.had, Headers: s.headers, From: s.from}
	if c.Old && s.had {
		u.Old = s.old
	}
	return !ok, c.Send(u)
}

// overhead is what an entry counts beside its bytes: references of the entry and
// of its neighbours, a mark, and offset, partition and timestamp of the record.
const overhead = 3*8 + 1 + 8 + 4 + 8

// sizeOf counts as Kafka Streams does, so that the same budget means the same.
func sizeOf(key []byte, value int, headers []record.Header, topic string) int64 {
	n := overhead + len(key) + value + len(topic)
	for i := range headers {
		n += len(headers[i].Key) + len(headers[i].Value)
	}
	return int64(n)
}

// context copies what belongs to the record of a change: it doesn't outlive it.
func (s *slot) context(headers []record.Header, from plan.Origin) {
	s.from = from
	last := s.headers
	s.headers, s.memory = s.headers[:0], s.memory[:0]
	n := 0
	for i := range headers {
		n += len(headers[i].Value)
	}
	if n > cap(s.memory) {
		s.memory = make([]byte, 0, n)
	}
	for i, h := range headers {
		key := ""
		if i < len(last) && last[i].Key == h.Key {
			key = last[i].Key
		} else {
			key = strings.Clone(h.Key)
		}
		var value []byte
		if h.Value != nil {
			at := len(s.memory)
			s.memory = append(s.memory, h.Value...)
			value = s.memory[at:len(s.memory):len(s.memory)]
		}
		s.headers = append(s.headers, record.Header{Key: key, Value: value})
	}
}
