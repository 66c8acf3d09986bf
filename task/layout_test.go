package task

import (
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/oncestream/oncestream/internal/plan"
	"github.com/oncestream/oncestream/internal/record"
	"github.com/oncestream/oncestream/statestore"
)

// rekeyPlan reads in, writes to a repartition topic and counts behind it.
func rekeyPlan() *plan.Plan {
	r := &plan.Repartition{}
	return &plan.Plan{SubTopologies: []*plan.SubTopology{
		{ID: 0, Sources: []*plan.Source{{Node: "s0", Topic: "in"}}, Sinks: []*plan.Sink{{Node: "k0", Topic: "words-repartition", Repartition: r}}},
		{ID: 1, Sources: []*plan.Source{{Node: "s1", Topic: "words-repartition", Repartition: r}}, Sinks: []*plan.Sink{{Node: "k1", Topic: "out"}},
			Stores: []statestore.Spec{
				{Name: "counts", Kind: statestore.TimestampedKeyValue},
				{Name: "windows", Kind: statestore.TimestampedWindow, Retention: 15 * time.Minute},
				{Name: "scratch", Kind: statestore.TimestampedKeyValue, LoggingDisabled: true},
			}},
	}}
}

func TestLayoutInternalTopics(t *testing.T) {
	l, err := NewLayout("app", rekeyPlan(), map[string]int32{"in": 3, "out": 1})
	if err != nil {
		t.Fatal(err)
	}
	got := map[string]string{}
	for _, topic := range l.InternalTopics(-1) {
		if topic.Partitions != 3 {
			t.Errorf("%s has %d partitions, want 3", topic.Name, topic.Partitions)
		}
		got[topic.Name] = topic.Configs["cleanup.policy"] + " " + topic.Configs["retention.ms"]
	}
	want := map[string]string{
		"app-words-repartition": "delete -1",
		"app-counts-changelog":  "compact ",
		"app-windows-changelog": "compact,delete 87300000",
	}
	for name, configs := range want {
		if got[name] != configs {
			t.Errorf("%s has %q, want %q", name, got[name], configs)
		}
	}
	if len(got) != len(want) {
		t.Errorf("topics %v, want %v", got, want)
	}
	if !slices.Equal(l.Sources(), []string{"app-words-repartition", "in"}) {
		t.Errorf("sources %v", l.Sources())
	}
}

func TestLayoutTasks(t *testing.T) {
	l, err := NewLayout("app", rekeyPlan(), map[string]int32{"in": 2, "out": 1})
	if err != nil {
		t.Fatal(err)
	}
	ids, err := l.tasksOf([]record.TopicPartition{{Topic: "app-words-repartition", Partition: 1}, {Topic: "in", Partition: 0}})
	if err != nil || !slices.Equal(ids, []plan.TaskID{{SubTopology: 0, Partition: 0}, {SubTopology: 1, Partition: 1}}) {
		t.Errorf("tasks %v, %v", ids, err)
	}
	if _, err := l.tasksOf([]record.TopicPartition{{Topic: "other"}}); err == nil {
		t.Error("a partition of no task was accepted")
	}
	local := l.localTasks([]statestore.StorePartition{{Store: "counts", Partition: 1}, {Store: "gone", Partition: 0}})
	if !slices.Equal(local, []plan.TaskID{{SubTopology: 1, Partition: 1}}) {
		t.Errorf("tasks with local state: %v", local)
	}
}

func TestLayoutMissingTopics(t *testing.T) {
	_, err := NewLayout("app", rekeyPlan(), map[string]int32{"in": 1})
	if err == nil || !strings.Contains(err.Error(), "out") || strings.Contains(err.Error(), "words-repartition") {
		t.Errorf("got %v, want an error that names the user's missing topic alone", err)
	}
}
