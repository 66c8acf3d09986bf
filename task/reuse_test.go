package task

import (
	"context"
	"fmt"
	"slices"
	"testing"

	"github.com/oncestream/oncestream/internal/kafka"
	"github.com/oncestream/oncestream/internal/plan"
	"github.com/oncestream/oncestream/internal/record"
	"github.com/oncestream/oncestream/statestore"
	kafkatest "github.com/oncestream/oncestream/test/kafka"
	"github.com/oncestream/oncestream/topology/serde"
)

// tabled makes the rig's application one that keeps the latest value of each key, and
// sends each change as "old new". Its store has the topic in for a changelog. A
// change that was lost, or that the store has seen before it was processed, breaks
// the chain.
func (g *rig) tabled() {
	g.plan.SubTopologies[0].Stores = []statestore.Spec{{Name: "rows", Kind: statestore.TimestampedKeyValue, LoggingDisabled: true}}
	g.plan.SubTopologies[0].Reused = []plan.Reused{{
		Store: "rows", Topic: "in", Node: "source",
		Reader: func() func(*record.Record) (bool, error) {
			return func(*record.Record) (bool, error) { return true, nil }
		},
	}}
	g.plan.SubTopologies[0].Build = func(env *plan.Env) (*plan.Chain, error) {
		s, err := env.Store("rows")
		if err != nil {
			return nil, err
		}
		rows, err := statestore.NewKeyValue(s, serde.String, serde.String)
		if err != nil {
			return nil, err
		}
		out, err := env.Output("out")
		if err != nil {
			return nil, err
		}
		change := func(r *record.Record) error {
			old, _, _, err := rows.Get(string(r.Key))
			if err != nil {
				return err
			}
			if err := rows.Put(string(r.Key), string(r.Value), r.Timestamp); err != nil {
				return err
			}
			return out.Send(env.Task.Partition, r.Key, []byte(old+" "+string(r.Value)), r.Timestamp, nil)
		}
		return &plan.Chain{Inputs: map[string]plan.Input{"in": {Process: change}}}, nil
	}
}

// die ends a worker as a kill does: nothing is committed, aborted or left.
func die(w *Worker) {
	w.member.Close()
	for id := range w.starts {
		w.cancelStart(id)
	}
	w.restorer.Close()
	w.fetcher.Close()
	_ = w.producer.Close()
	for _, t := range w.tasks {
		t.Close()
	}
	for _, c := range w.clients {
		_ = c.Close()
	}
}

// TestReusedTopicAfterDeath lets the process die between any two steps of a commit.
// The store that the next one restores from the input is at the committed offset.
func TestReusedTopicAfterDeath(t *testing.T) {
	type offsets = map[record.TopicPartition]kafka.Offset
	steps := []struct {
		name string
		do   func(context.Context, *Worker, offsets) error
	}{
		{"changelogs written", func(context.Context, *Worker, offsets) error { return nil }},
		{"flushed", func(ctx context.Context, w *Worker, _ offsets) error {
			err := w.producer.Flush(ctx)
			Acknowledge(w.tasks)
			return err
		}},
		{"offsets sent", func(ctx context.Context, w *Worker, at offsets) error {
			return w.sendOffsets(ctx, at)
		}},
		{"ended", func(ctx context.Context, w *Worker, _ offsets) error {
			return w.producer.Commit(ctx)
		}},
		{"applied", func(_ context.Context, w *Worker, _ offsets) error {
			return Apply(w.DB, w.tasks)
		}},
	}
	for last := range steps {
		t.Run(steps[last].name, func(t *testing.T) {
			t.Parallel()
			g := newRig(t, 1)
			g.tabled()
			g.produce(5, 0)
			halt := g.run()
			g.await(5, 0)
			g.must(halt())

			w, closeState := g.worker()
			g.must(w.open(t.Context()))
			g.until(w, func() bool { return len(w.tasks) == 1 })
			g.produce(5, 0)
			for n := 0; n < 5; {
				g.must(w.receive(t.Context()))
				got, err := w.turns()
				g.must(err)
				n += got
			}
			at, err := Prepare(w.tasks)
			g.must(err)
			for _, s := range steps[:last+1] {
				g.must(s.do(t.Context(), w, at))
			}
			die(w)
			closeState()

			halt = g.run()
			g.produce(1, 0)
			g.await(11, 0)
			g.must(halt())
			want := chain(0, 1, 2, 3, 4, 0, 1, 2, 3, 4, 0)
			var got []string
			for _, r := range kafkatest.ConsumeAll(t, g.addr, "out") {
				got = append(got, string(r.Value))
			}
			if !slices.Equal(got, want) {
				t.Errorf("changes %q, want %q", got, want)
			}
		})
	}
}

// chain returns the changes that a row goes through.
func chain(values ...int) []string {
	var changes []string
	old := ""
	for _, v := range values {
		now := fmt.Sprint(v)
		changes = append(changes, old+" "+now)
		old = now
	}
	return changes
}
