package metamorphic

import (
	"fmt"
	"iter"

	"github.com/oncestream/oncestream/topology"
)

// Functions of the topologies. They keep values small and let what closes windows
// through.

const modulus = 100_003

// key returns a function that makes keys of records.
func (m *maker) key() (func(string, int64) string, string) {
	n := int64(2 + m.IntN(8))
	return func(k string, v int64) string {
		if closing(k) {
			return k
		}
		return fmt.Sprintf("k%d", ((v%n)+n)%n)
	}, fmt.Sprintf("value mod %d", n)
}

// number returns a function that makes values of records.
func (m *maker) number() (func(string, int64) int64, string) {
	a, b := 1+m.Int64N(9), m.Int64N(100)
	return func(_ string, v int64) int64 { return (a*v + b) % modulus }, fmt.Sprintf("%d*value+%d", a, b)
}

// predicate returns a function that chooses records.
func (m *maker) predicate() (func(string, int64) bool, string) {
	n := 2 + m.Int64N(4)
	rest := m.Int64N(n)
	return func(k string, v int64) bool { return closing(k) || v%n != rest }, fmt.Sprintf("value mod %d != %d", n, rest)
}

// several returns a function that makes up to three records of one.
func (m *maker) several() (func(string, int64) iter.Seq2[string, int64], string) {
	key, about := m.key()
	return func(k string, v int64) iter.Seq2[string, int64] {
		return func(yield func(string, int64) bool) {
			if closing(k) {
				yield(k, v)
				return
			}
			for i := range v % 4 {
				if !yield(key(k, v+i), v+i) {
					return
				}
			}
		}
	}, about
}

// pair makes a value of two, of which each may be missing.
func pair(l, r *int64) int64 { return (7*or(l, 11) + or(r, 13)) % modulus }

func or(v *int64, none int64) int64 {
	if v == nil {
		return none
	}
	return *v
}

func both(l, r int64) int64 { return pair(&l, &r) }

func left(l int64, r *int64) int64 { return pair(&l, r) }

// The aggregations don't depend on the order.

func sum(a, b int64) int64 { return a + b }

func zero() int64 { return 0 }

func add(_ string, v, agg int64) int64 { return agg + 3*v + 1 }

func subtract(_ string, v, agg int64) int64 { return agg - 3*v - 1 }

func mergeSessions(_ string, a, b int64) int64 { return a + b }

// windowed makes a key of a window's.
func windowed(w topology.Windowed[string]) string {
	if closing(w.Key) {
		return w.Key
	}
	return fmt.Sprintf("%s@%d-%d", w.Key, w.Start, w.End)
}
