package task

import (
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/oncestream/oncestream/internal/kafka"
	"github.com/oncestream/oncestream/internal/plan"
	"github.com/oncestream/oncestream/internal/record"
)

// records is a batch made by hand.
type records struct {
	list     []record.Record
	released int
}

func (b *records) Read(r *record.Record) bool {
	if len(b.list) == 0 {
		return false
	}
	*r, b.list = b.list[0], b.list[1:]
	return true
}

func (b *records) Release() { b.released++ }

// batchOf makes a batch of records with the given offsets, each with ten times
// its offset as timestamp plus a shift.
func batchOf(shift int64, offsets ...int64) *records {
	b := &records{}
	for _, o := range offsets {
		b.list = append(b.list, record.Record{Offset: o, Timestamp: 10*o + shift})
	}
	return b
}

// newTestTask makes a task without stores over the named topics, which notes
// what it processes.
func newTestTask(t *testing.T, process func(topic string, r *record.Record) error, topics ...string) *Task {
	t.Helper()
	sub := &plan.SubTopology{Build: func(*plan.Env) (*plan.Chain, error) {
		c := &plan.Chain{Inputs: map[string]plan.Input{}}
		for _, topic := range topics {
			c.Inputs[topic] = plan.Input{Process: func(r *record.Record) error { return process(topic, r) }}
		}
		return c, nil
	}}
	var inputs []input
	for _, topic := range topics {
		inputs = append(inputs, input{source: &plan.Source{Topic: topic}, tp: record.TopicPartition{Topic: topic}})
	}
	task, err := newTask(plan.TaskID{}, sub, nil, inputs, Edges{})
	if err != nil {
		t.Fatal(err)
	}
	return task
}

func TestTaskOrdersByTimestamp(t *testing.T) {
	var got []string
	task := newTestTask(t, func(topic string, r *record.Record) error {
		got = append(got, fmt.Sprint(topic, r.Offset))
		return nil
	}, "a", "b")
	task.queues[0].push(batchOf(0, 0, 1, 2), 3, 3)
	if n, err := task.Run(10); n != 0 || err != nil {
		t.Fatalf("processed %d records (%v) before b's end is known", n, err)
	}
	task.queues[1].push(batchOf(5, 0, 1), 2, 3)
	if _, err := task.Run(10); err != nil {
		t.Fatal(err)
	}
	want := []string{"a0", "b0", "a1", "b1"}
	if !slices.Equal(got, want) {
		t.Fatalf("processed %v, want %v, and then to wait since b has another record", got, want)
	}
	task.queues[1].push(batchOf(0), 3, 3) // the rest of b was a marker
	if _, err := task.Run(10); err != nil {
		t.Fatal(err)
	}
	if want = append(want, "a2"); !slices.Equal(got, want) {
		t.Fatalf("processed %v, want %v", got, want)
	}
}

// The timestamp that an input sets decides on the order, once for each record.
func TestTaskOrdersBySetTimestamps(t *testing.T) {
	var got []string
	task := newTestTask(t, func(topic string, r *record.Record) error {
		got = append(got, fmt.Sprintf("%s%d@%d", topic, r.Offset, r.Timestamp))
		return nil
	}, "a", "b")
	task.queues[1].input.Timestamp = func(r *record.Record, partitionTime int64) { r.Timestamp += partitionTime - 3 }
	task.queues[0].push(batchOf(0, 0, 1), 2, 2)
	task.queues[1].push(batchOf(5, 0, 1), 2, 2)
	if _, err := task.Run(10); err != nil {
		t.Fatal(err)
	}
	if want := []string{"a0@0", "b0@1", "a1@10", "b1@13"}; !slices.Equal(got, want) {
		t.Errorf("processed %v, want %v", got, want)
	}
}

// Operators get the clock that the task is given.
func TestTaskClock(t *testing.T) {
	now := time.UnixMilli(5)
	var env *plan.Env
	sub := &plan.SubTopology{Build: func(e *plan.Env) (*plan.Chain, error) {
		env = e
		return &plan.Chain{}, nil
	}}
	if _, err := newTask(plan.TaskID{}, sub, nil, nil, Edges{Now: func() time.Time { return now }}); err != nil {
		t.Fatal(err)
	}
	now = time.UnixMilli(7)
	if got := env.Now(); !got.Equal(now) {
		t.Errorf("the clock shows %v, want %v", got, now)
	}
}

func TestTaskTakesTurns(t *testing.T) {
	var got []string
	task := newTestTask(t, func(topic string, r *record.Record) error {
		got = append(got, fmt.Sprint(topic, r.Offset))
		return nil
	}, "a", "b", "c")
	same := func(offset int64) []record.Record { return []record.Record{{Offset: offset, Timestamp: 7}} }
	push := func(topic string, offset int64) {
		task.Push(record.TopicPartition{Topic: topic}, same(offset), offset+1)
	}
	for _, topic := range []string{"c", "b", "a"} {
		push(topic, 0)
		push(topic, 1)
	}
	if tp, ts, ok := task.Next(); tp.Topic != "c" || ts != 7 || !ok {
		t.Errorf("next is %v at %d (%v), want c at 7", tp, ts, ok)
	}
	if _, err := task.Run(10); err != nil {
		t.Fatal(err)
	}
	if want := []string{"c0", "b0", "a0", "c1", "b1", "a1"}; !slices.Equal(got, want) {
		t.Errorf("processed %v, want %v", got, want)
	}
	if _, _, ok := task.Next(); ok {
		t.Error("a task without records has a next one")
	}
}

func TestTaskPositions(t *testing.T) {
	task := newTestTask(t, func(string, *record.Record) error { return nil }, "a")
	q := task.queues[0]
	b := batchOf(0, 3, 4)
	q.push(b, 7, 7)
	steps := []int64{4, 7} // behind the last record lie control records
	for _, want := range steps {
		if _, err := task.Run(1); err != nil {
			t.Fatal(err)
		}
		if q.position != want {
			t.Fatalf("position %d, want %d", q.position, want)
		}
	}
	if b.released != 1 {
		t.Errorf("batch was released %d times", b.released)
	}
	if q.partitionTime != 40 {
		t.Errorf("partition time %d, want 40", q.partitionTime)
	}
	if !task.uncommitted() {
		t.Error("consumed input isn't uncommitted")
	}
	offsets := map[record.TopicPartition]kafka.Offset{}
	task.offsets(offsets)
	if o := offsets[q.tp]; o.At != 7 {
		t.Errorf("offset to commit %d, want 7", o.At)
	}
	task.applied()
	if task.uncommitted() {
		t.Error("committed input is uncommitted")
	}
	q.push(batchOf(0), 9, 9)
	if !task.uncommitted() {
		t.Error("a position past markers alone isn't committed: lag would never reach zero")
	}
}

func TestTaskErrorsNameTheRecord(t *testing.T) {
	boom := errors.New("boom")
	for name, process := range map[string]func(string, *record.Record) error{
		"error": func(string, *record.Record) error { return boom },
		"panic": func(string, *record.Record) error { panic(boom) },
	} {
		t.Run(name, func(t *testing.T) {
			task := newTestTask(t, process, "a")
			task.env.Node = "KSTREAM-MAP-0000000001"
			task.queues[0].push(batchOf(0, 12), 13, 13)
			n, err := task.Run(1)
			e, ok := errors.AsType[*Error](err)
			if !ok || n != 0 {
				t.Fatalf("got %d records and %v, want a *Error", n, err)
			}
			if e.Topic != "a" || e.Offset != 12 || e.Node != "KSTREAM-MAP-0000000001" || e.Task != "0_0" {
				t.Errorf("the error names %+v", e)
			}
			if !strings.Contains(err.Error(), "boom") {
				t.Errorf("the cause is missing in %q", err)
			}
			if task.queues[0].position != 0 {
				t.Error("a failed record counts as consumed")
			}
		})
	}
}
