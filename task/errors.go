package task

import (
	"fmt"
	"strings"

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
	// DeadLetter sends the record to the dead-letter topic within the transaction
	// and goes on behind it.
	DeadLetter
)

// FailedRecord is what a handler gets to decide on.
type FailedRecord struct {
	// Task is the task's id.
	Task string
	// Node is the source node that couldn't read the record.
	Node string
	// Record is the input record as it was read, valid during the call.
	Record record.Record
	// Err is the failure.
	Err error
}
