package topology_test

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/oncestream/oncestream/internal/plan"
	"github.com/oncestream/oncestream/internal/record"
	"github.com/oncestream/oncestream/test/driver"
	"github.com/oncestream/oncestream/topology"
	"github.com/oncestream/oncestream/topology/serde"
)

func TestToTopics(t *testing.T) {
	b := topology.NewBuilder()
	b.Stream("in", str, str).ToTopics(func(_, v string) string { return v }, str, str)
	d := driver.ForTest(t, build(t, b))
	in := d.Input("in", str, str)
	for i, v := range []string{"red", "blue", "red"} {
		in.PipeAt(int64(i), "k", v)
	}
	for topic, want := range map[string]string{"red": "[k=red@0 k=red@2]", "blue": "[k=blue@1]"} {
		if got := fmt.Sprint(d.Output(topic, str, str).ReadAll()); got != want {
			t.Errorf("topic %s: got %s, want %s", topic, got, want)
		}
	}
}

// A chosen topic is a real one, even where a repartition topic has that name
// without the application id.
func TestToTopicsTakesRealNames(t *testing.T) {
	b := topology.NewBuilder()
	s := b.Stream("in", str, str)
	s.Repartition("r", str, str).To("out", str, str)
	s.ToTopics(func(_, v string) string { return "r-repartition" }, str, str)
	d := driver.ForTest(t, build(t, b))
	d.Input("in", str, str).Pipe("k", "v")
	for _, topic := range []string{"r-repartition", "out"} {
		if got := d.Output(topic, str, str).ReadAll(); len(got) != 1 {
			t.Errorf("topic %s: %v", topic, got)
		}
	}
}

func TestToTopicsFails(t *testing.T) {
	b := topology.NewBuilder()
	b.Stream("in", str, str).ToTopics(func(_, v string) string { return v }, str, str)
	opened := 0
	chain, err := build(t, b).Plan().SubTopologies[0].Build(&plan.Env{Topic: func(name string) (plan.Output, error) {
		if opened++; name == "gone" {
			return nil, fmt.Errorf("unknown topic")
		}
		return &nowhere{}, nil
	}})
	if err != nil {
		t.Fatal(err)
	}
	for value, want := range map[string]string{
		"":     "KSTREAM-SINK-0000000001: the name of the topic that was chosen for a record: it's empty",
		"gone": "KSTREAM-SINK-0000000001: open topic gone, which was chosen for a record and must exist: unknown topic",
	} {
		err := chain.Inputs["in"].Process(&record.Record{Value: []byte(value)})
		if err == nil || err.Error() != want {
			t.Errorf("topic %q: %v", value, err)
		}
	}
	opened = 0
	for range 3 {
		if err := chain.Inputs["in"].Process(&record.Record{Value: []byte("here")}); err != nil {
			t.Fatal(err)
		}
	}
	if opened != 1 {
		t.Errorf("a topic was opened %d times", opened)
	}
}

// placedBy places a record by its value.
func placedBy(_, v string, n int32) topology.Placement {
	switch v {
	case "last":
		return topology.InPartition(n - 1)
	case "some":
		return topology.InPartitions(2, 0, 2)
	case "none":
		return topology.InPartitions()
	case "beyond":
		return topology.InPartition(n)
	case "negative":
		return topology.InPartitions(-1)
	}
	return topology.DefaultPartition()
}

func TestPartitionBy(t *testing.T) {
	b := topology.NewBuilder()
	s := b.Stream("in", str, str)
	s.To("out", str, str, topology.PartitionBy(placedBy))
	h := newHarness(t, b)
	h.partitions = 3
	for _, v := range []string{"last", "some", "none", "other"} {
		h.run(input{"in", "k", v, 1})
	}
	if want := []int32{2, 2, 0, -1}; !slices.Equal(h.chosen, want) {
		t.Errorf("partitions %v, want %v", h.chosen, want)
	}
	h.wantDropped("KSTREAM-SINK-0000000001 no_partition")
	for value, want := range map[string]string{"beyond": "partition 3 of a topic with 3", "negative": "partition -2 of a topic with 3"} {
		err := h.send(input{"in", "k", value, 1})
		if err == nil || !strings.Contains(err.Error(), "KSTREAM-SINK-0000000001: the partitioner chose "+want) {
			t.Errorf("%s: %v", value, err)
		}
	}
}

func TestPartitionByOfARepartition(t *testing.T) {
	b := topology.NewBuilder()
	b.Stream("in", str, str).Repartition("r", str, str, topology.Partitions(3), topology.PartitionBy(placedBy)).To("out", str, str)
	d := driver.ForTest(t, build(t, b))
	in := d.Input("in", str, str)
	for _, v := range []string{"last", "some", "none"} {
		in.Pipe("k", v)
	}
	var got []string
	for _, r := range d.Output("app-r-repartition", str, str).ReadAll() {
		got = append(got, fmt.Sprint(r.Value, r.Partition))
	}
	if want := []string{"last2", "some2", "some0"}; !slices.Equal(got, want) {
		t.Errorf("got %v, want %v", got, want)
	}
}

func ExampleStream_ToTopics() {
	b := topology.NewBuilder()
	b.Stream("orders", serde.String, serde.String).
		ToTopics(func(country, _ string) string { return "orders-" + country }, serde.String, serde.String)
	d := start(b)
	d.Input("orders", serde.String, serde.String).Pipe("es", "book")
	show(d, d.Output("orders-es", serde.String, serde.String))
	// Output:
	// es=book@0
}

func ExamplePartitionBy() {
	// The first partition is for urgent orders.
	urgentFirst := func(_, order string, n int32) topology.Placement {
		if strings.HasPrefix(order, "urgent") {
			return topology.InPartition(0)
		}
		return topology.InPartition(n - 1)
	}
	b := topology.NewBuilder()
	b.Stream("in", serde.String, serde.String).
		Repartition("orders", serde.String, serde.String, topology.Partitions(2), topology.PartitionBy(urgentFirst)).
		To("out", serde.String, serde.String)
	d := start(b)
	in := d.Input("in", serde.String, serde.String)
	in.Pipe("a", "book")
	in.Pipe("b", "urgent pen")
	for _, r := range d.Output("app-orders-repartition", serde.String, serde.String).ReadAll() {
		fmt.Println(r.Partition, r)
	}
	// Output:
	// 1 a=book@0
	// 0 b=urgent pen@0
}
