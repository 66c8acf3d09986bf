package topology_test

import (
	"fmt"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/oncestream/oncestream/test/driver"
	"github.com/oncestream/oncestream/topology"
	"github.com/oncestream/oncestream/topology/serde"
)

func ExampleBuilder_StreamMatching() {
	b := topology.NewBuilder()
	b.StreamMatching(regexp.MustCompile("orders-.*"), serde.String, serde.String).
		To("all-orders", serde.String, serde.String)
	d := start(b)
	d.Input("orders-eu", serde.String, serde.String).Pipe("a", "book")
	d.Input("orders-us", serde.String, serde.String).Pipe("b", "pen")
	show(d, d.Output("all-orders", serde.String, serde.String))
	// Output:
	// a=book@0
	// b=pen@0
}

// countsOf counts the records of each key in all topics of a pattern.
func countsOf(t *testing.T, pattern string, options ...driver.Option) *driver.Driver {
	t.Helper()
	b := topology.NewBuilder()
	b.StreamMatching(regexp.MustCompile(pattern), str, str).
		GroupByKey(str, str).Count(topology.StoreAs("counts", serde.Int64)).
		ToStream().To("out", str, serde.Int64)
	top, err := b.Build()
	if err != nil {
		t.Fatal(err)
	}
	return driver.ForTest(t, top, options...)
}

// The topics of a pattern share the state of their tasks, and what they are is known
// to later processes.
func TestTopicsOfAPatternAreOneStream(t *testing.T) {
	d := countsOf(t, "in-.", driver.WithPartitions("in-a", 3))
	for i, topic := range []string{"in-a", "in-b", "in-a", "in-c"} {
		d.Input(topic, str, str).Partition(0).Pipe("k", "v")
		if n, ok := d.KeyValue("counts", str, serde.Int64).Get("k"); !ok || n != int64(i+1) {
			t.Errorf("behind %s the count is %d (%t)", topic, n, ok)
		}
		d.Crash(driver.LoseDisk)
	}
	want := []int64{1, 2, 3, 4}
	if got := d.Output("out", str, serde.Int64).ReadAll(); len(got) != len(want) {
		t.Errorf("%d results, want %d", len(got), len(want))
	}
}

// A name is matched as a whole, and internal topics never are.
func TestTopicsThatAPatternDoesntMatch(t *testing.T) {
	for _, topic := range []string{"in", "xin-a", "in-ab", "app-counts-changelog", "app-old-repartition"} {
		b := topology.NewBuilder()
		b.StreamMatching(regexp.MustCompile("in-.|in-b|app-.*"), str, str).
			GroupByKey(str, str).Count(topology.StoreAs("counts", serde.Int64))
		top, err := b.Build()
		if err != nil {
			t.Fatal(err)
		}
		d, err := driver.New(top, driver.WithPartitions("in-a", 1))
		if err != nil {
			t.Fatal(err)
		}
		d.Input(topic, str, str)
		if err := d.Err(); err == nil || !strings.Contains(err.Error(), "doesn't read this topic") {
			t.Errorf("%s: %v", topic, err)
		}
	}
}

// The same pattern is one source; the topics of a pattern are partitioned as what
// they are joined with.
func TestPatternTwiceAndJoined(t *testing.T) {
	b := topology.NewBuilder()
	re := regexp.MustCompile("in-.*")
	table := b.Table("names", str, topology.StoreAs("names", str))
	b.StreamMatching(re, str, str).JoinTable(table, join).To("joined", str, str)
	b.StreamMatching(re, str, str).To("copied", str, str)
	top, err := b.Build()
	if err != nil {
		t.Fatal(err)
	}
	if n := strings.Count(top.String(), "(topics: in-.*)"); n != 1 {
		t.Errorf("%d sources of the pattern:\n%s", n, top)
	}
	d := driver.ForTest(t, top)
	d.Input("names", str, str).Pipe("k", "name")
	d.Input("in-1", str, str).Pipe("k", "v")
	for topic, want := range map[string]string{"joined": "k=vname@0", "copied": "k=v@0"} {
		var got []string
		for _, r := range d.Output(topic, str, str).ReadAll() {
			got = append(got, fmt.Sprintf("%s=%s@%d", r.Key, r.Value, r.Timestamp))
		}
		if !slices.Equal(got, []string{want}) {
			t.Errorf("%s has %q, want %q", topic, got, want)
		}
	}
	if _, err := driver.New(top, driver.WithPartitions("in-1", 2)); err == nil || !strings.Contains(err.Error(), "in-1 has 2, names has 1") {
		t.Errorf("with other partition counts: %v", err)
	}
}

// A new topic fits what was created before, or is refused.
func TestNewTopicWithMorePartitions(t *testing.T) {
	b := topology.NewBuilder()
	b.StreamMatching(regexp.MustCompile("in-.*"), str, str).
		GroupBy("by", func(k, _ string) string { return k }, str, str).Count(topology.StoreAs("counts", serde.Int64))
	top, err := b.Build()
	if err != nil {
		t.Fatal(err)
	}
	if _, err := driver.New(top); err == nil || !strings.Contains(err.Error(), `repartition topic "by-repartition" can't be determined`) {
		t.Errorf("without a topic: %v", err)
	}
	d := driver.ForTest(t, top, driver.WithPartitions("in-a", 2))
	d.Output("in-b", str, str)
	d.Input("in-b", str, str).Pipe("k", "v")
	if n, _ := d.KeyValue("counts", str, serde.Int64).Get("k"); n != 1 {
		t.Errorf("count %d, want 1", n)
	}
}

// A pattern is part of a description, and changing it is told as another topic would
// be.
func TestPatternIsDescribed(t *testing.T) {
	of := func(pattern string) *topology.Topology {
		b := topology.NewBuilder()
		b.StreamMatching(regexp.MustCompile(pattern), str, str).To("out", str, str)
		top, err := b.Build()
		if err != nil {
			t.Fatal(err)
		}
		return top
	}
	top := of("in-.*")
	d, err := topology.ParseDescription([]byte(top.JSON()))
	if err != nil {
		t.Fatal(err)
	}
	if n := d.SubTopologies[0].Nodes[0]; n.Pattern != "in-.*" || n.Topics != nil {
		t.Errorf("the source is described as %+v", n)
	}
	if !strings.Contains(top.DOT(), "in-.*") {
		t.Errorf("the pattern isn't in\n%s", top.DOT())
	}
	if changes := topology.Diff(top, of("in-.*")); len(changes) != 0 {
		t.Errorf("of the same pattern: %v", changes)
	}
	if changes := topology.Diff(top, of("other-.*")); len(changes) == 0 {
		t.Error("another pattern is no change")
	}
}
