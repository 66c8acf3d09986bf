package graph

import (
	"slices"
	"time"

	"github.com/oncestream/oncestream/internal/plan"
)

// Kind is a node's place: at the ends of a sub-topology or inside.
type Kind uint8

// The kinds.
const (
	Processor Kind = iota
	Source
	Sink
)

// Node is one step of a topology.
type Node struct {
	// Name is unique in the graph.
	Name string
	Kind Kind
	// Topic is what a source reads or a sink writes. A repartition topic's name
	// comes without the application id. It's empty for a sink that chooses the
	// topic of each record.
	Topic string
	// Also are the further topics that a source reads.
	Also []string
	// Pattern is set where a source reads the topics that it matches, and no others.
	Pattern *plan.Pattern
	// Repartition is set where the topic is an internal one.
	Repartition *plan.Repartition
	// Global says that every process applies the whole topic of the source to the
	// store of the node behind it.
	Global bool
	// Reset is a source's policy.
	Reset plan.OffsetReset
	// Idle is the idle timeout of a user's source, 0 for none.
	Idle time.Duration
	// Stores are the names of the stores that the node uses.
	Stores []string
	// Key and Value are the Go types of the serdes of a source or a sink.
	Key, Value string
	// Passes says that the node sends records on as they come, or leaves them out.
	Passes bool
	// Values says that the node makes something of values and does nothing else.
	Values bool
	// Rekeys says that the node may change keys.
	Rekeys bool
	// RekeyedFrom are the parents of a merge whose keys may have changed since records
	// were last placed by them.
	RekeyedFrom []*Node
	// NullKeys says that the node makes use of records without a key, so that a
	// repartition topic before it must keep them (KIP-962).
	NullKeys bool
	// Build makes the node's operator for a task, with everything behind it. Its
	// type is known to those who built the node's parents: a function of typed
	// records, or a func() plan.Input for a source, which is called
	// for each of its topics.
	Build func(*Task) (any, error)

	// keepsAll says that this very node keeps records without a key.
	keepsAll          bool
	parents, children []*Node
	// readBy is the source of the repartition topic that a sink writes to.
	readBy *Node
	order  int
}

// Children returns the nodes that take this node's records, in the order in which
// they were added.
func (n *Node) Children() []*Node { return n.children }

// Topics returns all topics that a source reads by their names.
func (n *Node) Topics() []string {
	if n.Pattern != nil {
		return nil
	}
	return append([]string{n.Topic}, n.Also...)
}

// Related returns whether one record may reach both nodes without passing through
// another topic.
func Related(a, b *Node) bool {
	of := b.sources()
	return slices.ContainsFunc(a.sources(), func(s *Node) bool { return slices.Contains(of, s) })
}

// sources returns the topics' sources whose records reach the node without
// passing through another topic, in the order in which they were added.
func (n *Node) sources() []*Node {
	var found []*Node
	seen := map[*Node]bool{}
	var up func(*Node)
	up = func(n *Node) {
		if seen[n] {
			return
		}
		seen[n] = true
		if n.Kind == Source {
			found = append(found, n)
		}
		for _, p := range n.parents {
			up(p)
		}
	}
	up(n)
	slices.SortFunc(found, byOrder)
	return found
}

// KeepsNullKeys returns whether the node or any behind it, beyond repartition
// topics too, makes use of records without a key.
func (n *Node) KeepsNullKeys() bool {
	seen := map[*Node]bool{}
	var down func(*Node) bool
	down = func(n *Node) bool {
		if n == nil || seen[n] {
			return false
		}
		seen[n] = true
		return n.NullKeys || down(n.readBy) || slices.ContainsFunc(n.children, down)
	}
	return n.keepsAll || down(n)
}

func byOrder(a, b *Node) int { return a.order - b.order }
