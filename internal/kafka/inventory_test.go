package kafka

import (
	"maps"
	"testing"

	"github.com/twmb/franz-go/pkg/kfake"

	"github.com/oncestream/oncestream/internal/record"
)

func TestGroupOffsets(t *testing.T) {
	cl := newCluster(t, kfake.SeedTopics(2, "a", "b"))
	c := newTestClient(t, cl)
	if got, err := c.GroupOffsets(t.Context(), "g"); err != nil || len(got) != 0 {
		t.Fatalf("of a group that isn't: %v, %v", got, err)
	}
	want := map[record.TopicPartition]Offset{
		{Topic: "a", Partition: 1}: {At: 7, Metadata: "m", Ok: true},
		{Topic: "b", Partition: 0}: {At: 0, Ok: true},
	}
	if err := c.CommitOffsets(t.Context(), GroupMeta{Group: "g", Generation: -1}, want); err != nil {
		t.Fatal(err)
	}
	got, err := c.GroupOffsets(t.Context(), "g")
	if err != nil || !maps.Equal(got, want) {
		t.Errorf("got %v, %v, want %v", got, err, want)
	}
}

func TestPartitionsWithPrefix(t *testing.T) {
	c := newTestClient(t, newCluster(t, kfake.SeedTopics(2, "app-x", "app", "other-app-x"), kfake.SeedTopics(3, "app-y")))
	got, err := c.PartitionsWithPrefix(t.Context(), "app-")
	if want := map[string]int32{"app-x": 2, "app-y": 3}; err != nil || !maps.Equal(got, want) {
		t.Errorf("got %v, %v, want %v", got, err, want)
	}
}
