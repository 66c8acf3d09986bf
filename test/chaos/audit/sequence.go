package audit

// sequence checks that the numbers 0 to n-1 come once each, in order.
type sequence struct {
	seen []uint64 // a bit for each number
	next int      // one above the highest number so far
	got  int      // how many different numbers came
}

// see takes number i and says what's wrong with it, if anything is. A number
// that was jumped over isn't wrong yet: it's lost unless it comes later, and
// then that's reordered.
func (s *sequence) see(i int) (Kind, bool) {
	word, bit := i/64, uint64(1)<<(i%64)
	for len(s.seen) <= word {
		s.seen = append(s.seen, 0)
	}
	if s.seen[word]&bit != 0 {
		return Duplicate, false
	}
	s.seen[word] |= bit
	s.got++
	if i < s.next {
		return Reordered, false
	}
	s.next = i + 1
	return 0, true
}

// missing calls f for each number below n that never came.
func (s *sequence) missing(n int, f func(i int)) {
	if s.got == n {
		return
	}
	for i := range n {
		if i/64 >= len(s.seen) || s.seen[i/64]&(1<<(i%64)) == 0 {
			f(i)
		}
	}
}
