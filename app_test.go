package oncestream_test

import (
	"errors"
	"fmt"
	"maps"
	"strings"
	"testing"
	"time"

	"github.com/twmb/franz-go/pkg/kgo"

	"github.com/oncestream/oncestream"
	kafkatest "github.com/oncestream/oncestream/test/kafka"
	"github.com/oncestream/oncestream/test/kafka/fake"
	"github.com/oncestream/oncestream/topology"
	"github.com/oncestream/oncestream/topology/serde"
)

func TestWordCount(t *testing.T) {
	onBrokers(t, func(t *testing.T, addr string) {
		for _, g := range []oncestream.Guarantee{oncestream.ExactlyOnceV2, oncestream.AtLeastOnce} {
			t.Run(g.String(), func(t *testing.T) { testWordCount(t, addr, g) })
		}
	})
}

func testWordCount(t *testing.T, addr string, g oncestream.Guarantee) {
	names := topics(t, addr, 3, "lines", "counts")
	in, out := names[0], names[1]
	kafkatest.ProduceTo(t, addr, lines(in, "to be or not to be", "that is the question", "to sleep")...)
	id := kafkatest.Unique("wc")
	p := start(t, wordCount(t, in, out), oncestream.Config{
		ApplicationID: id, Brokers: strings.Split(addr, ","), Guarantee: g, CommitInterval: 50 * time.Millisecond, Workers: 2,
	})
	p.await(oncestream.Running)
	got := lastCounts(t, newReader(t, addr, out).take(12))
	want := map[string]int64{"to": 3, "be": 2, "or": 1, "not": 1, "that": 1, "is": 1, "the": 1, "question": 1, "sleep": 1}
	if !maps.Equal(got, want) {
		t.Errorf("counts %v, want %v", got, want)
	}
	if err := p.halt(); err != nil {
		t.Fatal(err)
	}
	if s := p.State(); s != oncestream.Stopped {
		t.Errorf("state %s after the end of Run", s)
	}
	// A graceful stop has committed everything and left the group, so that the next
	// start gets the partitions at once.
	committed, ends := kafkatest.CommittedOffsets(t, addr, id), kafkatest.EndOffsets(t, addr, in, id+"-words-repartition")
	for topic, parts := range ends {
		for n, end := range parts {
			if at, ok := committed[topic][n]; ok && at != end || !ok && end != 0 {
				t.Errorf("%s-%d: committed %d (%t), end %d", topic, n, at, ok, end)
			}
		}
	}
	if m := kafkatest.DescribeGroup(t, addr, id).Members; len(m) != 0 {
		t.Errorf("%d members are left in the group", len(m))
	}
}

// TestRestart asserts that a graceful restart restores nothing and goes on
// counting where it stopped.
func TestRestart(t *testing.T) {
	onBrokers(t, func(t *testing.T, addr string) {
		names := topics(t, addr, 2, "lines", "counts")
		in, out := names[0], names[1]
		cfg := oncestream.Config{ApplicationID: kafkatest.Unique("restart"), Brokers: strings.Split(addr, ","), StateDir: t.TempDir(), CommitInterval: 20 * time.Millisecond}
		r := newReader(t, addr, out)
		for round := range 3 {
			p := start(t, wordCount(t, in, out), cfg)
			kafkatest.ProduceTo(t, addr, lines(in, "a b", "a c")...)
			want := map[string]int64{"a": int64(2*round + 2), "b": int64(round + 1), "c": int64(round + 1)}
			if got := lastCounts(t, r.take(4)); !maps.Equal(got, want) {
				t.Fatalf("round %d: counts %v, want %v", round, got, want)
			}
			if err := p.halt(); err != nil {
				t.Fatal(err)
			}
			if n := p.metric("oncestream_restore_records_total"); n != 0 {
				t.Errorf("round %d: %v records were restored after a graceful stop", round, n)
			}
		}
	})
}

// TestLostStateIsRestored asserts that a start without local state restores it
// from the changelog, and that counting goes on.
func TestLostStateIsRestored(t *testing.T) {
	onBrokers(t, func(t *testing.T, addr string) {
		names := topics(t, addr, 2, "lines", "counts")
		in, out := names[0], names[1]
		cfg := oncestream.Config{ApplicationID: kafkatest.Unique("lost"), Brokers: strings.Split(addr, ","), CommitInterval: 20 * time.Millisecond}
		r := newReader(t, addr, out)
		for round := range int64(3) {
			cfg.StateDir = t.TempDir()
			p := start(t, wordCount(t, in, out), cfg)
			kafkatest.ProduceTo(t, addr, lines(in, "a b", "a c")...)
			want := map[string]int64{"a": 2*round + 2, "b": round + 1, "c": round + 1}
			if got := lastCounts(t, r.take(4)); !maps.Equal(got, want) {
				t.Fatalf("round %d: counts %v, want %v", round, got, want)
			}
			if err := p.halt(); err != nil {
				t.Fatal(err)
			}
			if n := p.metric("oncestream_restore_records_total"); (n != 0) != (round > 0) {
				t.Errorf("round %d: %v records were restored", round, n)
			}
		}
	})
}

// TestScaleOut starts a second process and stops the first: tasks move each
// time, and no word is lost or counted twice.
func TestScaleOut(t *testing.T) {
	onBrokers(t, func(t *testing.T, addr string) {
		names := topics(t, addr, 4, "lines", "counts")
		in, out := names[0], names[1]
		cfg := oncestream.Config{ApplicationID: kafkatest.Unique("scale"), Brokers: strings.Split(addr, ","), CommitInterval: 20 * time.Millisecond,
			SessionTimeout: 6 * time.Second, HeartbeatInterval: 200 * time.Millisecond}
		r := newReader(t, addr, out)
		texts := make([]string, 100)
		for i := range texts {
			texts[i] = fmt.Sprintf("w%d w%d", i%7, i%5)
		}
		total := int64(0)
		check := func() {
			t.Helper()
			kafkatest.ProduceTo(t, addr, lines(in, texts...)...)
			total += int64(2 * len(texts))
			r.take(2 * len(texts))
		}
		first := start(t, wordCount(t, in, out), cfg)
		check()
		second := start(t, wordCount(t, in, out), cfg)
		second.await(oncestream.Running)
		check()
		if err := first.halt(); err != nil {
			t.Fatal(err)
		}
		check()
		if err := second.halt(); err != nil {
			t.Fatal(err)
		}
		all := kafkatest.ConsumeAll(t, addr, out)
		seen := map[string]bool{}
		for _, rec := range all {
			k := fmt.Sprintf("%s=%x", rec.Key, rec.Value)
			if seen[k] {
				t.Errorf("count %s came twice", k)
			}
			seen[k] = true
		}
		sum := int64(0)
		for _, n := range lastCounts(t, all) {
			sum += n
		}
		if sum != total || int64(len(all)) != total {
			t.Errorf("%d words were counted in %d records, want %d", sum, len(all), total)
		}
	})
}

func TestUserPanic(t *testing.T) {
	addr := fake.Addr(fake.Start(t))
	names := topics(t, addr, 1, "in", "out")
	in, out := names[0], names[1]
	b := topology.NewBuilder()
	b.Stream(in, serde.String, serde.String).
		MapValues(func(v string) string {
			if v == "bad" {
				panic("can't take " + v)
			}
			return v
		}, topology.Named("taker")).
		To(out, serde.String, serde.String)
	kafkatest.ProduceTo(t, addr, lines(in, "good", "bad", "never")...)
	p := start(t, build(t, b), oncestream.Config{ApplicationID: "panics", Brokers: strings.Split(addr, ","), CommitInterval: time.Second})
	err := p.wait()
	e, ok := errors.AsType[*oncestream.Error](err)
	if !ok {
		t.Fatalf("Run returned %v, want a *Error", err)
	}
	if e.Node != "taker" || e.Topic != in || e.Partition != 0 || e.Offset != 1 || !strings.Contains(err.Error(), "can't take bad") {
		t.Errorf("the error says %v", err)
	}
	if p.State() != oncestream.Failed {
		t.Errorf("state %s", p.State())
	}
	if got := kafkatest.ConsumeAll(t, addr, out); len(got) != 0 {
		t.Errorf("%d records of the failed transaction are visible", len(got))
	}
}

func TestDecodeErrors(t *testing.T) {
	addr := fake.Addr(fake.Start(t))
	run := func(t *testing.T, id string, handler func(oncestream.FailedRecord) oncestream.Action) (*process, []string) {
		names := topics(t, addr, 1, "in", "out", "dlq")
		b := topology.NewBuilder()
		b.Stream(names[0], serde.String, serde.Int64).To(names[1], serde.String, serde.Int64)
		eight := string([]byte{0, 0, 0, 0, 0, 0, 0, 7})
		kafkatest.ProduceTo(t, addr, lines(names[0], eight, "short", eight)...)
		return start(t, build(t, b), oncestream.Config{
			ApplicationID: id, Brokers: strings.Split(addr, ","), OnDecodeError: handler, DeadLetterTopic: names[2], CommitInterval: 20 * time.Millisecond,
		}), names
	}
	answer := func(a oncestream.Action) func(oncestream.FailedRecord) oncestream.Action {
		return func(oncestream.FailedRecord) oncestream.Action { return a }
	}
	t.Run("fail", func(t *testing.T) {
		p, names := run(t, "decode-fail", nil)
		err := p.wait()
		e, ok := errors.AsType[*oncestream.Error](err)
		if !ok || e.Topic != names[0] || e.Offset != 1 {
			t.Errorf("Run returned %v", err)
		}
	})
	t.Run("continue", func(t *testing.T) {
		p, names := run(t, "decode-continue", answer(oncestream.Continue))
		newReader(t, addr, names[1]).take(2)
		if err := p.halt(); err != nil {
			t.Fatal(err)
		}
		if n := p.metric("oncestream_dropped_records_total"); n != 1 {
			t.Errorf("%v drops counted, want 1", n)
		}
	})
	t.Run("dead letter", func(t *testing.T) {
		p, names := run(t, "decode-dlq", answer(oncestream.DeadLetter))
		newReader(t, addr, names[1]).take(2)
		letter := newReader(t, addr, names[2]).take(1)[0]
		if string(letter.Key) != "1" || string(letter.Value) != "short" {
			t.Errorf("dead letter %q=%q", letter.Key, letter.Value)
		}
		headers := map[string]string{}
		for _, h := range letter.Headers {
			headers[h.Key] = string(h.Value)
		}
		if headers["__streams.errors.topic"] != names[0] || headers["__streams.errors.partition"] != "0" || headers["__streams.errors.offset"] != "1" || headers["__streams.errors.message"] == "" {
			t.Errorf("headers %v", headers)
		}
		if err := p.halt(); err != nil {
			t.Fatal(err)
		}
	})
}

func TestStartErrors(t *testing.T) {
	addr := fake.Addr(fake.Start(t))
	names := topics(t, addr, 1, "in", "out")
	in, out := names[0], names[1]
	dir := t.TempDir()
	running := start(t, wordCount(t, in, out), oncestream.Config{ApplicationID: "taken", Brokers: strings.Split(addr, ","), StateDir: dir})
	running.await(oncestream.Running)
	for name, c := range map[string]struct {
		in, addr, id, dir string
		want              []string
	}{
		"unreachable broker": {in: in, addr: "127.0.0.1:1", id: "a", dir: t.TempDir(), want: []string{"127.0.0.1:1"}},
		"missing topic":      {in: "nowhere", addr: addr, id: "b", dir: t.TempDir(), want: []string{"nowhere", "create"}},
		"state in use":       {in: in, addr: addr, id: "taken", dir: dir, want: []string{dir, "in use"}},
	} {
		t.Run(name, func(t *testing.T) {
			p := start(t, wordCount(t, c.in, out), oncestream.Config{ApplicationID: c.id, Brokers: strings.Split(c.addr, ","), StateDir: c.dir})
			err := p.wait()
			if err == nil {
				t.Fatal("Run returned nil")
			}
			for _, w := range c.want {
				if !strings.Contains(err.Error(), w) {
					t.Errorf("the error doesn't mention %q: %v", w, err)
				}
			}
		})
	}
}

func TestWrongRepartitionCount(t *testing.T) {
	addr := fake.Addr(fake.Start(t))
	names := topics(t, addr, 2, "in", "out")
	kafkatest.CreateTopic(t, addr, "wrong-words-repartition", 2, nil)
	b := topology.NewBuilder()
	b.Stream(names[0], serde.String, serde.String).
		Repartition("words", serde.String, serde.String, topology.Partitions(3)).
		To(names[1], serde.String, serde.String)
	err := start(t, build(t, b), oncestream.Config{ApplicationID: "wrong", Brokers: strings.Split(addr, ",")}).wait()
	if err == nil || !strings.Contains(err.Error(), "wrong-words-repartition") || !strings.Contains(err.Error(), "2") || !strings.Contains(err.Error(), "3") {
		t.Errorf("Run returned %v", err)
	}
}

// TestStreamTimeSurvivesARestart asserts that the late-record rule doesn't
// depend on when the process was restarted.
func TestStreamTimeSurvivesARestart(t *testing.T) {
	addr := fake.Addr(fake.Start(t))
	names := topics(t, addr, 1, "in", "out")
	in, out := names[0], names[1]
	top := func() *topology.Topology {
		b := topology.NewBuilder()
		b.Stream(in, serde.String, serde.String).
			GroupByKey(serde.String, serde.String).
			WindowedBy(topology.Tumbling(time.Minute).Grace(10*time.Second)).
			Count(topology.StoreAs("wcounts", serde.Int64)).
			ToStream(func(w topology.Windowed[string]) string { return fmt.Sprintf("%s@%d", w.Key, w.Start) }).
			To(out, serde.String, serde.Int64)
		return build(t, b)
	}
	produce := func(ms ...int64) {
		for _, m := range ms {
			kafkatest.ProduceTo(t, addr, &kgo.Record{Topic: in, Key: []byte("k"), Value: []byte("v"), Timestamp: time.UnixMilli(m)})
		}
	}
	cfg := oncestream.Config{ApplicationID: "late", Brokers: strings.Split(addr, ","), StateDir: t.TempDir(), CommitInterval: 20 * time.Millisecond}
	r := newReader(t, addr, out)
	p := start(t, top(), cfg)
	produce(1_000, 130_000)
	r.take(2)
	if err := p.halt(); err != nil {
		t.Fatal(err)
	}
	p = start(t, top(), cfg)
	produce(59_000, 131_000) // the first is late: its window closed at 70,000
	got := lastCounts(t, r.take(1))
	if want := map[string]int64{"k@120000": 2}; !maps.Equal(got, want) {
		t.Errorf("counts %v, want %v", got, want)
	}
	if err := p.halt(); err != nil {
		t.Fatal(err)
	}
	if n := p.metric("oncestream_dropped_records_total"); n != 1 {
		t.Errorf("%v drops counted, want 1", n)
	}
}
