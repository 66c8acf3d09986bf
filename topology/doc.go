// Package topology is the language in which stream processing is written down.
//
// A [Builder] starts streams and tables from topics; their methods lead to
// further streams and tables, and to topics again. Everything is typed: keys and
// values have the types of the user's functions, and what doesn't fit doesn't
// compile. [Builder.Build] makes a [Topology] of it, or reports all mistakes
// together. Nothing runs before an application runs the topology.
//
//	b := topology.NewBuilder()
//	b.Stream("lines", serde.String, serde.String).
//		FlatMapValues(strings.Fields).
//		GroupBy("words", func(_, word string) string { return word }, serde.String, serde.String).
//		Count(topology.StoreAs("counts", serde.Int64)).
//		ToStream().
//		To("word-counts", serde.String, serde.Int64)
//	t, err := b.Build()
//
// # Names
//
// What outlives the program carries a name from the user: topics, stores, and
// the repartition topics between sub-topologies. Everything else is numbered in
// the order of writing and may be named with [Named].
//
// # Functions
//
// Functions must be pure: a record whose transaction failed is processed again,
// and one function is called by all tasks at once, each on its own goroutine. A
// function may keep the keys and values that it's given, but must not change
// them, because other operators see them as well. Only an aggregate may be
// changed in place, by the function that adds to it.
//
// # Null
//
// Kafka's keys and values can be null, Go's types often can't. For types with a
// nil (pointers, slices, maps, interfaces) nil is null in both directions: a
// function gets nil for a null, and a nil result is a null. For all other types:
//
//   - A function that gets a key or a value gets the zero value for a null.
//   - MapValues isn't called with a null: it stays null.
//   - A null value stays null through Map and SelectKey, whatever Map makes of
//     the zero value. A key that a function returns is never null.
//   - FlatMap and FlatMapValues return values that are never null.
//
// # Repartitioning
//
// Map, FlatMap and SelectKey may change keys. Before a grouping, a join or a
// table which depends on the keys, records are then written to a repartition
// topic, so that all records of a key meet in one task. Records with a null key
// are left out of it, unless a left join behind it makes use of them (KIP-962).
package topology
