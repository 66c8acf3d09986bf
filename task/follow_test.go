package task

import (
	"encoding/binary"
	"encoding/json"
	"regexp"
	"testing"
	"time"

	"github.com/twmb/franz-go/pkg/kerr"
	"github.com/twmb/franz-go/pkg/kfake"
	"github.com/twmb/franz-go/pkg/kgo"
	"github.com/twmb/franz-go/pkg/kmsg"

	"github.com/oncestream/oncestream/internal/kafka"
	"github.com/oncestream/oncestream/internal/plan"
	kafkatest "github.com/oncestream/oncestream/test/kafka"
)

// matching makes the rig's application read all topics whose names begin with in.
// What's returned looks for them.
func (g *rig) matching() *Discovery {
	g.t.Helper()
	pattern, err := plan.NewPattern(regexp.MustCompile("in.*"))
	g.must(err)
	sub := g.plan.SubTopologies[0]
	sub.Sources = []*plan.Source{{Node: "source", Pattern: pattern}}
	sub.Build = func(env *plan.Env) (*plan.Chain, error) {
		chain, err := g.build(env)
		if err == nil {
			chain.Matched = map[string]func() plan.Input{"source": func() plan.Input { return chain.Inputs["in"] }}
		}
		return chain, err
	}
	admin, err := g.client(g.t.Context(), "discovery")
	g.must(err)
	g.t.Cleanup(func() { g.must(admin.Close()) })
	d := NewDiscovery(DiscoveryConfig{ApplicationID: "app", Plan: g.plan, Admin: admin, Replication: -1, Interval: time.Hour})
	g.tune = func(c *Config) {
		c.Discovery = d
		d.Logger = c.Logger
		_, err := d.Refresh(g.t.Context())
		g.must(err)
	}
	return d
}

// assignment returns the event that gives a worker all tasks of a layout.
func (g *rig) assignment(w *Worker, l *Layout) kafka.Event {
	g.t.Helper()
	e := kafka.Event{Kind: kafka.Assigned, Join: w.join}
	for _, id := range l.Tasks {
		e.Partitions = append(e.Partitions, l.partitions(id)...)
	}
	var err error
	e.Data, err = json.Marshal(leaderData{Version: 1, Partitions: l.given()})
	g.must(err)
	return e
}

// counted checks the counts of the key k0 in partition 0 of out.
func (g *rig) counted(n int) {
	g.t.Helper()
	g.await(n, 0)
	var got []uint64
	for _, r := range kafkatest.ConsumeAll(g.t, g.addr, "out") {
		got = append(got, binary.BigEndian.Uint64(r.Value))
	}
	for i, v := range got {
		if v != uint64(i+1) {
			g.t.Fatalf("counts %v", got)
		}
	}
	if len(got) != n {
		g.t.Errorf("%d counts, want %d", len(got), n)
	}
}

// TestNewLayoutWaitsForTheCommit: where the group refuses the commit that comes before
// a new layout, since the next rebalance has begun, the worker keeps its tasks and the
// layout they were made for until an assignment comes that it can commit with.
func TestNewLayoutWaitsForTheCommit(t *testing.T) {
	g := newRig(t, 1)
	d := g.matching()
	w := g.opened()
	g.produce(5, 0)
	g.until(w, func() bool { return w.tasks[0].queues[0].has })
	_, err := w.tasks[0].Run(3)
	g.must(err)

	kafkatest.CreateTopic(t, g.addr, "in2", 1, nil)
	old := w.Layout
	now, err := d.Refresh(t.Context())
	g.must(err)
	if now == old || len(now.partitions(now.Tasks[0])) != 2 {
		t.Fatal("the new topic isn't in the layout")
	}
	refused := g.Fault(kfake.Fault{Keys: []kmsg.Key{kmsg.TxnOffsetCommit}, Err: kerr.RebalanceInProgress, Count: 1})
	g.must(w.assigned(t.Context(), g.assignment(w, now)))
	if refused.Hits() != 1 || !w.held {
		t.Fatalf("the commit was refused %d times and is held: %t", refused.Hits(), w.held)
	}
	if w.Layout != old || len(w.tasks) != 1 || len(w.starts) != 0 || !w.tasks[0].uncommitted() {
		t.Fatalf("the worker has %d tasks and %d starts, the old layout: %t", len(w.tasks), len(w.starts), w.Layout == old)
	}

	g.must(w.assigned(t.Context(), g.assignment(w, now)))
	if w.held || !w.Layout.same(now) || len(w.tasks) != 0 || len(w.starts) != 1 {
		t.Fatalf("the worker has %d tasks and %d starts, held: %t", len(w.tasks), len(w.starts), w.held)
	}
	kafkatest.ProduceTo(t, g.addr, &kgo.Record{Topic: "in2", Key: []byte("k0"), Value: []byte("x")})
	g.steps(w, func() bool { return past(w, 6) && !w.dirty() })
	g.counted(6)
}

// past returns whether the worker's task is n records into its inputs.
func past(w *Worker, n int64) bool {
	if len(w.tasks) != 1 {
		return false
	}
	for _, q := range w.tasks[0].queues {
		n -= q.position
	}
	return n <= 0
}

// TestLeadersViewDecides: a worker lays out what the leader knows, not what it knows
// itself, and asks for another round once.
func TestLeadersViewDecides(t *testing.T) {
	g := newRig(t, 1)
	d := g.matching()
	w := g.opened()
	old := w.Layout
	kafkatest.CreateTopic(t, g.addr, "in2", 1, nil)
	now, err := d.Refresh(t.Context())
	g.must(err)
	g.must(w.assigned(t.Context(), g.assignment(w, old)))
	if w.Layout != old {
		t.Error("the worker has another layout than the leader")
	}
	join := w.join
	g.must(w.follow(t.Context()))
	if w.join != join+1 {
		t.Errorf("the worker has joined %d times again, want once", w.join-join)
	}
	// Its own member leads and knows the new topic.
	g.until(w, func() bool { return w.Layout.same(now) && len(w.starts) == 0 && len(w.tasks) == 1 })
	join = w.join
	g.must(w.follow(t.Context()))
	if w.join != join {
		t.Error("the worker joins though nothing has changed")
	}
	if n := len(w.tasks[0].queues); n != 2 {
		t.Errorf("the task has %d inputs, want 2", n)
	}
}
