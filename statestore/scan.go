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
	o     *overlay
	upper btreemap.UpperBound[string]
	visit func(key, value []byte) bool
	// last is the key that was visited last.
	last []byte
	// next is the position of the overlay's next entry as of version.
	next    int
	version uint64
}

// scan visits the entries of [lower, upper) in key order until visit returns
// false. Bounds and keys are without the partition's prefix; without upper the
// range is open. Key and value are valid during the visit, up to the next write.
func (s *Store) scan(lower, upper []byte, visit func(key, value []byte) bool) error {
	if err := s.readable(); err != nil {
		return err
	}
	s.overlay.sort()
	m := &merge{o: &s.overlay, upper: btreemap.Max[string](), visit: visit}
	from, to := s.engineKey(lower), s.end
	if upper != nil {
		m.upper, to = btreemap.LT(string(upper)), s.engineKey(upper)
	}
	m.seek(btreemap.GE(string(lower)))
	more := true
	err := s.backend.scan(from, to, func(k, v []byte) bool {
		more = m.engineEntry(k[prefixLen:], v)
		return more
	})
	if err != nil {
		return s.wrap("scan", err)
	}
	for more && m.pending() {
		more = m.overlayEntry()
	}
	return nil
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
