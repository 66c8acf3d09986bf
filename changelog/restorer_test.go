package changelog

import (
	"context"
	"errors"
	"strings"
	"testing"

	"github.com/twmb/franz-go/pkg/kgo"

	"github.com/oncestream/oncestream/internal/record"
	"github.com/oncestream/oncestream/statestore"
	kafkatest "github.com/oncestream/oncestream/test/kafka"
	"github.com/oncestream/oncestream/topology/serde"
)

func TestRestore(t *testing.T) {
	r := newRig(t)
	p := r.producer("p")
	r.transaction(p, kgo.TryCommit, "a", 1, "b", 1)
	r.transaction(p, kgo.TryAbort, "a", 100, "c", 100)
	r.transaction(p, kgo.TryCommit, "a", 2, "d", 1, "b", nil)
	got, j := r.restore()
	r.want(got, map[string]int64{"a": 2, "d": 1})
	if j.Restored != 5 {
		t.Errorf("%d records were restored, want the 5 of committed transactions", j.Restored)
	}
	if o := j.Committed[record.TopicPartition{Topic: "in"}]; o.Ok || o.At != 7 {
		t.Errorf("start of the input %+v, want that which Missing found", o)
	}
}

// TestRestoreResumes asserts that a second restore reads the tail alone, past
// the marker that ends the changelog.
func TestRestoreResumes(t *testing.T) {
	r := newRig(t)
	p := r.producer("p")
	r.transaction(p, kgo.TryCommit, "a", 1, "b", 1)
	r.restore()
	if _, j := r.restore(); j.Restored != 0 {
		t.Errorf("%d records were read again", j.Restored)
	}
	r.transaction(p, kgo.TryCommit, "a", 2)
	got, j := r.restore()
	r.want(got, map[string]int64{"a": 2, "b": 1})
	if j.Restored != 1 {
		t.Errorf("%d records were read, want the tail of 1", j.Restored)
	}
	if want := []int64{0, 3, 3}; len(r.begun) != 3 || r.begun[1] != want[1] || r.begun[2] != want[2] {
		t.Errorf("restores began at %v, want %v", r.begun, want)
	}
	if len(r.rebuilt) != 0 {
		t.Errorf("state was dropped: %v", r.rebuilt)
	}
}

// TestRestoreWaitsForMarkers asserts that records whose transaction is decided
// late aren't missed: the target is the high watermark, not the last stable
// offset, which lies before them.
func TestRestoreWaitsForMarkers(t *testing.T) {
	for name, c := range map[string]struct {
		end  kgo.TransactionEndTry
		want map[string]int64
	}{
		"committed": {kgo.TryCommit, map[string]int64{"a": 2, "b": 1}},
		"aborted":   {kgo.TryAbort, map[string]int64{"a": 1, "b": 1}},
	} {
		t.Run(name, func(t *testing.T) {
			r := newRig(t)
			before, late := r.producer("before"), r.producer("late")
			r.transaction(before, kgo.TryCommit, "a", 1)
			r.must(late.BeginTransaction())
			r.write(late, "a", 2)
			r.transaction(before, kgo.TryCommit, "b", 1)
			j, s := r.job()
			defer s.Close()
			r.restorer.Start(j)
			// The last stable offset is 2, behind the first marker. A job that needs
			// nothing, started once the restore has come so far, ends first if the
			// restore goes on.
			for <-r.progress < 2 {
				continue
			}
			probe := &Job{Name: "probe", Open: func(context.Context) ([]Partition, error) { return nil, nil }}
			r.restorer.Start(probe)
			if got := r.finished(); got != probe {
				t.Fatalf("the restore ended (%v) before the transaction was decided", got.Err)
			}
			r.must(late.EndTransaction(t.Context(), c.end))
			if got := r.finished(); got != j || j.Err != nil {
				t.Fatalf("ended with %v", got.Err)
			}
			r.want(r.content(s), c.want)
		})
	}
}

// TestRebuild lets local state not fit the changelog.
func TestRebuild(t *testing.T) {
	t.Run("gap", func(t *testing.T) {
		r := newRig(t)
		p := r.producer("p")
		r.transaction(p, kgo.TryCommit, "a", 1)
		r.restore()
		r.transaction(p, kgo.TryCommit, "b", 1)
		r.transaction(p, kgo.TryCommit, "c", 1)
		r.deleteRecords(4)
		got, _ := r.restore()
		r.want(got, map[string]int64{"c": 1})
		r.wantRebuilt("begins at")
	})
	t.Run("topic made anew", func(t *testing.T) {
		r := newRig(t)
		p := r.producer("p")
		r.transaction(p, kgo.TryCommit, "a", 1, "b", 1, "c", 1)
		r.restore()
		adm := kafkatest.Admin(t, r.addr)
		if _, err := adm.DeleteTopics(t.Context(), topic); err != nil {
			t.Fatal(err)
		}
		kafkatest.CreateTopic(t, r.addr, topic, 1, map[string]string{"cleanup.policy": "compact"})
		r.transaction(r.producer("q"), kgo.TryCommit, "d", 1)
		got, _ := r.restore()
		r.want(got, map[string]int64{"d": 1})
		r.wantRebuilt("made anew")
	})
	t.Run("older than tombstones", func(t *testing.T) {
		r := newRig(t)
		p := r.producer("p")
		r.transaction(p, kgo.TryCommit, "a", 1)
		r.restore()
		r.alter("delete.retention.ms", "0")
		r.transaction(p, kgo.TryCommit, "b", 1)
		got, _ := r.restore()
		r.want(got, map[string]int64{"a": 1, "b": 1})
		r.wantRebuilt("tombstones")
	})
}

func (r *rig) wantRebuilt(reason string) {
	r.t.Helper()
	if len(r.rebuilt) != 1 || !strings.Contains(r.rebuilt[0], reason) {
		r.t.Errorf("state was rebuilt for %q, want one reason with %q", r.rebuilt, reason)
	}
}

// TestCancel asserts that a store is free once Cancel has returned, whatever the
// job was doing, and that the job isn't returned.
func TestCancel(t *testing.T) {
	t.Run("while it opens", func(t *testing.T) {
		r := newRig(t)
		opening := make(chan struct{})
		j := &Job{Name: "0_0", Open: func(ctx context.Context) ([]Partition, error) {
			close(opening)
			<-ctx.Done()
			return nil, ctx.Err()
		}}
		r.restorer.Start(j)
		<-opening
		r.restorer.Cancel(j)
		if f := r.restorer.Finished(); len(f) != 0 {
			t.Errorf("%d jobs were returned", len(f))
		}
	})
	t.Run("while it waits for a marker", func(t *testing.T) {
		r := newRig(t)
		p := r.producer("p")
		r.must(p.BeginTransaction())
		r.write(p, "a", 1)
		j, s := r.job()
		r.restorer.Start(j)
		r.restorer.Cancel(j)
		s.Close()
		r.must(p.EndTransaction(t.Context(), kgo.TryCommit))
		got, _ := r.restore()
		r.want(got, map[string]int64{"a": 1})
	})
}

func TestWrite(t *testing.T) {
	db := statestore.OpenMemory()
	defer db.Close()
	s, err := db.Store(spec, 3)
	if err != nil {
		t.Fatal(err)
	}
	defer s.Close()
	kv, err := statestore.NewKeyValue(s, serde.String, serde.Int64)
	if err != nil {
		t.Fatal(err)
	}
	if err := errors.Join(kv.Put("a", 1, 10), kv.Put("a", 2, 20), kv.Delete("b", 30)); err != nil {
		t.Fatal(err)
	}
	var out collect
	n, err := Write(s, &out)
	if n != 2 || err != nil {
		t.Fatalf("%d records, %v", n, err)
	}
	a, b := out.records[0], out.records[1]
	if string(a.Key) != "a" || len(a.Value) != 8 || a.Value[7] != 2 || a.Timestamp.UnixMilli() != 20 || a.Partition != 3 {
		t.Errorf("changelog record %+v", a)
	}
	if string(b.Key) != "b" || len(b.Value) != 0 || b.Timestamp.UnixMilli() != 30 {
		t.Errorf("tombstone %+v", b)
	}
	_, err = Write(s, &collect{refuse: errRefused})
	if !errors.Is(err, errRefused) || !strings.Contains(err.Error(), `"counts"`) || !strings.Contains(err.Error(), "key of 1 bytes") {
		t.Errorf("a refused record gives %v", err)
	}
}

// TestCancelWaitsForNoOther cancels a job while the one before it waits, as it does
// for the transaction of a predecessor.
func TestCancelWaitsForNoOther(t *testing.T) {
	r := newRig(t)
	waits := make(chan struct{})
	first := &Job{Name: "0_0", Open: func(ctx context.Context) ([]Partition, error) {
		close(waits)
		<-ctx.Done()
		return nil, ctx.Err()
	}}
	second := &Job{Name: "0_1", Open: func(context.Context) ([]Partition, error) {
		t.Error("a cancelled job was begun")
		return nil, nil
	}}
	r.restorer.Start(first)
	<-waits
	r.restorer.Start(second)
	r.restorer.Cancel(second)
	r.restorer.Cancel(first)
	third := &Job{Name: "0_1", Open: func(context.Context) ([]Partition, error) { return nil, nil }}
	r.restorer.Start(third)
	var finished []*Job
	for len(finished) == 0 {
		<-r.restorer.Notify()
		finished = r.restorer.Finished()
	}
	if len(finished) != 1 || finished[0] != third || third.Err != nil {
		t.Errorf("finished %v, want the third job alone", finished)
	}
}
