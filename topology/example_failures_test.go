package topology_test

import (
	"fmt"
	"time"

	"github.com/oncestream/oncestream"
	"github.com/oncestream/oncestream/test/driver"
	"github.com/oncestream/oncestream/topology"
	"github.com/oncestream/oncestream/topology/serde"
)

func ExampleTimeWindows_LateToDeadLetter() {
	b := topology.NewBuilder()
	b.Stream("in", serde.String, serde.String).
		GroupByKey(serde.String, serde.String).
		WindowedBy(topology.Tumbling(10 * time.Millisecond).LateToDeadLetter()).
		Count(topology.StoreAs("counts", serde.Int64))
	d := start(b, driver.WithDeadLetterTopic("failed"))
	in := d.Input("in", serde.String, serde.String)
	in.PipeAt(20, "a", "x")
	in.PipeAt(5, "a", "late")
	for _, r := range d.Output("failed", serde.String, serde.String).ReadAll() {
		fmt.Println(r)
		for _, h := range r.Headers[len(r.Headers)-3:] {
			fmt.Printf("%s=%s\n", h.Key, h.Value)
		}
	}
	// Output:
	// a=late@5
	// oncestream.window.start=0
	// oncestream.window.end=10
	// oncestream.stream.time=20
}

func ExampleStream_MapValues_failing() {
	b := topology.NewBuilder()
	in := b.Stream("in", serde.String, serde.String)
	in.To("copies", serde.String, serde.String)
	// An empty value has no first byte: the function panics.
	in.MapValues(func(v string) string { return v[:1] }).
		To("initials", serde.String, serde.String)
	d := start(b, driver.WithDeadLetterTopic("failed"), driver.WithProcessingHandler(func(f oncestream.FailedRecord) oncestream.Action {
		fmt.Printf("%s at offset %d: %s\n", f.Record.Topic, f.Record.Offset, f.Node)
		return oncestream.DeadLetter
	}))
	for _, v := range []string{"abc", "", "xyz"} {
		d.Input("in", serde.String, serde.String).PipeAt(1, "k", v)
	}
	show(d, d.Output("copies", serde.String, serde.String))
	show(d, d.Output("initials", serde.String, serde.String))
	show(d, d.Output("failed", serde.String, serde.String))
	// Output:
	// in at offset 1: KSTREAM-MAPVALUES-0000000002
	// k=abc@1
	// k=@1
	// k=xyz@1
	// k=a@1
	// k=x@1
	// k=@1
}
