package topology_test

import (
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/oncestream/oncestream/test/driver"
	"github.com/oncestream/oncestream/topology"
	"github.com/oncestream/oncestream/topology/serde"
)

// Types of the processors in these tests.
type (
	strProcessor = topology.Processor[string, string, string, string]
	strContext   = topology.Context[string, string]
	madeRecord   = topology.Record[string, string]
	fixedContext = topology.FixedKeyContext[string, string]
	fixedRecord  = topology.FixedKeyRecord[string, string]
)

// doing makes a processor of a function.
func doing(f func(c *strContext, r madeRecord) error) func() strProcessor {
	return func() strProcessor { return topology.ProcessorFunc[string, string, string, string](f) }
}

// watched is a processor whose methods are given.
type watched struct {
	init    func(c *strContext) error
	process func(c *strContext, r madeRecord) error
	close   func() error
}

func (w *watched) Init(c *strContext) error {
	if w.init == nil {
		return nil
	}
	return w.init(c)
}

func (w *watched) Process(c *strContext, r madeRecord) error {
	if w.process == nil {
		return c.Forward(r)
	}
	return w.process(c, r)
}

func (w *watched) Close() error {
	if w.close == nil {
		return nil
	}
	return w.close()
}

func watch(w watched) func() strProcessor {
	return func() strProcessor { made := w; return &made }
}

// drive runs a topology on a driver that keeps its error.
func drive(t *testing.T, b *builder, options ...driver.Option) *driver.Driver {
	t.Helper()
	d, err := driver.New(build(t, b), options...)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := d.Close(); err != nil {
			t.Error(err)
		}
	})
	return d
}

func wantRecords(t *testing.T, d *driver.Driver, topic string, want ...string) {
	t.Helper()
	var got []string
	for _, r := range d.Output(topic, str, str).ReadAll() {
		got = append(got, r.String())
	}
	if !slices.Equal(got, want) {
		t.Errorf("topic %s\n got %q\nwant %q", topic, got, want)
	}
}

func wantError(t *testing.T, err error, parts ...string) {
	t.Helper()
	if err == nil {
		t.Fatal("no error")
	}
	for _, part := range parts {
		if !strings.Contains(err.Error(), part) {
			t.Errorf("the error doesn't tell %q: %v", part, err)
		}
	}
}

// Each forward is through all children, in their order, before it returns.
func TestForwardGoesDepthFirst(t *testing.T) {
	b := topology.NewBuilder()
	var seen []string
	note := func(name string) func(string, string) {
		return func(_, v string) { seen = append(seen, name+v) }
	}
	p := b.Stream("in", str, str).Process(doing(func(c *strContext, r madeRecord) error {
		return errors.Join(c.Forward(r.WithValue("1")), c.ForwardTo("b", r.WithValue("2")), c.Forward(r.WithValue("3")))
	}))
	p.Peek(note("a"), topology.Named("a")).Peek(note("a'"))
	p.Peek(note("b"), topology.Named("b"))
	drive(t, b).Input("in", str, str).Pipe("k", "v")
	if want := []string{"a1", "a'1", "b1", "b2", "a3", "a'3", "b3"}; !slices.Equal(seen, want) {
		t.Errorf("got %q, want %q", seen, want)
	}
}

func TestForwardRefuses(t *testing.T) {
	for name, c := range map[string]struct {
		forward func(c *strContext, r madeRecord) error
		want    string
	}{
		"an unknown child":     {func(c *strContext, r madeRecord) error { return c.ForwardTo("c", r) }, `no node "c" is behind this one: there's a, b`},
		"an empty name":        {func(c *strContext, r madeRecord) error { return c.ForwardTo("", r) }, `no node "" is behind`},
		"a negative timestamp": {func(c *strContext, r madeRecord) error { r.Timestamp = -1; return c.Forward(r) }, "its timestamp is negative"},
		// Output would be missing.
		"and isn't asked": {func(c *strContext, r madeRecord) error { _ = c.ForwardTo("c", r); return nil }, `no node "c"`},
		"and is told":     {func(c *strContext, r madeRecord) error { return fmt.Errorf("more: %w", c.ForwardTo("c", r)) }, "more: p: forward: no node"},
	} {
		t.Run(name, func(t *testing.T) {
			b := topology.NewBuilder()
			p := b.Stream("in", str, str).Process(doing(c.forward), topology.Named("p"))
			p.To("out", str, str, topology.Named("a"))
			p.To("out", str, str, topology.Named("b"))
			d := drive(t, b)
			d.Input("in", str, str).Pipe("k", "v")
			wantError(t, d.Err(), "node p, record in-0 at offset 0", c.want)
			wantRecords(t, d, "out")
		})
	}
}

// The record goes no further, and the error is that of the node that failed.
func TestErrorsOfProcessors(t *testing.T) {
	bad := errors.New("bad")
	b := topology.NewBuilder()
	b.Stream("in", str, str).
		Process(watch(watched{}), topology.Named("first")).
		ProcessValues(func() topology.FixedKeyProcessor[string, string, string] { return declining{bad} }, topology.Named("second")).
		To("out", str, str)
	d := drive(t, b)
	d.Input("in", str, str).Pipe("k", "v")
	if !errors.Is(d.Err(), bad) {
		t.Fatalf("got %v", d.Err())
	}
	wantError(t, d.Err(), "task 0_0, node second, record in-0 at offset 0: bad")
}

type declining struct{ err error }

func (f declining) Process(c *fixedContext, r fixedRecord) error {
	return errors.Join(c.Forward(r), f.err)
}

func TestPanicsOfProcessorsAreErrors(t *testing.T) {
	boom := func() error { panic("boom") }
	for name, w := range map[string]watched{
		"Process":  {process: func(*strContext, madeRecord) error { return boom() }},
		"schedule": {init: func(c *strContext) error { return schedule(c, 10, func(int64) error { return boom() }) }},
	} {
		t.Run(name, func(t *testing.T) {
			b := topology.NewBuilder()
			b.Stream("in", str, str).Process(watch(w), topology.Named("p"))
			d := drive(t, b)
			d.Input("in", str, str).Pipe("k", "v")
			wantError(t, d.Err(), "task 0_0, node p", "boom")
		})
	}
}

func TestInitFails(t *testing.T) {
	bad := errors.New("bad")
	for name, c := range map[string]struct {
		init func(c *strContext) error
		want string
	}{
		"an error":  {func(*strContext) error { return bad }, "p: Init: bad"},
		"a panic":   {func(*strContext) error { panic("boom") }, "p: Init: panic: boom"},
		"a forward": {func(c *strContext) error { _ = c.Forward(madeRecord{}); return nil }, "Init can't forward: schedule a function"},
	} {
		t.Run(name, func(t *testing.T) {
			b := topology.NewBuilder()
			var closed []string
			ended := func(name string) func() error {
				return func() error { closed = append(closed, name); return nil }
			}
			b.Stream("in", str, str).
				Process(watch(watched{close: ended("first")})).
				Process(watch(watched{init: c.init, close: ended("p")}), topology.Named("p")).
				Process(watch(watched{close: ended("never began")}))
			_, err := driver.New(build(t, b))
			wantError(t, err, "task 0_0", c.want)
			if want := []string{"p", "first"}; !slices.Equal(closed, want) {
				t.Errorf("closed %q, want %q", closed, want)
			}
		})
	}
}

// Processors begin in the order of the topology, and end the other way round, once
// for each task and process.
func TestLifeOfProcessors(t *testing.T) {
	b := topology.NewBuilder()
	var seen []string
	named := func(name string) func() strProcessor {
		return func() strProcessor {
			var task topology.TaskID
			return &watched{
				init: func(c *strContext) error {
					task = c.Task()
					seen = append(seen, fmt.Sprint("+", name, task))
					return nil
				},
				close: func() error { seen = append(seen, fmt.Sprint("-", name, task)); return nil },
			}
		}
	}
	b.Stream("in", str, str).Process(named("a")).Process(named("b"))
	d, err := driver.New(build(t, b), driver.WithPartitions("in", 2))
	if err != nil {
		t.Fatal(err)
	}
	d.Crash(driver.KeepDisk)
	if err := d.Close(); err != nil {
		t.Fatal(err)
	}
	once := []string{"+a0_0", "+b0_0", "+a0_1", "+b0_1", "-b0_0", "-a0_0", "-b0_1", "-a0_1"}
	if want := slices.Concat(once, once); !slices.Equal(seen, want) {
		t.Errorf("got %q\nwant %q", seen, want)
	}
}

// An error or a panic of Close is told, and keeps no other from being closed.
func TestCloseFails(t *testing.T) {
	for name, fail := range map[string]func() error{
		"bad": func() error { return errors.New("bad") }, "boom": func() error { panic("boom") },
	} {
		closed := false
		b := topology.NewBuilder()
		b.Stream("in", str, str).
			Process(watch(watched{close: func() error { closed = true; return nil }})).
			Process(watch(watched{close: fail}), topology.Named("p"))
		d, err := driver.New(build(t, b))
		if err != nil {
			t.Fatal(err)
		}
		wantError(t, d.Close(), "p: Close: ", name)
		if !closed {
			t.Errorf("%s: the other one isn't closed", name)
		}
	}
}

func TestContext(t *testing.T) {
	b := topology.NewBuilder()
	var seen []string
	look := func(c *topology.ProcessingContext) string {
		m, ok := c.Metadata()
		return fmt.Sprintf("%s %v %s %v %v %d %d", c.Application(), c.Task(), c.Node(), m, ok, c.StreamTime(), c.Now().UnixMilli())
	}
	b.Stream("in", str, str).Process(watch(watched{
		init: func(c *strContext) error {
			seen = append(seen, look(c.ProcessingContext))
			_, err := c.Schedule(time.Hour, topology.ByStreamTime, func(int64) error {
				seen = append(seen, look(c.ProcessingContext))
				return nil
			})
			return err
		},
		process: func(c *strContext, _ madeRecord) error {
			seen = append(seen, look(c.ProcessingContext))
			return nil
		},
	}), topology.Named("p"))
	d := drive(t, b, driver.WithPartitions("in", 2), driver.WithClock(time.UnixMilli(99)), driver.WithApplicationID("shop"))
	d.Input("in", str, str).PipeAt(7, "k", "")
	d.Input("in", str, str).PipeAt(3, "k", "")
	if err := d.Err(); err != nil {
		t.Fatal(err)
	}
	want := []string{
		"shop 0_0 p { 0 0} false -1 99",
		"shop 0_1 p { 0 0} false -1 99",
		"shop 0_0 p {in 0 0} true 7 99",
		"shop 0_0 p { -1 -1} false 7 99",
		"shop 0_0 p {in 0 1} true 7 99",
	}
	if !slices.Equal(seen, want) {
		t.Errorf("got %q\nwant %q", seen, want)
	}
}

// A null is told by its flag, or by a nil of types that have one, and is written as
// null either way.
func TestNullsOfForwardedRecords(t *testing.T) {
	b := topology.NewBuilder()
	b.Stream("in", str, str).Process(func() topology.Processor[string, string, []byte, string] {
		return topology.ProcessorFunc[string, string, []byte, string](func(c *topology.Context[[]byte, string], r madeRecord) error {
			return errors.Join(
				c.Forward(topology.Record[[]byte, string]{Value: "nil key"}),
				c.Forward(topology.Record[[]byte, string]{Key: []byte("k"), NullKey: true, Value: "null key"}),
				c.Forward(topology.Record[[]byte, string]{Key: []byte("k"), Value: "gone", NullValue: true}),
				c.Forward(r.WithKey[[]byte](nil)),
				c.Forward(r.WithKey([]byte{})),
			)
		})
	}).To("out", serde.Bytes, str)
	d := drive(t, b)
	d.Input("in", str, str).PipeRecord(driver.Record[string, string]{Key: "k", NullValue: true})
	wantRecords(t, d, "out", "null=nil key@0", "null=null key@0", "k=null@0", "null=null@0", "=null@0")
}

func TestHeadersOfRecordsAreNotShared(t *testing.T) {
	r := madeRecord{Headers: append(make([]topology.Header, 0, 8), topology.Header{Key: "a"}, topology.Header{Key: "b"})}
	one, two := r.WithHeader("c", []byte("1")), r.WithHeader("c", []byte("2"))
	if string(one.Headers[2].Value) != "1" || string(two.Headers[2].Value) != "2" || len(r.Headers) != 2 {
		t.Errorf("headers are shared: %v, %v, %v", one.Headers, two.Headers, r.Headers)
	}
	if without := one.WithoutHeader("a"); len(without.Headers) != 2 || one.Headers[0].Key != "a" {
		t.Errorf("removed from %v: %v", one.Headers, without.Headers)
	}
}

// The key can't be changed, and there's no repartition topic before a grouping.
func TestProcessValuesKeepsKeys(t *testing.T) {
	b := topology.NewBuilder()
	s := b.Stream("in", str, str).ProcessValues(func() topology.FixedKeyProcessor[string, string, int64] { return lengths{} })
	s.GroupByKey(str, number).Reduce(func(a, b int64) int64 { return a + b }, topology.StoreAs("sums", number))
	s.MapValues(func(n int64) string { return fmt.Sprint(n) }, topology.Named("texts")).To("out", str, str)
	top := build(t, b)
	if n := len(top.Plan().SubTopologies); n != 1 {
		t.Errorf("%d sub-topologies, want 1", n)
	}
	d := drive(t, b)
	d.Input("in", str, str).PipeAt(1, "k", "abc")
	d.Input("in", str, str).PipeRecord(driver.Record[string, string]{NullKey: true, Value: "ab", Timestamp: 2})
	wantRecords(t, d, "out", "k=3@2", "k=4@2", "null=2@3")
}

type lengths struct{}

// Process forwards the length, and one more to one child alone.
func (lengths) Process(c *topology.FixedKeyContext[string, int64], r fixedRecord) error {
	out := r.WithValue(int64(len(r.Value)))
	out.Timestamp++
	if err := c.Forward(out); err != nil || r.NullKey() || r.Key() != "k" {
		return err
	}
	out.Value++
	return c.ForwardTo("texts", out)
}
