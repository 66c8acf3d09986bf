package task

import (
	"fmt"
	"strings"

	"github.com/oncestream/oncestream/internal/plan"
	"github.com/oncestream/oncestream/internal/record"
)

// Error is a failure of a task: an error or a panic of an operator or of the
// user's code in it.
type Error struct {
	// Task is the task's id, <sub-topology>_<partition>.
	Task string
	// Node is the node whose code ran last.
	Node string
	// Topic, Partition and Offset name the record that was processed. Topic is
	// empty where it wasn't a record that failed.
	Topic     string
	Partition int32
	Offset    int64
	Err       error
}

// Error names the task, the node and the record.
func (e *Error) Error() string {
	var b strings.Builder
	fmt.Fprintf(&b, "task %s", e.Task)
	if e.Node != "" {
		fmt.Fprintf(&b, ", node %s", e.Node)
	}
	if e.Topic != "" {
		fmt.Fprintf(&b, ", record %s-%d at offset %d", e.Topic, e.Partition, e.Offset)
	}
	fmt.Fprintf(&b, ": %v", e.Err)
	return b.String()
}

// Unwrap returns the cause.
func (e *Error) Unwrap() error { return e.Err }

// Action is a handler's answer to a record that failed.
type Action uint8

// The actions. The zero value is Fail.
const (
	// Fail stops the application with the error. Nothing of the record is committed.
	Fail Action = iota
	// Continue drops the record, which is counted in the metric of dropped records.
	Continue
	// DeadLetter drops the record as Continue does, and sends the input record to the
	// dead-letter topic within the transaction.
	DeadLetter
	// SkipRecord takes the whole input record back, with all that was done for it
	// before it failed, and drops it. It needs Config.UndoRecords.
	SkipRecord
	// DeadLetterRecord takes the whole input record back and sends it to the
	// dead-letter topic. It needs Config.UndoRecords.
	DeadLetterRecord
)

// String returns the action's name.
func (a Action) String() string {
	names := [...]string{"Fail", "Continue", "DeadLetter", "SkipRecord", "DeadLetterRecord"}
	if int(a) < len(names) {
		return names[a]
	}
	return fmt.Sprintf("Action(%d)", uint8(a))
}

// whole returns whether the action takes the whole input record back.
func (a Action) whole() bool { return a == SkipRecord || a == DeadLetterRecord }

// FailedRecord is what a handler gets to decide on.
type FailedRecord struct {
	// Task is the task's id.
	Task string
	// Node is the node that failed: the source for a record that can't be
	// deserialized, the sink for one that can't be written.
	Node string
	// Record is the input record as it was read, valid during the call. For a
	// punctuation, and for a result that a join has held back for its time, there's
	// none: the topic is empty, partition and offset are -1. Of a record that was held
	// back in a buffer only its place is known: key and value are nil.
	Record record.Record
	// Output is the topic of an output record that can't be written. It's empty for
	// other failures.
	Output string
	// Err is the failure: what the user's code has returned, or a *PanicError.
	Err error

	// timestamp and headers are those that the record had where it failed.
	timestamp int64
	headers   []record.Header
}

// PanicError is a panic of the user's code as an error.
type PanicError = plan.PanicError
