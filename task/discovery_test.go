package task

import (
	"testing"
	"time"

	"go.uber.org/zap/zaptest"

	"github.com/oncestream/oncestream/internal/kafka"
	"github.com/oncestream/oncestream/internal/plan"
	kafkatest "github.com/oncestream/oncestream/test/kafka"
	"github.com/oncestream/oncestream/test/kafka/fake"
)

// TestDiscoveryFollowsPartitions: partitions are followed where they can be read, and
// where they can't, or a topic is gone, the layout stays. Repartition topics keep their
// counts.
func TestDiscoveryFollowsPartitions(t *testing.T) {
	cl := fake.Start(t)
	addr := fake.Addr(cl)
	for _, topic := range []string{"in", "table", "out"} {
		kafkatest.CreateTopic(t, addr, topic, 2, nil)
	}
	admin, err := kafka.NewClient(cl.ListenAddrs(), nil, t.Name())
	if err != nil {
		t.Fatal(err)
	}
	defer admin.Close()
	p := rekeyPlan()
	counting := p.SubTopologies[1]
	counting.Sources = append(counting.Sources, &plan.Source{Node: "table", Topic: "table"})
	newDiscovery := func() *Discovery {
		return NewDiscovery(DiscoveryConfig{
			ApplicationID: "app", Plan: p, Admin: admin, Replication: -1, Interval: time.Hour, Logger: zaptest.NewLogger(t),
		})
	}
	refreshed := func(d *Discovery, in, table int32) *Layout {
		t.Helper()
		l, err := d.Refresh(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		for topic, want := range map[string]int32{"in": in, "table": table, "app-words-repartition": 2} {
			if got := l.read(topic); got != want {
				t.Errorf("%d partitions of %s are read, want %d", got, topic, want)
			}
		}
		return l
	}
	d := newDiscovery()
	before := refreshed(d, 2, 2)
	grow := func(topic string) {
		t.Helper()
		if _, err := kafkatest.Admin(t, addr).CreatePartitions(t.Context(), 3, topic); err != nil {
			t.Fatal(err)
		}
	}
	grow("table")
	grow("out")
	if refreshed(d, 2, 2) != before {
		t.Error("the layout has changed with partitions that can't be followed")
	}
	grow("in")
	refreshed(d, 5, 2)
	if _, err := kafkatest.Admin(t, addr).DeleteTopics(t.Context(), "in", "app-words-repartition"); err != nil {
		t.Fatal(err)
	}
	refreshed(d, 5, 2)
	if d.follows("table") || d.follows("app-words-repartition") || !d.follows("in") {
		t.Error("the topics whose partitions are followed are others than in")
	}
}
