package task

import (
	"testing"

	dto "github.com/prometheus/client_model/go"
	"go.uber.org/zap/zaptest"

	"github.com/oncestream/oncestream/internal/kafka"
	"github.com/oncestream/oncestream/statestore"
	kafkatest "github.com/oncestream/oncestream/test/kafka"
	"github.com/oncestream/oncestream/test/kafka/fake"
)

// TestUnreadPartitions adds partitions to an input topic under a laid-out
// application.
func TestUnreadPartitions(t *testing.T) {
	cl := fake.Start(t)
	kafkatest.CreateTopic(t, fake.Addr(cl), "in0", 2, nil)
	admin, err := kafka.NewClient(cl.ListenAddrs(), nil, t.Name())
	if err != nil {
		t.Fatal(err)
	}
	defer admin.Close()
	metrics, err := NewMetrics(nil, "app")
	if err != nil {
		t.Fatal(err)
	}
	k := NewKeeper(KeeperConfig{Admin: admin, Layout: testLayout(t, 2), DB: statestore.OpenMemory(), Metrics: metrics, Logger: zaptest.NewLogger(t)})
	for _, want := range []int{0, 3} {
		k.findUnread(t.Context())
		var m dto.Metric
		if err := metrics.unread.WithLabelValues("in0").Write(&m); err != nil {
			t.Fatal(err)
		}
		if got := m.GetGauge().GetValue(); got != float64(want) {
			t.Errorf("%v unread partitions, want %d", got, want)
		}
		if _, err := kafkatest.Admin(t, fake.Addr(cl)).CreatePartitions(t.Context(), 3, "in0"); err != nil {
			t.Fatal(err)
		}
	}
}
