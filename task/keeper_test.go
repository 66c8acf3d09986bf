package task

import (
	"strings"
	"testing"
	"time"

	dto "github.com/prometheus/client_model/go"
	"go.uber.org/zap"
	"go.uber.org/zap/zaptest"
	"go.uber.org/zap/zaptest/observer"

	"github.com/oncestream/oncestream/internal/kafka"
	"github.com/oncestream/oncestream/internal/plan"
	"github.com/oncestream/oncestream/statestore"
	kafkatest "github.com/oncestream/oncestream/test/kafka"
	"github.com/oncestream/oncestream/test/kafka/fake"
)

// TestUnreadPartitions adds partitions to topics under a laid-out application: to one
// that's followed, one that's read where there's state, and a global one.
func TestUnreadPartitions(t *testing.T) {
	cl := fake.Start(t)
	for _, topic := range []string{"in", "table", "out", "everywhere"} {
		kafkatest.CreateTopic(t, fake.Addr(cl), topic, 2, nil)
	}
	admin, err := kafka.NewClient(cl.ListenAddrs(), nil, t.Name())
	if err != nil {
		t.Fatal(err)
	}
	defer admin.Close()
	metrics, err := NewMetrics(nil, "app")
	if err != nil {
		t.Fatal(err)
	}
	p := rekeyPlan()
	p.SubTopologies[1].Sources = append(p.SubTopologies[1].Sources, &plan.Source{Node: "table", Topic: "table"})
	p.Globals = []*plan.Global{{ID: 2, Source: &plan.Source{Node: "global", Topic: "everywhere"}}}
	d := NewDiscovery(DiscoveryConfig{ApplicationID: "app", Plan: p, Admin: admin, Replication: -1, Interval: time.Hour, Logger: zaptest.NewLogger(t)})
	if _, err := d.Refresh(t.Context()); err != nil {
		t.Fatal(err)
	}
	logs, logged := observer.New(zap.ErrorLevel)
	k := NewKeeper(KeeperConfig{Admin: admin, Discovery: d, DB: statestore.OpenMemory(), Metrics: metrics, Logger: zap.New(logs)})
	for _, want := range []int{0, 3} {
		k.findUnread(t.Context())
		for topic, want := range map[string]int{"in": 0, "table": want, "everywhere": want} {
			var m dto.Metric
			if err := metrics.unread.WithLabelValues(topic).Write(&m); err != nil {
				t.Fatal(err)
			}
			if got := m.GetGauge().GetValue(); got != float64(want) {
				t.Errorf("%v unread partitions of %s, want %d", got, topic, want)
			}
		}
		if _, err := kafkatest.Admin(t, fake.Addr(cl)).CreatePartitions(t.Context(), 3, "in", "table", "everywhere"); err != nil {
			t.Fatal(err)
		}
	}
	remedies := map[any]string{"table": "stop all processes, delete", "everywhere": "restart all processes"}
	for _, e := range logged.All() {
		topic := e.ContextMap()["topic"]
		if remedy, _ := e.ContextMap()["remedy"].(string); remedies[topic] == "" || !strings.Contains(remedy, remedies[topic]) {
			t.Errorf("topic %v: %q", topic, remedy)
		}
		delete(remedies, topic)
	}
	if len(remedies) > 0 {
		t.Errorf("nothing was logged of %v", remedies)
	}
}
