package driver_test

import (
	"errors"
	"strings"
	"testing"

	"github.com/oncestream/oncestream/task"
	"github.com/oncestream/oncestream/test/driver"
	"github.com/oncestream/oncestream/topology"
	"github.com/oncestream/oncestream/topology/serde"
)

// picky is a serde that refuses some values, and panics at others.
type picky struct{ serde.Serde[string] }

func (p picky) Append(dst []byte, v string) ([]byte, error) {
	switch v {
	case "bad":
		return nil, errBad
	case "terrible":
		panic(errBad)
	}
	return p.Serde.Append(dst, v)
}

// newPicky is a topology with two sinks, of which the second refuses what its serde
// can't write and what's longer than four bytes.
func newPicky(t *testing.T) *topology.Topology {
	return build(t, func(b *topology.Builder) {
		s := b.Stream("in", serde.String, serde.String)
		s.To("first", serde.String, serde.String)
		s.To("second", serde.String, picky{serde.String}, topology.Named("sink"))
		s.To("third", serde.String, serde.String)
	})
}

func TestProductionHandler(t *testing.T) {
	for _, c := range []struct {
		action               task.Action
		first, second, third string
		letters              string
	}{
		{task.Continue, "1 bad terrible large 2", "1 2", "1 bad terrible large 2", ""},
		{task.DeadLetter, "1 bad terrible large 2", "1 2", "1 bad terrible large 2", "bad terrible large"},
		{task.SkipRecord, "1 2", "1 2", "1 2", ""},
		{task.DeadLetterRecord, "1 2", "1 2", "1 2", "bad terrible large"},
	} {
		t.Run(c.action.String(), func(t *testing.T) {
			d := driver.ForTest(t, newPicky(t), driver.WithUndo(), driver.WithDeadLetterTopic("dlq"), driver.WithMaxMessageBytes("second", 5),
				driver.WithProductionHandler(func(f task.FailedRecord) task.Action {
					if f.Node != "sink" || f.Output != "second" || f.Record.Topic != "in" || f.Err == nil {
						t.Errorf("the handler got %+v", f)
					}
					return c.action
				}),
				driver.WithProcessingHandler(func(f task.FailedRecord) task.Action {
					t.Errorf("the handler of processing got %+v", f)
					return task.Fail
				}))
			in := d.Input("in", serde.String, serde.String)
			for i, v := range []string{"1", "bad", "terrible", "large", "2"} {
				in.PipeAt(int64(i), "k", v)
			}
			for topic, want := range map[string]string{"first": c.first, "second": c.second, "third": c.third, "dlq": c.letters} {
				if got := values(d, topic); got != want {
					t.Errorf("%s got %q, want %q", topic, got, want)
				}
			}
			if n := d.Drops()[driver.Drop{Node: "sink", Reason: "production"}]; n != 3 || d.Dropped() != 3 {
				t.Errorf("drops %v", d.Drops())
			}
		})
	}
}

// What can't be written stops the application unless the handler for it says
// otherwise; that of processing isn't asked.
func TestProductionFails(t *testing.T) {
	handled := driver.WithProcessingHandler(answer(task.Continue))
	for name, c := range map[string]struct {
		value   string
		options []driver.Option
		want    []string
	}{
		"serialization":           {"bad", []driver.Option{handled}, []string{"sink", "serialize the value", "a bad value"}},
		"serialization, Fail":     {"bad", []driver.Option{handled, driver.WithProductionHandler(answer(task.Fail))}, []string{"sink", "topic second", "a bad value"}},
		"refusal":                 {"large", []driver.Option{handled, driver.WithMaxMessageBytes("second", 5)}, []string{"sink", "topic second", "6 bytes"}},
		"panic without a handler": {"terrible", nil, []string{"sink", "panic", "a bad value"}},
	} {
		t.Run(name, func(t *testing.T) {
			d, err := driver.New(newPicky(t), c.options...)
			if err != nil {
				t.Fatal(err)
			}
			d.Input("in", serde.String, serde.String).PipeAt(0, "k", c.value)
			if e, ok := errors.AsType[*task.Error](d.Err()); !ok || e.Node != "sink" {
				t.Fatalf("error %v", d.Err())
			}
			for _, want := range c.want {
				if !strings.Contains(d.Err().Error(), want) {
					t.Errorf("error %v doesn't say %q", d.Err(), want)
				}
			}
		})
	}
}

// A value that a store's serde refuses is one that processing fails at.
func TestStoreSerdeRefuses(t *testing.T) {
	top := build(t, func(b *topology.Builder) {
		b.Stream("in", serde.String, serde.String).
			ToTable(serde.String, topology.StoreAs("latest", serde.Serde[string](picky{serde.String})), topology.Named("table")).
			ToStream().To("out", serde.String, serde.String)
	})
	d := driver.ForTest(t, top, driver.WithProcessingHandler(answer(task.Continue)))
	in := d.Input("in", serde.String, serde.String)
	for _, v := range []string{"1", "bad", "2"} {
		in.PipeAt(0, "k", v)
	}
	if got := values(d, "out"); got != "1 2" {
		t.Errorf("out got %q", got)
	}
	if n := d.Drops()[driver.Drop{Node: "table", Reason: "processing"}]; n != 1 {
		t.Errorf("drops %v", d.Drops())
	}
}

// Late records are in the dead-letter topic once for each window that they were too
// late for, and undone with their record.
func TestLateToDeadLetter(t *testing.T) {
	for name, c := range map[string]struct {
		windows func(s *grouped)
		want    string
	}{
		"tumbling": {func(s *grouped) { windows(s.WindowedBy(topology.Tumbling(ten).LateToDeadLetter()).Count(counts64())) }, "0-10"},
		"hopping": {func(s *grouped) {
			windows(s.WindowedBy(topology.Hopping(ten, ten/2).LateToDeadLetter()).Count(counts64()))
		}, "0-10 5-15"},
		"sliding":  {func(s *grouped) { windows(s.WindowedBy(topology.Sliding(ten).LateToDeadLetter()).Count(counts64())) }, "0-10"},
		"sessions": {func(s *grouped) { windows(s.SessionsBy(topology.Sessions(ten).LateToDeadLetter()).Count(counts64())) }, "7-7"},
	} {
		t.Run(name, func(t *testing.T) {
			top := build(t, func(b *topology.Builder) {
				s := b.Stream("in", serde.String, serde.String)
				c.windows(byKey(s))
				s.Peek(refuseBad)
			})
			if _, err := driver.New(top); err == nil || !strings.Contains(err.Error(), "Config.DeadLetterTopic") {
				t.Errorf("without a dead-letter topic: %v", err)
			}
			d := driver.ForTest(t, top, driver.WithDeadLetterTopic("dlq"), driver.WithUndo(), driver.WithProcessingHandler(answer(task.SkipRecord)))
			in := d.Input("in", serde.String, serde.String)
			in.PipeAt(100, "k", "x")
			in.PipeAt(7, "k", "late")
			in.PipeAt(7, "k", "late and bad")
			var got []string
			for _, r := range d.Output("dlq", serde.String, serde.String).ReadAll() {
				h := r.Headers[len(r.Headers)-3:]
				got = append(got, string(h[0].Value)+"-"+string(h[1].Value))
				if r.String() != "k=late@7" || string(h[2].Value) != "100" {
					t.Errorf("dead letter %s with %s", r, h)
				}
			}
			if s := strings.Join(got, " "); s != c.want {
				t.Errorf("late for %q, want %q", s, c.want)
			}
			if n := d.Dropped(); n != int64(len(got))+1 {
				t.Errorf("%d drops: %v", n, d.Drops())
			}
		})
	}
}
