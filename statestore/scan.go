package statestore

import "github.com/RaduBerinde/btreemap"

// merge visits the entries of a range in key order: those of the overlay, and
// those of the engine that the overlay doesn't hide.
//
// The engine's entries are a snapshot; the overlay is live. So a loop may write to
// the store that it ranges over: a key that's deleted before the loop reaches it
// isn't visited, one that's overwritten has its new value, and a new one in front
// of the loop's position is visited.
type merge struct {
	o *overlay
	// from and to are the bounds in the engine, and upper is that in the overlay.
	from, to []byte
	upper    btreemap.UpperBound[string]
	visit    func(key, value []byte) bool
	// more is what visit has returned last.
	more bool
	// last is the key that was visited last.
	last []byte
	// next is the position of the overlay's next entry as of version.
	next    int
	version uint64
	// engineVisit is fromEngine, bound once.
	engineVisit func(key, value []byte) bool
}

// takeMerge returns a merge that's free. Loops nest, so a store may need several;
// they are kept, because a join scans for each of its records.
func (s *Store) takeMerge() *merge {
	if n := len(s.merges); n > 0 {
		m := s.merges[n-1]
		s.merges = s.merges[:n-1]
		return m
	}
	m := &merge{o: &s.overlay}
	m.engineVisit = m.fromEngine
	return m
}

func (s *Store) giveBack(m *merge) {
	m.visit = nil
	if cap(m.last)+cap(m.from)+cap(m.to) <= maxScratch {
		s.merges = append(s.merges, m)
	}
}

// scan visits the entries of [lower, upper) in key order until visit returns
// false. Bounds and keys are without the partition's prefix; without upper the
// range is open. Key and value are valid during the visit, up to the next write.
func (s *Store) scan(lower, upper []byte, visit func(key, value []byte) bool) error {
	if err := s.readable(); err != nil {
		return err
	}
	s.overlay.sort()
	m := s.takeMerge()
	defer s.giveBack(m)
	m.visit, m.more = visit, true
	m.from = append(append(m.from[:0], s.prefix...), lower...)
	m.to, m.upper = append(m.to[:0], s.end...), btreemap.Max[string]()
	if upper != nil {
		m.to = append(append(m.to[:0], s.prefix...), upper...)
		m.upper = btreemap.LT(unsafeString(m.to[prefixLen:]))
	}
	m.seek(btreemap.GE(unsafeString(m.from[prefixLen:])))
	if err := s.backend.scan(m.from, m.to, m.engineVisit); err != nil {
		return s.wrap("scan", err)
	}
	for m.more && m.pending() {
		m.more = m.overlayEntry()
	}
	return nil
}

// fromEngine is the visit of the engine's scan.
func (m *merge) fromEngine(key, value []byte) bool {
	m.more = m.engineEntry(key[prefixLen:], value)
	return m.more
}

func (m *merge) seek(lower btreemap.LowerBound[string]) {
	m.next, m.version = m.o.first(lower, m.upper), m.o.version
}

// pending reports whether the overlay has another entry. It finds its place again
// when the visits have added keys.
func (m *merge) pending() bool {
	if m.version != m.o.version {
		m.seek(btreemap.GT(unsafeString(m.last)))
	}
	return m.next != none
}

// engineEntry visits the overlay's entries up to the key of an engine's entry, and
// then that one unless the overlay has hidden it.
func (m *merge) engineEntry(key, value []byte) bool {
	for m.pending() {
		ahead := m.o.entries[m.next].key
		if ahead > unsafeString(key) {
			break
		}
		hidden := ahead == unsafeString(key)
		if !m.overlayEntry() {
			return false
		}
		if hidden {
			return true
		}
	}
	m.last = append(m.last[:0], key...)
	return m.visit(key, value)
}

// overlayEntry visits the overlay's next entry unless it's a tombstone.
func (m *merge) overlayEntry() bool {
	e := m.o.entries[m.next]
	m.last = append(m.last[:0], e.key...)
	m.seek(btreemap.GT(e.key))
	return e.deleted || m.visit(unsafeBytes(e.key), e.value)
}
