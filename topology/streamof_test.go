package topology_test

import (
	"fmt"
	"strings"
	"testing"

	"github.com/oncestream/oncestream/internal/record"
	"github.com/oncestream/oncestream/test/driver"
	"github.com/oncestream/oncestream/topology"
	"github.com/oncestream/oncestream/topology/serde"
)

// A second reading of the same topics, in any order, is the same source.
func TestStreamOf(t *testing.T) {
	b := topology.NewBuilder()
	times := topology.WithTimestamps(topology.EmbeddedTime(timeInValue))
	s := b.StreamOf([]string{"a", "b"}, str, str, times)
	b.StreamOf([]string{"b", "a"}, str, str, times).To("again", str, str)
	s.To("out", str, str)
	top := build(t, b)
	if !strings.Contains(top.String(), "(topics: [a, b])") {
		t.Errorf("described as\n%s", top)
	}
	d := driver.ForTest(t, top, driver.WithPartitions("b", 2))
	d.Input("a", str, str).Pipe("k", "5")
	d.Input("b", str, str).Partition(1).Pipe("k", "3")
	d.Input("b", str, str).Partition(0).Pipe("k", "7")
	for _, topic := range []string{"out", "again"} {
		if got, want := fmt.Sprint(d.Output(topic, str, str).ReadAll()), "[k=5@5 k=3@3 k=7@7]"; got != want {
			t.Errorf("topic %s: got %s, want %s", topic, got, want)
		}
	}
}

// The inputs of two topics wait side by side: what one has decoded isn't the
// other's.
func TestStreamOfKeepsRecordsApart(t *testing.T) {
	b := topology.NewBuilder()
	b.StreamOf([]string{"a", "b"}, str, str, topology.WithTimestamps(topology.EmbeddedTime(timeInValue))).To("out", str, str)
	h := newHarness(t, b)
	ra, rb := recordOf("a", "5"), recordOf("b", "3")
	h.inputs["a"].Timestamp(ra, -1)
	h.inputs["b"].Timestamp(rb, -1)
	for _, r := range []*record.Record{ra, rb} {
		if err := h.inputs[r.Topic].Process(r); err != nil {
			t.Errorf("topic %s: %v", r.Topic, err)
		}
	}
	h.want("out", "k=5@5", "k=3@3")
}

// A join needs all topics of a source partitioned as the table is.
func TestStreamOfIsCoPartitioned(t *testing.T) {
	b := topology.NewBuilder()
	b.StreamOf([]string{"a", "b"}, str, str).
		JoinTable(b.Table("tab", str, topology.StoreAs("rows", str)), bar).To("out", str, str)
	_, err := driver.New(build(t, b), driver.WithPartitions("b", 2))
	if err == nil || !strings.Contains(err.Error(), "a has 1, b has 2, tab has 1") {
		t.Errorf("got %v", err)
	}
}

func ExampleBuilder_StreamOf() {
	b := topology.NewBuilder()
	b.StreamOf([]string{"web", "shop"}, serde.String, serde.String).
		To("orders", serde.String, serde.String)
	d := start(b)
	d.Input("web", serde.String, serde.String).Pipe("a", "book")
	d.Input("shop", serde.String, serde.String).Pipe("b", "pen")
	show(d, d.Output("orders", serde.String, serde.String))
	// Output:
	// a=book@0
	// b=pen@0
}
