// Package plan is the contract between the topology, which compiles a typed
// DSL, and the runtime, which executes tasks. A Plan has no type parameters:
// bytes go in at the sources and come out at the sinks, and everything typed
// in between is hidden behind the closures of a Chain.
package plan

import (
	"fmt"
	"math"
	"time"

	"github.com/oncestream/oncestream/internal/record"
	"github.com/oncestream/oncestream/statestore"
)

// Plan is a topology that was built without mistakes.
type Plan struct {
	// SubTopologies are in the order of their IDs, which count from 0 together with
	// those of Globals.
	SubTopologies []*SubTopology
	// Globals are the topics that each process keeps as a whole, in the order of
	// their IDs.
	Globals []*Global
	// DeadLetters are the nodes that write dead letters for what they drop by their
	// rules, so that there must be a topic for them.
	DeadLetters []string
}

// Global is a topic of which each process applies all partitions to one store. Its
// operators send nothing on.
type Global struct {
	// ID is a number that no sub-topology has.
	ID     int32
	Source *Source
	// Store is the one that the operators write and all tasks may read. It has no
	// changelog but the topic.
	Store statestore.Spec
	// Build makes the operators, with a chain of one input. Its Env writes no topics.
	Build func(env *Env) (*Chain, error)
}

// SubTopology is a connected part of the topology: its nodes exchange records
// within one task. Sub-topologies exchange records through topics alone.
type SubTopology struct {
	ID      int32
	Sources []*Source
	Sinks   []*Sink
	// Stores are the state stores of the sub-topology's nodes.
	Stores []statestore.Spec
	// Reused are the stores that have a source topic for a changelog.
	Reused []Reused
	// CoPartitioned lists groups of source topics (Source.Topic) that must have
	// the same number of partitions because a join or a merge of grouped inputs
	// reads them together.
	CoPartitioned []CoPartition
	// Build makes the chain of operators of one task. It's called once for each
	// task, on the goroutine that will run it.
	Build func(env *Env) (*Chain, error)
}

// Reused is a store that is restored from a topic which its sub-topology reads, up
// to the committed offset. Its specification has logging disabled.
type Reused struct {
	Store string
	// Topic is named as in Source.Topic.
	Topic string
	// Node is the name of the source node.
	Node string
	// Reader returns a function for one restore of a partition. It makes of a record
	// what a changelog of the store would hold, and returns false for one that the
	// store doesn't take. The record's bytes are valid until the next call.
	Reader func() func(*record.Record) (bool, error)
}

// CoPartition is a set of topics with equal partition counts, and the node that
// demands it.
type CoPartition struct {
	Node   string
	Topics []string
	// Patterns are the source nodes among the inputs whose topics a pattern chooses.
	// [Plan.Match] adds the topics to Topics.
	Patterns []string
}

// Source is a topic that a sub-topology reads.
type Source struct {
	// Node is the name of the source node.
	Node string
	// Topic is the topic's name. A repartition topic's name comes without the
	// application id in front.
	Topic string
	// Pattern is set where the source reads all topics that it matches. Topic is empty
	// then, until [Plan.Match] has made a source of each topic.
	Pattern *Pattern
	// Repartition is set where the topic is an internal one.
	Repartition *Repartition
	// Reset says where reading starts without a committed offset.
	Reset OffsetReset
	// Idle is how long the partition must have nothing to read until the wall clock
	// moves stream time on; 0 where it never does.
	Idle time.Duration
}

// Sink is a topic that a sub-topology writes to.
type Sink struct {
	Node string
	// Topic is named as in Source. It's empty where each record's topic is chosen
	// when it's written.
	Topic string
	// Repartition is set where the topic is an internal one.
	Repartition *Repartition
}

// Repartition describes an internal topic between two sub-topologies. The
// source and the sinks of one topic share one value.
type Repartition struct {
	// Partitions is the count that the user asked for, or 0: then it's the
	// highest count among the sources of the sub-topologies that write to it.
	Partitions int32
}

// OffsetReset says where reading starts without a committed offset.
type OffsetReset uint8

// The reset policies. The zero value is Earliest, as in Kafka Streams.
const (
	Earliest OffsetReset = iota
	Latest
	// ResetNone makes a missing offset an error.
	ResetNone
)

// TaskID names a task: the part of a sub-topology that works on one partition.
type TaskID struct {
	SubTopology int32
	Partition   int32
}

// GlobalTask returns the id of what isn't a task: the operators of a global store.
func GlobalTask() TaskID { return TaskID{SubTopology: -1, Partition: -1} }

// String prints the id as Kafka Streams does, for instance 0_3. That of global
// stores is -1_-1.
func (id TaskID) String() string { return fmt.Sprintf("%d_%d", id.SubTopology, id.Partition) }

// Chain is the operators of one task. It's used by one goroutine at a time.
type Chain struct {
	// Inputs are the operators behind the sources, filed under Source.Topic.
	Inputs map[string]Input
	// Matched makes the operators behind a source with a pattern, filed under
	// Source.Node. It's called once for each of the topics.
	Matched map[string]func() Input
	// Flush sends downstream what operators hold back until a commit (record
	// caches, for instance). Nil where there's nothing to flush.
	Flush func() error
	// Due returns when Punctuate has something to do next by a clock, or Never. Nil
	// where nothing can be scheduled.
	Due func(by Clock) int64
	// Punctuate makes one call that processors have scheduled and that's due at the
	// time which the clock shows. Each is due once, however long ago it was.
	Punctuate func(by Clock, now int64) error
	// Close tells the processors that their task ends. Nil where none wants to know.
	Close func() error
}

// Clock is what a schedule goes by.
type Clock uint8

// The clocks.
const (
	// StreamClock shows the task's stream time, Env.StreamTime.
	StreamClock Clock = iota
	// WallClock shows Env.Now, in milliseconds since the Unix epoch.
	WallClock
)

// Never is when nothing is due.
const Never int64 = math.MaxInt64

// Input takes the records of one topic of a task.
type Input struct {
	// Timestamp sets the timestamp with which a record is processed; nil leaves
	// records their own. It's called once for a record, when that has become the
	// next of its partition, and before the one call of Process for the same record.
	// partitionTime is the highest timestamp processed of the partition, -1 before
	// the first. What goes wrong is the result of Process.
	Timestamp func(r *record.Record, partitionTime int64)
	// Process takes a record through all operators. When it returns, every state
	// change and every output record was handed over. The record is valid only
	// during the calls.
	Process func(*record.Record) error
	// Due returns the stream time at which something behind a source with an idle
	// timeout is passed on next, or Never. It may be costly. Nil for other sources, and
	// where nothing keeps time.
	Due func() int64
	// Advance moves the stream time of the operators behind the source on, and passes on
	// what becomes due by that. It's nil where Due is.
	Advance func(to int64) error
}

// Timed is an operator that keeps stream time.
type Timed struct {
	// Due returns the stream time at which it passes something on next, or Never.
	Due func() int64
	// Advance moves its time on, and passes on what becomes due.
	Advance func(to int64) error
}

// Env is what a task gives its operators. All of it is used on the task's
// goroutine only.
type Env struct {
	Task TaskID
	// Application is the application's id.
	Application string
	// Store returns the open state of a store of this task, or a reader of a global
	// store.
	Store func(name string) (*statestore.Store, error)
	// Output returns the writer for a topic, named as in Sink.Topic.
	Output func(topic string) (Output, error)
	// Topic returns the writer for a topic that was chosen for a record, by its real
	// name. One that doesn't exist is an error.
	Topic func(name string) (Output, error)
	// DecodeFailed is asked when a key or a value can't be deserialized. A nil
	// answer means that the record was dealt with (skipped and counted, or sent to
	// the dead-letter topic) and processing goes on behind it.
	DecodeFailed func(node string, r *record.Record, err error) error
	// Failed is asked about a failure of the user's code at a node. A nil answer means
	// that it was dealt with: the record ends at the node, and whoever sent it there
	// goes on. An error stops the task, or takes the whole input record back. Failed is
	// nil where no handler is set: then nodes aren't guarded.
	Failed func(*Failure) error
	// NotProduced is asked about an output record that can't be serialized, or whose
	// Send was refused, as Failed is. It's nil where no handler is set.
	NotProduced func(*Failure) error
	// Late is told of a record that was dropped as late, by a node that's among
	// Plan.DeadLetters. Err of the failure is a *LateError.
	Late func(*Failure) error
	// Remember takes the memory of an operator that has some beside its stores, so that
	// a record can be taken back. It's nil where none is.
	Remember func(Memory)
	// MovedTo returns how far the idle timeout had moved the stream time of a source, by
	// the name of its node, at the last commit; -1 where it hadn't.
	MovedTo func(source string) int64
	// Timed takes an operator behind a source with an idle timeout, and returns the time
	// that it had been moved to at the last commit, or -1. It's nil where there's no such
	// source.
	Timed func(node string, t Timed) int64
	// Now returns the wall clock: the system's, or a test's.
	Now func() time.Time
	// Dropped counts a record that an operator drops by its rules.
	Dropped func(node string, reason DropReason)
	// Cache is the task's share of the record caches' budget, nil where stores have
	// no record caches.
	Cache *CacheShare

	// Node is the node whose user function was entered last. Operators set it
	// before each call of user code (and again after a call downstream, if they go
	// on in user code), so that a panic can be told with its node's name.
	Node string
	// InUser says that the user's code runs, so that its panics can be told from the
	// framework's. Operators set it before each call of it, and take it back after.
	InUser bool
	// Due says that results are passed on whose time has come. It's not the record at
	// hand that has made them, so to take that back wouldn't help if they fail.
	Due bool
	// From is where the record that is being processed was read. Sources set it. It has
	// no topic while what was scheduled runs.
	From Origin
	// StreamTime is the highest timestamp of the task's records so far, -1 before the
	// first. Sources raise it with each record that they pass on.
	StreamTime int64
	// CommitRequested says that a processor asks for a commit. The runtime resets it
	// with the next one.
	CommitRequested bool
}

// Origin is the place of a record among the inputs of a task.
type Origin struct {
	Topic     string
	Partition int32
	Offset    int64
}

// Output writes records to one topic within the worker's transaction.
type Output interface {
	// Partitions returns the number of partitions of the topic.
	Partitions() int32
	// Send hands over one record; nil is Kafka's null. The bytes are copied before
	// it returns. With partition -1 the default partitioner chooses: murmur2 of
	// the key, as the Java client does, and any partition for a null key.
	Send(partition int32, key, value []byte, timestamp int64, headers []record.Header) error
}

// DropReason says why a record was dropped. It's a label of the metric of
// dropped records.
type DropReason string

// The reasons.
const (
	// DropNullKey is a null key where a key is needed.
	DropNullKey DropReason = "null_key"
	// DropNullValue is a null value where a value is needed.
	DropNullValue DropReason = "null_value"
	// DropLate is a record for a window that was closed by stream time.
	DropLate DropReason = "late"
	// DropTimestamp is a record without a valid timestamp.
	DropTimestamp DropReason = "invalid_timestamp"
	// DropStale is the answer of a foreign-key join to a row that has changed since.
	DropStale DropReason = "stale_answer"
	// DropNoPartition is a record for which the user's partitioner chose no partition.
	DropNoPartition DropReason = "no_partition"
	// DropDecode is a record that couldn't be deserialized and was skipped.
	DropDecode DropReason = "deserialization"
	// DropOutOfOrder is an update of a versioned table that isn't the latest of its
	// row, where a join follows the rows as they are.
	DropOutOfOrder DropReason = "out_of_order"
	// DropProcessing is a record that the user's code failed at, and that the handler
	// has continued behind.
	DropProcessing DropReason = "processing"
	// DropProduction is an output record that couldn't be serialized or was refused,
	// and that the handler has left out.
	DropProduction DropReason = "production"
	// DropExpired is a write that a store dropped because it was past the store's
	// retention.
	DropExpired DropReason = "expired"
)
