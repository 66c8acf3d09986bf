package statestore

// The arena's chunks grow from the first size to the last, so that a partition
// with little traffic takes little memory.
const (
	minChunk = 4 << 10
	maxChunk = 256 << 10
	// largeAlloc is the size from which an allocation gets memory of its own, which
	// isn't kept: in a chunk it would waste the tail of the one before.
	largeAlloc = maxChunk / 4
)

// arena hands out memory of the open transaction. It's reused for the next one.
type arena struct {
	chunks [][]byte
	// current is the chunk that's being filled. Those before it are full.
	current int
	// bytes is what was handed out since the last reset.
	bytes int
	// keep is the capacity that recent transactions needed.
	keep int
}

// alloc returns n bytes whose content is undefined.
func (a *arena) alloc(n int) []byte {
	a.bytes += n
	if n >= largeAlloc {
		return make([]byte, n)
	}
	for ; a.current < len(a.chunks); a.current++ {
		c := a.chunks[a.current]
		if end := len(c) + n; end <= cap(c) {
			a.chunks[a.current] = c[:end]
			return c[len(c):end:end]
		}
	}
	size := max(minChunk, n)
	if a.current > 0 {
		size = max(min(2*cap(a.chunks[a.current-1]), maxChunk), n)
	}
	a.chunks = append(a.chunks, make([]byte, n, size))
	return a.chunks[a.current][:n:n]
}

// copy returns a copy of b.
func (a *arena) copy(b []byte) []byte {
	c := a.alloc(len(b))
	copy(c, b)
	return c
}

// reset takes all memory back. It keeps what transactions of late have needed and
// lets go the rest, little by little: one unusually large transaction doesn't hold
// its memory for ever.
func (a *arena) reset() {
	used, total := 0, 0
	for i, c := range a.chunks {
		if len(c) > 0 {
			used += cap(c)
		}
		total += cap(c)
		a.chunks[i] = c[:0]
	}
	a.keep = decay(a.keep, used)
	for n := len(a.chunks); n > 0 && total-cap(a.chunks[n-1]) >= a.keep; n-- {
		total -= cap(a.chunks[n-1])
		a.chunks[n-1] = nil
		a.chunks = a.chunks[:n-1]
	}
	a.current, a.bytes = 0, 0
}

// decay follows a peak at once and comes down from it slowly.
func decay(peak, now int) int { return max(now, peak-max(peak/8, 1)) }
