package topology

import "github.com/oncestream/oncestream/internal/plan"

// Topology is what a Builder built: free of mistakes and ready to run. It's
// immutable.
type Topology struct {
	plan        *plan.Plan
	text        string
	description *Description
}

// Plan returns what the runtime executes. The result is shared and must not be
// changed.
func (t *Topology) Plan() *plan.Plan { return t.plan }

// String describes the topology in the text format of Kafka Streams'
// TopologyDescription, which tools for viewing topologies read (KIP-120).
func (t *Topology) String() string { return t.text }
