package cache

// ring is an order of slots, the number 0 being none. An operation costs the same
// whatever the number of slots.
type ring struct {
	// links[0] closes the ring: first and last are its neighbours.
	links []link
}

type link struct{ next, previous uint32 }

// fit makes room for slots below n.
func (r *ring) fit(n int) {
	for len(r.links) < n {
		r.links = append(r.links, link{})
	}
}

// first returns the slot that was pushed longest ago, or 0.
func (r *ring) first() uint32 { return r.links[0].next }

// push puts a slot that isn't in the ring at the end.
func (r *ring) push(i uint32) {
	last := r.links[0].previous
	r.links[i] = link{next: 0, previous: last}
	r.links[last].next = i
	r.links[0].previous = i
}

// remove takes a slot out that's in the ring.
func (r *ring) remove(i uint32) {
	l := r.links[i]
	r.links[l.previous].next = l.next
	r.links[l.next].previous = l.previous
}
