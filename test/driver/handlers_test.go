package driver_test

import (
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/oncestream/oncestream/task"
	"github.com/oncestream/oncestream/test/driver"
	"github.com/oncestream/oncestream/topology"
	"github.com/oncestream/oncestream/topology/serde"
)

// refuseBad is a function of a user that fails at some values.
func refuseBad(_, v string) {
	if strings.Contains(v, "bad") {
		panic(errBad)
	}
}

var errBad = errors.New("a bad value")

// answer is a handler with one answer for all.
func answer(a task.Action) func(task.FailedRecord) task.Action {
	return func(task.FailedRecord) task.Action { return a }
}

// branches sends records to three topics and counts them in between; the second
// branch fails.
func branches(t *testing.T) *topology.Topology {
	return build(t, func(b *topology.Builder) {
		s := b.Stream("in", serde.String, serde.String)
		s.GroupByKey(serde.String, serde.String).Count(topology.StoreAs("counts", serde.Int64))
		s.To("first", serde.String, serde.String)
		s.Peek(refuseBad, topology.Named("fragile")).To("second", serde.String, serde.String)
		s.To("third", serde.String, serde.String)
	})
}

// values reads what a topic has got.
func values(d *driver.Driver, topic string) string {
	var all []string
	for _, r := range d.Output(topic, serde.String, serde.String).ReadAll() {
		all = append(all, r.Value)
	}
	return strings.Join(all, " ")
}

func TestProcessingHandler(t *testing.T) {
	for _, c := range []struct {
		action               task.Action
		first, second, third string
		count                int64
		letters              string
	}{
		{task.Continue, "1 bad 2", "1 2", "1 bad 2", 3, ""},
		{task.DeadLetter, "1 bad 2", "1 2", "1 bad 2", 3, "bad"},
		{task.SkipRecord, "1 2", "1 2", "1 2", 2, ""},
		{task.DeadLetterRecord, "1 2", "1 2", "1 2", 2, "bad"},
	} {
		for _, interval := range []time.Duration{0, time.Second} {
			t.Run(fmt.Sprint(c.action, interval), func(t *testing.T) {
				d := driver.ForTest(t, branches(t), driver.WithProcessingHandler(answer(c.action)), driver.WithUndo(),
					driver.WithDeadLetterTopic("dlq"), driver.WithCommitInterval(interval))
				in := d.Input("in", serde.String, serde.String)
				for i, v := range []string{"1", "bad", "2"} {
					in.PipeAt(int64(i), "k", v)
				}
				d.Commit()
				for topic, want := range map[string]string{"first": c.first, "second": c.second, "third": c.third, "dlq": c.letters} {
					if got := values(d, topic); got != want {
						t.Errorf("%s got %q, want %q", topic, got, want)
					}
				}
				if n, _ := d.KeyValue("counts", serde.String, serde.Int64).Get("k"); n != c.count {
					t.Errorf("%d records counted, want %d", n, c.count)
				}
				if n := d.Drops()[driver.Drop{Node: "fragile", Reason: "processing"}]; n != 1 || d.Dropped() != 1 {
					t.Errorf("drops %v", d.Drops())
				}
			})
		}
	}
}

func TestProcessingFails(t *testing.T) {
	for name, options := range map[string][]driver.Option{
		"without a handler": nil,
		"Fail":              {driver.WithProcessingHandler(answer(task.Fail))},
	} {
		t.Run(name, func(t *testing.T) {
			d, err := driver.New(branches(t), options...)
			if err != nil {
				t.Fatal(err)
			}
			d.Input("in", serde.String, serde.String).PipeAt(7, "k", "bad")
			e, ok := errors.AsType[*task.Error](d.Err())
			p, panicked := errors.AsType[*task.PanicError](d.Err())
			if !ok || e.Node != "fragile" || e.Topic != "in" || !errors.Is(e, errBad) || !panicked || p.Value != errBad || len(p.Stack) == 0 {
				t.Errorf("error %v", d.Err())
			}
		})
	}
}

// A handler's answers that can't be carried out stop the application, and say why.
func TestImpossibleAnswers(t *testing.T) {
	for action, want := range map[task.Action]string{
		task.DeadLetter:       "Config.DeadLetterTopic",
		task.SkipRecord:       "Config.UndoRecords",
		task.DeadLetterRecord: "Config.UndoRecords",
		task.Action(99):       "Action(99)",
	} {
		d, err := driver.New(branches(t), driver.WithProcessingHandler(answer(action)))
		if err != nil {
			t.Fatal(err)
		}
		d.Input("in", serde.String, serde.String).PipeAt(7, "k", "bad")
		if d.Err() == nil || !strings.Contains(d.Err().Error(), want) {
			t.Errorf("%s: error %v, want one with %q", action, d.Err(), want)
		}
	}
}

// The handler sees the input record as it came in, and its dead letter has the time
// and headers that the record had at the node.
func TestFailedRecord(t *testing.T) {
	top := build(t, func(b *topology.Builder) {
		b.Stream("in", serde.String, serde.String).
			Map(func(k, v string) (string, string) { return "other", v + "!" }).
			Peek(refuseBad, topology.Named("fragile"))
	})
	var seen task.FailedRecord
	d := driver.ForTest(t, top, driver.WithDeadLetterTopic("dlq"), driver.WithProcessingHandler(func(f task.FailedRecord) task.Action {
		seen = f
		return task.DeadLetter
	}))
	d.Input("in", serde.String, serde.String).PipeAt(7, "k", "bad", driver.Header{Key: "h", Value: []byte("1")})
	r := seen.Record
	if seen.Task != "0_0" || seen.Node != "fragile" || !errors.Is(seen.Err, errBad) || seen.Output != "" ||
		r.Topic != "in" || r.Offset != 0 || string(r.Key) != "k" || string(r.Value) != "bad" || r.Timestamp != 7 {
		t.Errorf("the handler got %+v", seen)
	}
	letter, _ := d.Output("dlq", serde.String, serde.String).Read()
	var got []string
	for _, h := range letter.Headers {
		if h.Key == "__streams.errors.stacktrace" {
			if !strings.Contains(string(h.Value), "refuseBad") {
				t.Errorf("the stack doesn't show where it failed: %s", h.Value)
			}
			continue
		}
		got = append(got, fmt.Sprintf("%s=%s", h.Key, h.Value))
	}
	want := "h=1 __streams.errors.exception=*errors.errorString __streams.errors.message=panic: a bad value " +
		"__streams.errors.topic=in __streams.errors.partition=0 __streams.errors.offset=0"
	if letter.String() != "k=bad@7" || strings.Join(got, " ") != want {
		t.Errorf("dead letter %s with %s", letter, strings.Join(got, " "))
	}
}

// A result that waited for its time has no record at hand that could be taken back:
// only it is left out, and it doesn't fail again.
func TestFailedResultThatWaited(t *testing.T) {
	top := build(t, func(b *topology.Builder) {
		left, right := b.Stream("left", serde.String, serde.String), b.Stream("right", serde.String, serde.String)
		left.LeftJoin(right, topology.Within(10*time.Millisecond), func(l string, r *string) string {
			refuseBad("", l)
			return l
		}, topology.JoinAs("j", serde.String, serde.String, serde.String)).
			To("out", serde.String, serde.String)
	})
	for _, a := range []task.Action{task.DeadLetter, task.DeadLetterRecord} {
		var failed []task.FailedRecord
		d := driver.ForTest(t, top, driver.WithUndo(), driver.WithDeadLetterTopic("dlq"), driver.WithProcessingHandler(func(f task.FailedRecord) task.Action {
			failed = append(failed, f)
			return a
		}))
		in := d.Input("left", serde.String, serde.String)
		for i, v := range []string{"bad", "1", "2", "3"} {
			in.PipeAt(int64(100*i), "k", v)
		}
		if got := values(d, "out"); got != "1 2" {
			t.Errorf("%s: out got %q", a, got)
		}
		if len(failed) != 1 || failed[0].Record.Topic != "" || failed[0].Record.Offset != -1 || d.Dropped() != 1 {
			t.Errorf("%s: failed %+v, dropped %d", a, failed, d.Dropped())
		}
		letters := d.Output("dlq", serde.String, serde.String).ReadAll()
		if len(letters) != 1 || !letters[0].NullKey || !letters[0].NullValue {
			t.Errorf("%s: dead letters %v", a, letters)
		}
	}
}
