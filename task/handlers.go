package task

import (
	"errors"
	"fmt"
	"strings"

	"github.com/oncestream/oncestream/internal/plan"
	"github.com/oncestream/oncestream/internal/record"
)

// Handlers decide on records that fail. The zero value fails at all of them.
type Handlers struct {
	// Decode decides on records that can't be deserialized.
	Decode func(FailedRecord) Action
	// Processing decides on records that the user's code fails at.
	Processing func(FailedRecord) Action
	// Production decides on output records that can't be serialized, or that are
	// refused for what they are.
	Production func(FailedRecord) Action
	// DeadLetterTopic takes the records that a handler answers DeadLetter or
	// DeadLetterRecord for.
	DeadLetterTopic string
	// UndoRecords keeps what's needed to answer SkipRecord and DeadLetterRecord.
	UndoRecords bool
}

// Check returns what's missing for the topology of the layout.
func (h Handlers) Check(l *Layout) error {
	if nodes := l.plan.DeadLetters; len(nodes) > 0 && h.DeadLetterTopic == "" {
		return fmt.Errorf("%s: late records go to the dead-letter topic, but none is set: set Config.DeadLetterTopic", strings.Join(nodes, ", "))
	}
	return nil
}

// guard connects the operators to the handlers that there are.
func (t *Task) guard() {
	t.env.DecodeFailed = t.decodeFailed
	t.env.Late = func(f *plan.Failure) error {
		failed := t.failedRecord(f)
		return t.deadLetter(failed.DeadLetter())
	}
	if t.handlers.Processing != nil {
		t.env.Failed = func(f *plan.Failure) error {
			return t.decide(f, plan.DropProcessing, t.handlers.Processing)
		}
	}
	if t.handlers.Production != nil {
		t.env.NotProduced = func(f *plan.Failure) error {
			return t.decide(f, plan.DropProduction, t.handlers.Production)
		}
	}
}

// decodeFailed decides on a record that can't be deserialized. Nothing was done
// for it yet, so there's nothing to undo.
func (t *Task) decodeFailed(node string, r *record.Record, err error) error {
	f := FailedRecord{Task: t.id.String(), Node: node, Record: *r, Err: err, timestamp: r.Timestamp, headers: r.Headers}
	action := Fail
	if t.handlers.Decode != nil {
		action = t.handlers.Decode(f)
	}
	if action == Fail {
		return fmt.Errorf("record can't be deserialized: %w", err)
	}
	return t.dispose(&f, action, plan.DropDecode)
}

// decide asks a handler about a failure within the task's operators.
func (t *Task) decide(failure *plan.Failure, reason plan.DropReason, ask func(FailedRecord) Action) error {
	f := t.failedRecord(failure)
	action := ask(f)
	switch {
	case action == Fail && failure.Output != "":
		return fmt.Errorf("%s: output record for topic %s: %w", failure.Node, failure.Output, failure.Err)
	case action == Fail:
		return failure.Err
	case action.whole() && !t.handlers.UndoRecords:
		return fmt.Errorf("the handler answers %s, which needs Config.UndoRecords: %w", action, failure.Err)
	case action.whole() && t.undo.covers(t.env, failure):
		return &undone{f: f, action: action, reason: reason}
	}
	return t.dispose(&f, action, reason)
}

// dispose drops a failed record, or what was made of it, and goes on.
func (t *Task) dispose(f *FailedRecord, action Action, reason plan.DropReason) error {
	switch action {
	case Continue, SkipRecord:
	case DeadLetter, DeadLetterRecord:
		if err := t.deadLetter(f.DeadLetter()); err != nil {
			return fmt.Errorf("dead letter for %s at offset %d: %w", f.Record.TopicPartition(), f.Record.Offset, err)
		}
	default:
		return fmt.Errorf("the handler answers %s, which doesn't exist: %w", action, f.Err)
	}
	t.dropped(f.Node, reason)
	if t.skipped != nil {
		t.skipped(*f, action)
	}
	return nil
}

// deadLetter sends a record to the dead-letter topic within the transaction.
func (t *Task) deadLetter(r record.Record) error {
	if t.handlers.DeadLetterTopic == "" {
		return errors.New("no dead-letter topic is set: set Config.DeadLetterTopic")
	}
	o, err := t.env.Topic(t.handlers.DeadLetterTopic)
	if err != nil {
		return fmt.Errorf("dead-letter topic: %w", err)
	}
	return o.Send(-1, r.Key, r.Value, r.Timestamp, r.Headers)
}

// failedRecord is what a handler gets to see of a failure: the input record if
// it's the one at hand. Of one that waited for its time only the place is known.
func (t *Task) failedRecord(f *plan.Failure) FailedRecord {
	failed := FailedRecord{
		Task: t.id.String(), Node: f.Node, Output: f.Output, Err: f.Err,
		timestamp: f.Timestamp, headers: f.Headers,
		Record: record.Record{Partition: -1, Offset: -1, Timestamp: f.Timestamp},
	}
	from := t.env.From
	switch {
	case f.NoRecord || from.Topic == "":
	case t.current != nil && from == originOf(&t.current.head):
		failed.Record = t.current.head
	default:
		failed.Record = record.Record{Topic: from.Topic, Partition: from.Partition, Offset: from.Offset, Timestamp: f.Timestamp}
	}
	return failed
}

func originOf(r *record.Record) plan.Origin {
	return plan.Origin{Topic: r.Topic, Partition: r.Partition, Offset: r.Offset}
}

// dropped counts a dropped record.
func (t *Task) dropped(node string, reason plan.DropReason) {
	k := dropKey{node, reason}
	if t.undo != nil && t.undo.open {
		t.undo.drops = append(t.undo.drops, k)
		return
	}
	t.drops[k]++
}
