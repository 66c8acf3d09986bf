// Package statestore keeps the state of stateful operators: key-value, versioned,
// window and session stores, on disk (Pebble) or in memory.
//
// A [DB] is the state of one process. It holds the state of all stores and
// partitions, so that one commit is one atomic batch and one block cache and one
// memtable serve them all. A [Store] is one store's state of one partition. Its
// writes go to an overlay in memory, which belongs to the open transaction; reads
// see the overlay over the engine. [KeyValue], [Versioned], [Window], [Session],
// [JoinWindow] and [OuterJoin] put types over the bytes of a Store.
//
// A transaction ends in one of two ways. Either it was committed to Kafka: then
// [Store.Stage] puts the overlay, together with the changelog offset that it
// corresponds to, into a [Batch], [Batch.Commit] applies it and [Store.Applied]
// clears the overlay. Or it was aborted: then [Store.Discard] drops the overlay.
// So the engine holds committed writes alone, always with the offset from which
// the changelog has to be replayed.
//
// There is no write-ahead log. After a crash the state is that of some earlier
// batch as a whole, with that batch's own offsets: the loss is a tail that's
// restored from the changelog, never a mixture. [DB.FlushAsync], called from time
// to time, keeps that tail short, and [DB.Flush] at a clean stop makes it empty.
//
// A [Global] is the state of a whole topic, which one goroutine writes and others
// read.
//
// A DB may be used by several goroutines at once; a Store, what wraps it, and a
// Batch by one at a time.
package statestore
