package oncestream_test

import (
	"fmt"
	"slices"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/oncestream/oncestream"
	kafkatest "github.com/oncestream/oncestream/test/kafka"
	"github.com/oncestream/oncestream/topology"
	"github.com/oncestream/oncestream/topology/serde"
)

// handling is an application whose output topic takes small records alone, and whose
// function fails at bad values.
type handling struct {
	t                     *testing.T
	addr, in, out, failed string
	cfg                   oncestream.Config
}

func newHandling(t *testing.T, addr string) *handling {
	names := topics(t, addr, 1, "in", "failed")
	h := &handling{t: t, addr: addr, in: names[0], failed: names[1], out: kafkatest.Unique("out")}
	kafkatest.CreateTopic(t, addr, h.out, 1, map[string]string{"max.message.bytes": "1000"})
	h.cfg = oncestream.Config{
		ApplicationID: kafkatest.Unique("handlers"), Brokers: strings.Split(addr, ","), CommitInterval: 20 * time.Millisecond,
		DeadLetterTopic: h.failed,
	}
	return h
}

// topology counts all records, lets f make something of each, and sends it on.
func (h *handling) topology(f func(string) string) *topology.Topology {
	b := topology.NewBuilder()
	in := b.Stream(h.in, serde.String, serde.String)
	in.GroupBy("all", func(string, string) string { return "all" }, serde.String, serde.String).Count(topology.StoreAs("count", serde.Int64))
	in.MapValues(f).To(h.out, serde.String, serde.String)
	return build(h.t, b)
}

// want reads what came of the input: values by their first ten bytes.
func (h *handling) want(topic string, want ...string) {
	h.t.Helper()
	var got []string
	for _, r := range newReader(h.t, h.addr, topic).take(len(want)) {
		got = append(got, string(r.Value[:min(len(r.Value), 10)]))
	}
	if !slices.Equal(got, want) {
		h.t.Errorf("%s has got %q, want %q", topic, got, want)
	}
}

func (h *handling) send(values ...string) {
	h.t.Helper()
	kafkatest.Produce(h.t, h.addr, lines(h.in, values...)...)
}

func failAtBad(v string) string {
	if strings.HasPrefix(v, "bad") {
		panic("bad")
	}
	return v
}

// What user code fails at and what brokers refuse becomes a dead letter, once, and
// all else comes out, once. A broker refuses a record long after it was sent, and with
// it the transaction: everything in it is done again.
func TestHandlers(t *testing.T) {
	large := "large" + strings.Repeat("x", 5000)
	for _, action := range []oncestream.Action{oncestream.DeadLetter, oncestream.DeadLetterRecord} {
		t.Run(fmt.Sprint(action), func(t *testing.T) {
			h := newHandling(t, kafkatest.Shared(t))
			var processing, production atomic.Int64
			h.cfg.UndoRecords = action == oncestream.DeadLetterRecord
			h.cfg.OnProcessingError = func(f oncestream.FailedRecord) oncestream.Action {
				processing.Add(1)
				return action
			}
			h.cfg.OnProductionError = func(f oncestream.FailedRecord) oncestream.Action {
				production.Add(1)
				if f.Output != h.out || f.Record.Topic != h.in {
					t.Errorf("the handler got %+v", f)
				}
				return action
			}
			h.send("1", "bad 1", "2", large, "3", large, "bad 2", "4")
			p := start(t, h.topology(failAtBad), h.cfg)
			h.want(h.out, "1", "2", "3", "4")
			h.want(h.failed, "bad 1", "largexxxxx", "largexxxxx", "bad 2")
			h.send("5")
			h.want(h.out, "1", "2", "3", "4", "5")
			if err := p.halt(); err != nil {
				t.Fatal(err)
			}
			if processing.Load() < 2 || production.Load() < 2 {
				t.Errorf("the handlers were asked %d and %d times", processing.Load(), production.Load())
			}
			if n := p.metric("oncestream_dropped_records_total"); n != 4 {
				t.Errorf("%v records were counted as dropped, want 4", n)
			}
		})
	}
}

// A refused record that's another one each time it's made can't be asked about: the
// application stops, instead of making it for ever.
func TestRefusedRecordThatChanges(t *testing.T) {
	h := newHandling(t, kafkatest.Shared(t))
	h.cfg.OnProductionError = func(oncestream.FailedRecord) oncestream.Action { return oncestream.Continue }
	var n atomic.Int64
	h.send("1")
	p := start(t, h.topology(func(string) string { return fmt.Sprintf("%05000d", n.Add(1)) }), h.cfg)
	err := p.wait()
	if err == nil || !strings.Contains(err.Error(), h.out) || !strings.Contains(err.Error(), "differs") {
		t.Errorf("the application ended with %v", err)
	}
}
