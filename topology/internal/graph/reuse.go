package graph

import (
	"slices"

	"github.com/oncestream/oncestream/internal/plan"
	"github.com/oncestream/oncestream/internal/record"
)

// reused is a store that is restored from a source's topic.
type reused struct {
	store  string
	source *Node
	reader func() func(*record.Record) (bool, error)
}

// Reuse makes the source's topic stand for the store's changelog; reader is that of
// plan.Reused.
func (g *Graph) Reuse(name string, source *Node, reader func() func(*record.Record) (bool, error)) {
	s, ok := g.stores[name]
	if !ok || slices.ContainsFunc(g.reused, func(r reused) bool { return r.store == name }) {
		return
	}
	s.spec.LoggingDisabled = true
	g.stores[name] = s
	g.reused = append(g.reused, reused{name, source, reader})
}

// reusedBy returns the stores of the nodes that are restored from sources.
func (g *Graph) reusedBy(nodes []*Node) []plan.Reused {
	var all []plan.Reused
	for _, r := range g.reused {
		if slices.Contains(nodes, r.source) {
			all = append(all, plan.Reused{Store: r.store, Topic: r.source.Topic, Node: r.source.Name, Reader: r.reader})
		}
	}
	return all
}
