package eosv2

import (
	"errors"
	"fmt"
	"strings"
)

// Class says what must happen after an error, not where it came from.
type Class uint8

const (
	// ClassNone is the class of nil and of errors that are not of this package.
	ClassNone Class = iota
	// ClassRetry is internal: the request is sent again.
	ClassRetry
	// ClassAbort means that the transaction is lost: Init, go back to the
	// committed offsets, drop what the transaction wrote, and redo it.
	ClassAbort
	// ClassFenced means that a newer producer has the transactional id: give up
	// the tasks and rejoin the group.
	ClassFenced
	// ClassGeneration means that the group is rebalancing or has a newer
	// generation. The transaction stays open; SendOffsets may be called again
	// with the new generation if the partitions are still owned.
	ClassGeneration
	// ClassRejoin means that the group no longer knows the member: the
	// transaction is lost and the worker must rejoin.
	ClassRejoin
	// ClassFatal means that repeating it would fail in the same way:
	// authorisation, versions, sizes, configuration.
	ClassFatal
)

var classNames = [...]string{"none", "retry", "abort", "fenced", "generation", "rejoin", "fatal"}

// String returns the class in lower case, fit for a metric's label.
func (c Class) String() string {
	if int(c) < len(classNames) {
		return classNames[c]
	}
	return fmt.Sprintf("class(%d)", uint8(c))
}

// Error is what every method of this package returns when something failed.
type Error struct {
	// Op is the step that failed, for instance "commit" or "produce".
	Op string
	// Class is what the caller must do.
	Class Class
	// Topic and Partition tell where; Topic is empty when the error concerns
	// no topic, and Partition is -1 when it concerns the whole topic.
	Topic     string
	Partition int32
	// Unknown is set when the request may or may not have taken effect.
	Unknown bool
	// Refused is the record that a leader refused for what it is: its size, its
	// timestamp, or that it doesn't fit the topic. It's nil for other failures. The
	// transaction is lost all the same, as no broker takes a batch in part.
	Refused *RefusedRecord
	// Err is the cause: a sarama.KError, a network or a context error.
	Err error
}

// RefusedRecord are the bytes of a record, nil where it has null.
type RefusedRecord struct{ Key, Value []byte }

// Error names the step, the place and the cause.
func (e *Error) Error() string {
	var b strings.Builder
	b.WriteString("eosv2: ")
	b.WriteString(e.Op)
	if e.Topic != "" {
		fmt.Fprintf(&b, " %s", e.Topic)
		if e.Partition >= 0 {
			fmt.Fprintf(&b, "-%d", e.Partition)
		}
	}
	if e.Unknown {
		b.WriteString(": outcome unknown")
	}
	fmt.Fprintf(&b, ": %v", e.Err)
	return b.String()
}

// Unwrap returns the cause.
func (e *Error) Unwrap() error { return e.Err }

// ClassOf returns the class of err, ClassNone when err is nil or holds no Error.
func ClassOf(err error) Class {
	var e *Error
	if errors.As(err, &e) {
		return e.Class
	}
	return ClassNone
}

// Errors about the use of a Producer rather than about the brokers.
var (
	// ErrNotInitialised is the cause when Init has not succeeded yet.
	ErrNotInitialised = errors.New("the producer is not initialised: call Init first")
	// ErrClosed is the cause of every error after Close.
	ErrClosed = errors.New("the producer is closed")
	// ErrNotTransactional is the cause of SendOffsets in AtLeastOnce mode.
	ErrNotTransactional = errors.New("an at-least-once producer has no transaction: commit the offsets to the group")
	// ErrDeliveryTimeout is the cause when records were not acknowledged within
	// Config.DeliveryTimeout; the last answer of the broker is joined to it.
	ErrDeliveryTimeout = errors.New("delivery timeout passed")
	// ErrRetaken is the cause when Init finds that another producer held the
	// transactional id since the previous Init.
	ErrRetaken = errors.New("another producer used the transactional id in between")
)
