// Package driver tests topologies without Kafka. A [Driver] runs the production
// code of tasks over topics, stores and a clock in memory: records are piped into
// input topics, results are read from output topics, and state is looked into.
//
//	d := driver.ForTest(t, top)
//	words := d.Input("words", serde.String, serde.String)
//	counts := d.Output("counts", serde.String, serde.Int64)
//	words.Pipe("k", "hello")
//	for _, r := range counts.ReadAll() { ... }
//
// # Order
//
// A record that is piped is processed at once, with all that follows from it:
// what the topology writes to topics that it reads itself (repartition topics
// above all) is processed too before Pipe returns. Where several records wait,
// the one with the lowest timestamp is next, and among equals the one whose
// partition has waited longest.
//
// # Commits
//
// By default there is a commit after each processed record, so results are there
// when Pipe returns. With [WithCommitInterval] a transaction stays open until the
// clock is advanced far enough or [Driver.Commit] is called. As in production, it
// isn't seen by those who read committed records: not by Read and not by the
// topology behind a repartition topic. [Output.Uncommitted] shows it.
//
// [Driver.Crash] and [Driver.Rebalance] end the process between two records: what
// was not committed is gone or moves, and state comes back through the changelog
// topics.
//
// # Errors
//
// Nothing panics. A driver of [ForTest] ends the test with the first error. One of
// [New] keeps it for [Driver.Err], and does nothing more.
package driver
