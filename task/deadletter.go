package task

import (
	"context"
	"fmt"
	"slices"
	"strconv"

	"github.com/oncestream/oncestream/internal/plan"
	"github.com/oncestream/oncestream/internal/record"
	"go.uber.org/zap"
)

// decodeFailed asks the handler about a record that can't be deserialized and
// carries out its answer.
func (w *Worker) decodeFailed(ctx context.Context, t plan.TaskID, f FailedRecord) error {
	action := Fail
	if w.Decode != nil {
		action = w.Decode(f)
	}
	switch action {
	case Continue:
		w.log.Warn("record skipped: it can't be deserialized", zap.Stringer("task", t), zap.String("node", f.Node),
			zap.Stringer("partition", f.Record.TopicPartition()), zap.Int64("offset", f.Record.Offset), zap.Error(f.Err))
	case DeadLetter:
		if err := w.deadLetter(ctx, f); err != nil {
			return err
		}
	default:
		return fmt.Errorf("record can't be deserialized: %w", f.Err)
	}
	w.Metrics.dropped(dropKey{f.Node, plan.DropDecode}, 1)
	return nil
}

// deadLetter sends the raw record to the dead-letter topic within the
// transaction.
func (w *Worker) deadLetter(ctx context.Context, f FailedRecord) error {
	o, err := w.output(ctx, w.DeadLetterTopic)
	if err != nil {
		return fmt.Errorf("dead-letter topic: %w", err)
	}
	r := &f.Record
	if err := o.Send(-1, r.Key, r.Value, r.Timestamp, f.DeadLetterHeaders()); err != nil {
		return fmt.Errorf("dead letter for %s at offset %d: %w", r.TopicPartition(), r.Offset, err)
	}
	return nil
}

// DeadLetterHeaders returns the headers of the record's dead letter: its own, and
// those of KIP-1034.
func (f FailedRecord) DeadLetterHeaders() []record.Header {
	r := &f.Record
	return append(slices.Clone(r.Headers),
		record.Header{Key: "__streams.errors.exception", Value: fmt.Appendf(nil, "%T", f.Err)},
		record.Header{Key: "__streams.errors.message", Value: []byte(f.Err.Error())},
		record.Header{Key: "__streams.errors.stacktrace", Value: fmt.Appendf(nil, "%+v", f.Err)},
		record.Header{Key: "__streams.errors.topic", Value: []byte(r.Topic)},
		record.Header{Key: "__streams.errors.partition", Value: strconv.AppendInt(nil, int64(r.Partition), 10)},
		record.Header{Key: "__streams.errors.offset", Value: strconv.AppendInt(nil, r.Offset, 10)},
	)
}
