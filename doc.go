// Package oncestream runs stateful stream-processing topologies on Apache
// Kafka, exactly once.
//
// A program builds a topology with package topology (a typed DSL in the style of
// Kafka Streams), makes an App from it, and runs the App until it's told to
// stop. Every process that runs with the same application id shares the work:
// partitions are spread over all of their workers and move when processes come
// and go.
//
// # Exactly once
//
// With the default guarantee every output record, state change and input offset
// of a worker is committed in one Kafka transaction (exactly_once_v2, KIP-447),
// at the commit interval. State is kept in Pebble below the state directory and
// holds committed writes alone, together with the changelog offset that it
// corresponds to. After kill -9 a process replays the tail of its changelogs; it
// never has to wipe its state.
//
// Consumers of the output must read with isolation.level=read_committed, or they
// see records of aborted transactions as well.
//
// # The state directory
//
// Keep the state directory across restarts. Beside the state it holds the
// process id, from which the transactional ids and the static group members are
// made: a restart takes its predecessor's place at once. Two processes can't
// share a state directory; the second one is refused.
//
// # Errors
//
// Bad configuration is refused by New, and what the cluster refuses comes as an
// error of Run. Passing failures of brokers and rebalances are dealt with
// inside. An error or a panic in user code stops the application with a *Error
// that names the node and the record; nothing of that record was committed.
package oncestream
