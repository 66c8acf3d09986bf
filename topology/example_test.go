package topology_test

import (
	"fmt"
	"strings"

	"github.com/oncestream/oncestream/topology"
	"github.com/oncestream/oncestream/topology/serde"
)

func ExampleBuilder_Build() {
	b := topology.NewBuilder()
	b.Stream("lines", serde.String, serde.String).
		FlatMapValues(strings.Fields).
		Filter(func(_, word string) bool { return len(word) > 3 }).
		To("words", serde.String, serde.String)
	t, err := b.Build()
	if err != nil {
		fmt.Println(err)
		return
	}
	fmt.Print(t)
	// Output:
	// Topologies:
	//    Sub-topology: 0
	//     Source: KSTREAM-SOURCE-0000000000 (topics: [lines])
	//       --> KSTREAM-FLATMAPVALUES-0000000001
	//     Processor: KSTREAM-FLATMAPVALUES-0000000001 (stores: [])
	//       --> KSTREAM-FILTER-0000000002
	//       <-- KSTREAM-SOURCE-0000000000
	//     Processor: KSTREAM-FILTER-0000000002 (stores: [])
	//       --> KSTREAM-SINK-0000000003
	//       <-- KSTREAM-FLATMAPVALUES-0000000001
	//     Sink: KSTREAM-SINK-0000000003 (topic: words)
	//       <-- KSTREAM-FILTER-0000000002
}
