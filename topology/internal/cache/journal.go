package cache

import (
	"github.com/oncestream/oncestream/internal/plan"
	"github.com/oncestream/oncestream/internal/record"
)

// journal holds what entries were before the record at hand, which may be taken
// back.
type journal struct{ entries []journaled }

// journaled is an entry as it was before it changed.
type journaled struct {
	slot    uint32
	waits   bool
	size    int64
	from    plan.Origin
	headers []record.Header
	memory  []byte
}

// keep notes an entry that's about to change, and takes what it knows of the last
// change with it.
func (j *journal) keep(i uint32, s *slot) {
	j.entries = append(j.entries, journaled{slot: i, waits: s.waits, size: s.size, from: s.from, headers: s.headers, memory: s.memory})
	s.headers, s.memory = nil, nil
}

func (j *journal) reset() {
	clear(j.entries)
	j.entries = j.entries[:0]
}

// Memory has the cache forget the changes of a record that is taken back. Rows that
// it has changed keep their later place in the order in which changes are passed on.
func (c *Cache) Memory() plan.Memory {
	return plan.Memory{Mark: c.journal.reset, Undo: c.undo}
}

func (c *Cache) undo() error {
	for n := len(c.journal.entries) - 1; n >= 0; n-- {
		was := &c.journal.entries[n]
		s := &c.slots[was.slot]
		if s.waits && !was.waits {
			c.waiting.remove(was.slot)
		}
		s.waits, s.from, s.headers, s.memory = was.waits, was.from, was.headers, was.memory
		c.resize(s, was.size)
	}
	c.journal.reset()
	return nil
}
