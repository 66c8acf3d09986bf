package statestore

// journal holds what the writes since a mark have replaced, so that they can be
// taken back one by one.
type journal struct {
	// marked says that there's a mark. Without one nothing is kept.
	marked bool
	// entries and log are how many there were at the mark. Those behind are new.
	entries, log int
	// before are entries as they were, in the order of their writes.
	before []replaced
	bytes  []byte // of their values

	current progress
	expired int64
}

// replaced is what an entry was before a write.
type replaced struct {
	entry    uint32
	from, to int // its value in the journal's bytes
	deleted  bool
	silent   bool
}

// maxJournal is how much memory is kept from one mark to the next.
const maxJournal = 64 << 10

// Mark notes the state of the open transaction for Rollback. Each call replaces the
// mark before. From the first one on, a write costs a copy of what it replaces.
func (s *Store) Mark() {
	o := &s.overlay
	j := &o.journal
	if cap(j.bytes) > maxJournal {
		j.before, j.bytes = nil, nil
	}
	j.marked = true
	j.entries, j.log = len(o.entries), len(o.log)
	j.before, j.bytes = j.before[:0], j.bytes[:0]
	j.current, j.expired = s.current, s.expired
}

// Rollback takes back all that has changed since the last Mark, or since the end of
// a transaction after it. Without a mark it does nothing.
func (s *Store) Rollback() {
	j := &s.overlay.journal
	if !j.marked {
		return
	}
	s.overlay.rollback()
	s.current, s.expired = j.current, j.expired
}

// keep notes an entry that's about to be written.
func (j *journal) keep(i uint32, e *entry) {
	if !j.marked || int(i) >= j.entries {
		return
	}
	from := len(j.bytes)
	j.bytes = append(j.bytes, e.value...)
	j.before = append(j.before, replaced{entry: i, from: from, to: len(j.bytes), deleted: e.deleted, silent: e.silent})
}

// rollback brings back what was replaced, latest first, and takes new entries out.
func (o *overlay) rollback() {
	j := &o.journal
	for n := len(j.before) - 1; n >= 0; n-- {
		b := &j.before[n]
		e := &o.entries[b.entry]
		// A value never moves to less room than it had.
		e.value, e.deleted, e.silent = append(e.value[:0], j.bytes[b.from:b.to]...), b.deleted, b.silent
	}
	for i := j.entries; i < len(o.entries); i++ {
		delete(o.index, o.entries[i].key)
		if o.ordered {
			o.order.Delete(o.entries[i].key)
		}
	}
	o.version++
	clear(o.entries[j.entries:])
	o.entries = o.entries[:j.entries]
	clear(o.log[j.log:])
	o.log = o.log[:j.log]
	j.before, j.bytes = j.before[:0], j.bytes[:0]
}
