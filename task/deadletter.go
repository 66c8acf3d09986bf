package task

import (
	"errors"
	"fmt"
	"slices"
	"strconv"

	"github.com/oncestream/oncestream/internal/plan"
	"github.com/oncestream/oncestream/internal/record"
	"go.uber.org/zap"
)

// DeadLetter returns the record's dead letter (KIP-1034): the input record's bytes
// as they were read, the headers and the timestamp that it had where it failed, and
// behind its headers those that tell of the failure. What failed without an input
// record has a null key and value, and partition and offset -1.
func (f FailedRecord) DeadLetter() record.Record {
	r := &f.Record
	exception, message, stack := describe(f.Err)
	var topic []byte
	if r.Topic != "" {
		topic = []byte(r.Topic)
	}
	headers := append(slices.Clone(f.headers),
		record.Header{Key: "__streams.errors.exception", Value: []byte(exception)},
		record.Header{Key: "__streams.errors.message", Value: []byte(message)},
		record.Header{Key: "__streams.errors.stacktrace", Value: stack},
		record.Header{Key: "__streams.errors.topic", Value: topic},
		record.Header{Key: "__streams.errors.partition", Value: strconv.AppendInt(nil, int64(r.Partition), 10)},
		record.Header{Key: "__streams.errors.offset", Value: strconv.AppendInt(nil, r.Offset, 10)},
	)
	if late, ok := errors.AsType[*plan.LateError](f.Err); ok {
		headers = append(headers,
			record.Header{Key: "oncestream.window.start", Value: strconv.AppendInt(nil, late.Start, 10)},
			record.Header{Key: "oncestream.window.end", Value: strconv.AppendInt(nil, late.End, 10)},
			record.Header{Key: "oncestream.stream.time", Value: strconv.AppendInt(nil, late.StreamTime, 10)},
		)
	}
	return record.Record{Key: r.Key, Value: r.Value, Timestamp: max(f.timestamp, 0), Headers: headers}
}

// describe returns the type of an error, its text, and where it came from. For a
// panic these are of what the code panicked with.
func describe(err error) (exception, message string, stack []byte) {
	p, ok := errors.AsType[*plan.PanicError](err)
	if !ok {
		return fmt.Sprintf("%T", err), err.Error(), fmt.Appendf(nil, "%+v", err)
	}
	return fmt.Sprintf("%T", p.Value), fmt.Sprintf("panic: %v", p.Value), p.Stack
}

// skipped logs that a handler has let a record go.
func (w *Worker) skipped(f FailedRecord, action Action) {
	w.log.Warn("record skipped", zap.String("task", f.Task), zap.String("node", f.Node), zap.Stringer("action", action),
		zap.Stringer("partition", f.Record.TopicPartition()), zap.Int64("offset", f.Record.Offset), zap.Error(f.Err))
}
