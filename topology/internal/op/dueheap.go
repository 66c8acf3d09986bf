package op

import (
	"bytes"
	"cmp"
	"slices"
)

// dueHeap orders keys by the time that they're due, then by their bytes. It keeps
// the memory of keys that were taken out for those that come.
type dueHeap struct{ entries []due }

// due is a key with its time, in milliseconds.
type due struct {
	at  int64
	key []byte
}

func (d due) compare(o due) int {
	if d.at != o.at {
		return cmp.Compare(d.at, o.at)
	}
	return bytes.Compare(d.key, o.key)
}

func (d due) before(o due) bool { return d.compare(o) < 0 }

func (h *dueHeap) len() int { return len(h.entries) }

// first returns the key that is due first. It's valid until the next call of
// another method; there must be one.
func (h *dueHeap) first() due { return h.entries[0] }

// push adds a key, which must not be there yet, and copies it.
func (h *dueHeap) push(at int64, key []byte) {
	n := len(h.entries)
	if n < cap(h.entries) {
		h.entries = h.entries[:n+1]
	} else {
		h.entries = append(h.entries, due{})
	}
	e := &h.entries[n]
	e.at, e.key = at, append(e.key[:0], key...)
	h.up(n)
}

// pop takes out the key that is due first. Its memory stays behind the end.
func (h *dueHeap) pop() {
	last := len(h.entries) - 1
	h.swap(0, last)
	h.entries = h.entries[:last]
	h.down(0)
}

// keep takes all but the first n keys out, of which there must be more, and returns
// the time of the first one taken out.
func (h *dueHeap) keep(n int) int64 {
	slices.SortFunc(h.entries, due.compare)
	h.entries = h.entries[:n]
	return h.entries[:n+1][n].at
}

// clear takes all keys out. Their memory stays behind the end.
func (h *dueHeap) clear() { h.entries = h.entries[:0] }

func (h *dueHeap) swap(i, j int) { h.entries[i], h.entries[j] = h.entries[j], h.entries[i] }

func (h *dueHeap) up(i int) {
	for i > 0 {
		parent := (i - 1) / 2
		if !h.entries[i].before(h.entries[parent]) {
			return
		}
		h.swap(i, parent)
		i = parent
	}
}

func (h *dueHeap) down(i int) {
	for {
		child := 2*i + 1
		if child >= len(h.entries) {
			return
		}
		if right := child + 1; right < len(h.entries) && h.entries[right].before(h.entries[child]) {
			child = right
		}
		if !h.entries[child].before(h.entries[i]) {
			return
		}
		h.swap(i, child)
		i = child
	}
}
