package changelog

import (
	"context"
	"errors"
	"strings"
	"testing"

	"github.com/twmb/franz-go/pkg/kadm"
	"github.com/twmb/franz-go/pkg/kgo"

	"github.com/oncestream/oncestream/internal/record"
	"github.com/oncestream/oncestream/statestore"
	kafkatest "github.com/oncestream/oncestream/test/kafka"
	"github.com/oncestream/oncestream/topology/serde"
)

// inputJob returns a job whose store is restored from the task's input, which is the
// rig's topic. It leaves out the key skip, and fails at the key fail.
func (r *rig) inputJob() (*Job, *statestore.Store) {
	r.t.Helper()
	of := spec
	of.LoggingDisabled = true
	s, err := r.db.Store(of, 0)
	r.must(err)
	take := func(rec *record.Record) (bool, error) {
		if string(rec.Key) == "fail" {
			return false, errRefused
		}
		return string(rec.Key) != "skip", nil
	}
	in := record.TopicPartition{Topic: topic}
	return &Job{
		Name: "0_0", Inputs: []record.TopicPartition{in},
		Open: func(context.Context) ([]Partition, error) {
			return []Partition{{Store: s, Topic: topic, Take: take}}, nil
		},
		Missing: func(context.Context, []record.TopicPartition) (map[record.TopicPartition]int64, error) {
			return map[record.TopicPartition]int64{in: 0}, nil
		},
	}, s
}

// commitInput commits an offset of the topic for the group.
func (r *rig) commitInput(at int64) {
	r.t.Helper()
	offsets := kadm.Offsets{}
	offsets.Add(kadm.Offset{Topic: topic, Partition: 0, At: at, LeaderEpoch: -1})
	r.must(kafkatest.Admin(r.t, r.addr).CommitAllOffsets(r.t.Context(), application, offsets))
}

// restoreInput runs a job of an input and returns the store's content.
func (r *rig) restoreInput() (map[string]int64, *Job) {
	r.t.Helper()
	j, s := r.inputJob()
	defer s.Close()
	r.restorer.Start(j)
	if got := r.finished(); got != j || j.Err != nil {
		r.t.Fatalf("job %p ended with %v", got, got.Err)
	}
	return r.content(s), j
}

// A store is restored from its input up to the committed offset, within a batch too,
// and goes on from there.
func TestRestoreFromInput(t *testing.T) {
	r := newRig(t)
	p := r.producer("p")
	r.transaction(p, kgo.TryCommit, "a", 1, "b", 1, "skip", 5, "a", 2, "c", 1)
	got, _ := r.restoreInput()
	r.want(got, map[string]int64{}) // nothing was processed yet
	r.commitInput(3)
	got, j := r.restoreInput()
	r.want(got, map[string]int64{"a": 1, "b": 1})
	if j.Restored != 2 {
		t.Errorf("%d records were restored, want 2", j.Restored)
	}
	r.commitInput(6) // past the marker
	got, j = r.restoreInput()
	r.want(got, map[string]int64{"a": 2, "b": 1, "c": 1})
	if j.Restored != 2 {
		t.Errorf("%d records were restored, want the tail of 2", j.Restored)
	}
	if len(r.rebuilt) != 0 {
		t.Errorf("state was dropped: %v", r.rebuilt)
	}
}

// State that is ahead of the committed offset has seen records that will be
// processed again: it's rebuilt as it was before them.
func TestRestoreFromInputThatWasSetBack(t *testing.T) {
	r := newRig(t)
	r.transaction(r.producer("p"), kgo.TryCommit, "a", 1, "a", 2, "b", 1)
	r.commitInput(4)
	r.restoreInput()
	r.commitInput(1)
	got, _ := r.restoreInput()
	r.want(got, map[string]int64{"a": 1})
	if len(r.rebuilt) != 1 || !strings.Contains(r.rebuilt[0], "the group has committed 1") {
		t.Errorf("state was dropped: %q", r.rebuilt)
	}
}

// State that was restored from another topic says nothing about this one, whatever its
// offset is.
func TestRestoreFromInputAfterChangelog(t *testing.T) {
	r := newRig(t)
	s, err := r.db.Store(spec, 0)
	r.must(err)
	s.Follow("the changelog")
	store, err := statestore.NewKeyValue(s, serde.String, serde.Int64)
	r.must(err)
	r.must(store.Put("old", 1, 0))
	batch := r.db.NewBatch()
	r.must(s.Stage(batch, 1))
	r.must(batch.Commit())
	s.Applied()
	r.must(batch.Close())
	s.Close()

	r.transaction(r.producer("p"), kgo.TryCommit, "a", 1, "b", 2)
	r.commitInput(2)
	got, _ := r.restoreInput()
	r.want(got, map[string]int64{"a": 1, "b": 2})
	if len(r.rebuilt) != 1 || !strings.Contains(r.rebuilt[0], "another topic") {
		t.Errorf("state was dropped: %q", r.rebuilt)
	}
	r.restoreInput()
	if len(r.rebuilt) != 1 {
		t.Errorf("state was dropped again: %q", r.rebuilt)
	}
}

// What the topic has lost is kept where the state has it, and can't be had where it
// doesn't.
func TestRestoreFromInputWithLostRecords(t *testing.T) {
	r := newRig(t)
	p := r.producer("p")
	r.transaction(p, kgo.TryCommit, "a", 1, "b", 1)
	r.commitInput(3)
	r.restoreInput()
	r.transaction(p, kgo.TryCommit, "c", 1, "d", 1)
	r.deleteRecords(4)
	got, _ := r.restoreInput()
	r.want(got, map[string]int64{"a": 1, "b": 1})
	r.commitInput(5)
	got, _ = r.restoreInput()
	r.want(got, map[string]int64{"d": 1})
	if len(r.rebuilt) != 1 || !strings.Contains(r.rebuilt[0], "begins at 4") {
		t.Errorf("state was dropped: %q", r.rebuilt)
	}
}

func TestRestoreFromInputFails(t *testing.T) {
	r := newRig(t)
	r.transaction(r.producer("p"), kgo.TryCommit, "a", 1, "fail", 1)
	r.commitInput(2)
	j, s := r.inputJob()
	defer s.Close()
	r.restorer.Start(j)
	if r.finished(); !errors.Is(j.Err, errRefused) || !strings.Contains(j.Err.Error(), "offset 1") {
		t.Errorf("the job ended with %v", j.Err)
	}
	r.want(r.content(s), map[string]int64{})
}
