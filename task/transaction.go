package task

import (
	"errors"
	"fmt"

	"github.com/oncestream/oncestream/internal/kafka"
	"github.com/oncestream/oncestream/internal/record"
	"github.com/oncestream/oncestream/statestore"
)

// Prepare is step 1 of a commit: operators send what they hold back, and the
// state that changed goes to the changelogs. It returns the input positions that
// belong into the transaction.
func Prepare(tasks []*Task) (map[record.TopicPartition]kafka.Offset, error) {
	for _, t := range tasks {
		if err := t.flush(); err != nil {
			return nil, err
		}
	}
	offsets := map[record.TopicPartition]kafka.Offset{}
	for _, t := range tasks {
		if err := t.writeChangelogs(); err != nil {
			return nil, err
		}
		t.offsets(offsets)
	}
	if len(offsets) > 0 {
		return offsets, nil
	}
	// Outputs without input, of a punctuation for instance: only with offsets in the
	// transaction can the group refuse it when the tasks are another's by now.
	for _, t := range tasks {
		for _, q := range t.queues {
			offsets[q.tp] = q.offset()
		}
	}
	return offsets, nil
}

// Acknowledge takes down where the changelog records of the transaction ended
// up, once all that was sent is acknowledged and before the transaction ends.
func Acknowledge(tasks []*Task) {
	for _, t := range tasks {
		t.noteAcks()
	}
}

// Apply is the last step of a commit, when its transaction has ended: it puts
// all overlays and their changelog offsets into the database in one batch.
func Apply(db *statestore.DB, tasks []*Task) (err error) {
	b := db.NewBatch()
	defer func() { err = errors.Join(err, b.Close()) }()
	for _, t := range tasks {
		if err := t.stage(b); err != nil {
			return err
		}
	}
	if err := b.Commit(); err != nil {
		return fmt.Errorf("writing committed state: %w", err)
	}
	for _, t := range tasks {
		t.applied()
	}
	return nil
}
