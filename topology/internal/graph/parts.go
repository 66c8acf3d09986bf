package graph

import (
	"fmt"

	"github.com/oncestream/oncestream/internal/plan"
	"github.com/oncestream/oncestream/statestore"
)

// Part is a sub-topology as it's described. Its id is its place.
type Part struct {
	// Global says that it's a global store's.
	Global bool
	// Nodes are in the order in which they were added.
	Nodes []*Node
	// Stores are sorted by name.
	Stores        []Store
	CoPartitioned []plan.CoPartition
}

// Store is a state store and the Go types of its serdes, empty where they aren't
// known.
type Store struct {
	statestore.Spec
	Key, Value string
	// RestoredFrom is the source topic that stands for the changelog.
	RestoredFrom string
}

// Parts returns the sub-topologies.
func (g *Graph) Parts() []Part {
	var parts []Part
	for _, nodes := range g.groups() {
		p := Part{Global: isGlobal(nodes), Nodes: nodes, CoPartitioned: g.coPartitioned(nodes)}
		for _, spec := range g.specs(nodes) {
			s := g.stores[spec.Name]
			p.Stores = append(p.Stores, Store{Spec: spec, Key: s.key, Value: s.value, RestoredFrom: g.restoredFrom(spec.Name)})
		}
		parts = append(parts, p)
	}
	return parts
}

func (g *Graph) restoredFrom(store string) string {
	for _, r := range g.reused {
		if r.store == store {
			return r.source.Topic
		}
	}
	return ""
}

// NoteSerdes notes the serdes of a store that was added; nil ones aren't known.
func (g *Graph) NoteSerdes(name string, key, value any) {
	if s, ok := g.stores[name]; ok {
		s.key, s.value = typeName(key), typeName(value)
		g.stores[name] = s
	}
}

// NoteSerdes notes the serdes of a source or a sink.
func (n *Node) NoteSerdes(key, value any) { n.Key, n.Value = typeName(key), typeName(value) }

func typeName(v any) string {
	if v == nil {
		return ""
	}
	return fmt.Sprintf("%T", v)
}
