package topology

import (
	"fmt"
	"math"
	"time"

	"github.com/oncestream/oncestream/statestore"
	"github.com/oncestream/oncestream/topology/internal/graph"
	"github.com/oncestream/oncestream/topology/serde"
)

// JoinWindows say how far apart in time the records of two streams may be to be
// joined. A record of the left stream at time t is joined with those of the right
// one from t-before until t+after, both included. The zero value joins records of
// equal timestamps; make others with [Within].
type JoinWindows struct{ before, after, grace time.Duration }

// Within returns windows that join records which are at most the difference apart.
// It's in whole milliseconds. The grace is 0 (KIP-633).
func Within(difference time.Duration) JoinWindows {
	return JoinWindows{before: difference, after: difference}
}

// Before returns the windows with another reach back: how much earlier a right
// record may be than the left one. It's in whole milliseconds; a negative one means
// that it must be later by that much at least.
func (w JoinWindows) Before(d time.Duration) JoinWindows {
	w.before = d
	return w
}

// After returns the windows with another reach ahead: how much later a right
// record may be than the left one. It's in whole milliseconds; a negative one
// means that it must be earlier by that much at least.
func (w JoinWindows) After(d time.Duration) JoinWindows {
	w.after = d
	return w
}

// Grace returns the windows with a grace: how much later than the end of a
// record's window stream time may be for others to be still joined with it. It's
// in whole milliseconds and not negative. The result of a left or an outer join
// for a record without a match waits for as long.
func (w JoinWindows) Grace(d time.Duration) JoinWindows {
	w.grace = d
	return w
}

// check notes what's wrong with the windows that the node uses.
func (w JoinWindows) check(b *Builder, node string) {
	var s windowShape
	s.reach("time difference", w.before)
	if w.after != w.before {
		s.reach("time difference", w.after)
	}
	if s.reach("grace", w.grace); w.grace < 0 {
		s.wrong = append(s.wrong, fmt.Errorf("the grace of a join must not be negative, got %s", w.grace))
	}
	if len(s.wrong) == 0 && w.before+w.after < 0 {
		s.wrong = append(s.wrong, fmt.Errorf("the join has no window: it would end %s before its start", -w.before-w.after))
	}
	s.check(b, node)
}

// reach notes a part of a join's windows that's no number of milliseconds, or too
// long.
func (s *windowShape) reach(what string, d time.Duration) {
	if d%time.Millisecond != 0 || d.Abs() > maxReach {
		s.wrong = append(s.wrong, fmt.Errorf("the %s of a join must be in whole milliseconds and at most %s, got %s", what, maxReach, d))
	}
}

// maxReach keeps sums of the parts of a join's windows within a duration.
const maxReach = time.Duration(math.MaxInt64 / 4 / int64(time.Millisecond) * int64(time.Millisecond))

// retention is how long both sides keep their records. A store keeps at least what
// has the time of the latest record.
func (w JoinWindows) retention() time.Duration {
	return max(w.before+w.after+w.grace, time.Millisecond)
}

// JoinStores names the state stores of a join of two streams and says how keys
// and values are written, to the stores and to the repartition topics that the
// join needs.
type JoinStores[K, V, V2 any] struct {
	name    string
	key     serde.Serde[K]
	left    serde.Serde[V]
	right   serde.Serde[V2]
	options []StoreOption
}

// JoinAs returns the description of the stores of a join. The name must be unique
// in the topology and must not change while the application lives: the stores are
// <name>-this-join-store and <name>-other-join-store for the records of both
// sides, as long as others may be joined with them (an outer join's have outer- in
// front of this and other, a left join's in front of other), and for left and outer joins
// <name>-left-shared-join-store or <name>-outer-shared-join-store for records that
// wait for a match. The options hold for all of them (KIP-479).
func JoinAs[K, V, V2 any](name string, k serde.Serde[K], left serde.Serde[V], right serde.Serde[V2], options ...StoreOption) JoinStores[K, V, V2] {
	return JoinStores[K, V, V2]{name: name, key: k, left: left, right: right, options: options}
}

// declare adds a store of the join to the graph, as the node's.
func (st JoinStores[K, V, V2]) declare(b *Builder, n *graph.Node, name string, value any, kind statestore.Kind, retention time.Duration) {
	o := storeOptions{spec: statestore.Spec{Kind: kind}}
	present(st.options, func(s StoreOption) { s.setStore(&o) })
	o.spec.Name, o.spec.Retention = name, retention
	b.g.AddStore(o.spec, n)
	b.g.NoteSerdes(name, st.key, value)
}

// check notes what's wrong with the description.
func (st JoinStores[K, V, V2]) check(b *Builder, node string) {
	var o storeOptions
	present(st.options, func(s StoreOption) { s.setStore(&o) })
	if o.retention {
		b.g.Fail(node, "the stores of a join take no retention: it follows from the windows")
	}
	o.checkVersions(b, node, st.name, false)
	if o.reuse {
		b.g.Fail(node, "ReuseSourceTopic is for the stores of Builder.Table, which have a topic to be restored from")
	}
	b.needSerde(node, "join's key", st.key == nil)
	b.needSerde(node, "join's left value", st.left == nil)
	b.needSerde(node, "join's right value", st.right == nil)
}
