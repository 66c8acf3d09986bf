package topology

import (
	"iter"

	"github.com/oncestream/oncestream/topology/internal/graph"
	"github.com/oncestream/oncestream/topology/internal/op"
)

// Stream is a sequence of independent records. A null key or value is passed on
// by every method that doesn't say otherwise; the package's documentation says
// what functions see of it. Timestamps and headers go from each record to those
// made of it.
type Stream[K, V any] struct {
	b    *Builder
	node *graph.Node
	// rekeyed says that the key may have changed since the records were last placed
	// in partitions by their keys.
	rekeyed bool
}

// valid returns the stream, or one that can't be built for none.
func (s *Stream[K, V]) valid() *Stream[K, V] {
	if s != nil && s.b != nil {
		return s
	}
	b := NewBuilder()
	name := b.g.Next("KSTREAM-NONE-")
	b.g.Fail(name, "the stream is nil or empty: take one from a Builder")
	return &Stream[K, V]{b: b, node: b.g.Add(&graph.Node{Name: name})}
}

// MarkAsPartitioned returns the stream as one whose records lie in the partitions of
// their keys, though an operator before may have changed those: groupings and joins
// behind it take no repartition topic (KIP-759). It's for changes that leave keys that
// are equal afterwards in one partition, such as [WithoutWindow]; behind others, results
// are wrong. It adds no node.
func (s *Stream[K, V]) MarkAsPartitioned() *Stream[K, V] {
	s = s.valid()
	return &Stream[K, V]{b: s.b, node: s.node}
}

// Filter passes on the records for which keep returns true.
func (s *Stream[K, V]) Filter(keep func(K, V) bool, options ...Option) *Stream[K, V] {
	return s.filter("Filter", keep, true, options)
}

// FilterNot passes on the records for which drop returns false.
func (s *Stream[K, V]) FilterNot(drop func(K, V) bool, options ...Option) *Stream[K, V] {
	return s.filter("FilterNot", drop, false, options)
}

func (s *Stream[K, V]) filter(method string, f func(K, V) bool, want bool, options []Option) *Stream[K, V] {
	st := step{method: method, prefix: "KSTREAM-FILTER-", noFunc: f == nil, passes: true}
	return then(s, st, options, func(n op.Node, out op.Func[K, V]) op.Func[K, V] {
		return op.Filter(n, f, want, out)
	})
}

// Map makes one record of each. It may change the key, so a grouping or a join
// behind it takes a repartition topic; prefer MapValues where the key stays.
func (s *Stream[K, V]) Map[J, W any](f func(K, V) (J, W), options ...Option) *Stream[J, W] {
	st := step{method: "Map", prefix: "KSTREAM-MAP-", noFunc: f == nil, rekeys: true}
	return then(s, st, options, func(n op.Node, out op.Func[J, W]) op.Func[K, V] {
		return op.Map(n, f, out)
	})
}

// MapValues replaces each value. Where V has no nil, f isn't called for a null
// value, which stays null.
func (s *Stream[K, V]) MapValues[W any](f func(V) W, options ...Option) *Stream[K, W] {
	st := step{method: "MapValues", prefix: "KSTREAM-MAPVALUES-", noFunc: f == nil, values: true}
	return then(s, st, options, func(n op.Node, out op.Func[K, W]) op.Func[K, V] {
		return op.MapValues(n, f, out)
	})
}

// MapValuesWithKey replaces each value as MapValues does, by what f makes of the
// key and the value. The key must not be changed (KIP-149).
func (s *Stream[K, V]) MapValuesWithKey[W any](f func(K, V) W, options ...Option) *Stream[K, W] {
	st := step{method: "MapValuesWithKey", prefix: "KSTREAM-MAPVALUES-", noFunc: f == nil, values: true}
	return then(s, st, options, func(n op.Node, out op.Func[K, W]) op.Func[K, V] {
		return op.MapValuesWithKey(n, f, out)
	})
}

// FlatMap makes any number of records of each; a nil sequence is none. It may
// change the key, so a grouping or a join behind it takes a repartition topic;
// prefer FlatMapValues where the key stays.
func (s *Stream[K, V]) FlatMap[J, W any](f func(K, V) iter.Seq2[J, W], options ...Option) *Stream[J, W] {
	st := step{method: "FlatMap", prefix: "KSTREAM-FLATMAP-", noFunc: f == nil, rekeys: true}
	return then(s, st, options, func(n op.Node, out op.Func[J, W]) op.Func[K, V] {
		return op.FlatMap(n, f, out)
	})
}

// FlatMapValues makes a record of each value that f returns, all with the key of
// the record that f got the value of.
func (s *Stream[K, V]) FlatMapValues[W any](f func(V) []W, options ...Option) *Stream[K, W] {
	st := step{method: "FlatMapValues", prefix: "KSTREAM-FLATMAPVALUES-", noFunc: f == nil, values: true}
	return then(s, st, options, func(n op.Node, out op.Func[K, W]) op.Func[K, V] {
		return op.FlatMapValues(n, f, out)
	})
}

// FlatMapValuesWithKey makes a record of each value that f returns, as
// FlatMapValues does; f gets the key as well and must not change it (KIP-149).
func (s *Stream[K, V]) FlatMapValuesWithKey[W any](f func(K, V) []W, options ...Option) *Stream[K, W] {
	st := step{method: "FlatMapValuesWithKey", prefix: "KSTREAM-FLATMAPVALUES-", noFunc: f == nil, values: true}
	return then(s, st, options, func(n op.Node, out op.Func[K, W]) op.Func[K, V] {
		return op.FlatMapValuesWithKey(n, f, out)
	})
}

// SelectKey replaces each key. A grouping or a join behind it takes a
// repartition topic.
func (s *Stream[K, V]) SelectKey[J any](f func(K, V) J, options ...Option) *Stream[J, V] {
	st := step{method: "SelectKey", prefix: "KSTREAM-KEY-SELECT-", noFunc: f == nil, rekeys: true}
	return then(s, st, options, func(n op.Node, out op.Func[J, V]) op.Func[K, V] {
		return op.SelectKey(n, f, out)
	})
}

// ForEach calls f with each record, and ends there. A record may be given again
// when its transaction failed, so what f does outside of the application isn't
// exactly once.
func (s *Stream[K, V]) ForEach(f func(K, V), options ...Option) {
	st := step{method: "ForEach", prefix: "KSTREAM-FOREACH-", noFunc: f == nil}
	then(s, st, options, func(n op.Node, out op.Func[K, V]) op.Func[K, V] {
		return op.Peek(n, f, out)
	})
}

// Peek shows each record to f and passes it on unchanged. A record may be shown
// again when its transaction failed.
func (s *Stream[K, V]) Peek(f func(K, V), options ...Option) *Stream[K, V] {
	st := step{method: "Peek", prefix: "KSTREAM-PEEK-", noFunc: f == nil, passes: true}
	return then(s, st, options, func(n op.Node, out op.Func[K, V]) op.Func[K, V] {
		return op.Peek(n, f, out)
	})
}
