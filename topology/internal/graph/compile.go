package graph

import (
	"errors"
	"slices"
	"strings"

	"github.com/oncestream/oncestream/internal/plan"
	"github.com/oncestream/oncestream/statestore"
)

// ErrEmpty is returned for a graph without a source.
var ErrEmpty = errors.New("the topology reads no topic: start it with a stream or a table")

// Plan compiles the graph, or returns its mistakes.
func (g *Graph) Plan() (*plan.Plan, error) {
	if err := errors.Join(g.Err(), g.unused()); err != nil {
		return nil, err
	}
	if len(g.nodes) == 0 {
		return nil, ErrEmpty
	}
	p := &plan.Plan{DeadLetters: g.letters}
	for id, nodes := range g.groups() {
		if isGlobal(nodes) {
			p.Globals = append(p.Globals, g.compileGlobal(int32(id), nodes))
			continue
		}
		p.SubTopologies = append(p.SubTopologies, g.compile(int32(id), nodes))
	}
	return p, nil
}

// isGlobal returns whether a group is that of a global store: the source of its
// topic and the node that owns it.
func isGlobal(nodes []*Node) bool { return nodes[0].Global }

func (g *Graph) compileGlobal(id int32, nodes []*Node) *plan.Global {
	source := nodes[0]
	return &plan.Global{
		ID:     id,
		Source: &plan.Source{Node: source.Name, Topic: source.Topic},
		Store:  g.specs(nodes)[0],
		Build:  func(env *plan.Env) (*plan.Chain, error) { return buildTask(env, nodes[:1], nil) },
	}
}

func (g *Graph) compile(id int32, nodes []*Node) *plan.SubTopology {
	sub := &plan.SubTopology{ID: id, Stores: g.specs(nodes), Reused: g.reusedBy(nodes), CoPartitioned: g.coPartitioned(nodes)}
	var sources, idle []*Node
	for _, n := range nodes {
		switch n.Kind {
		case Source:
			sources = append(sources, n)
			timeout := g.idle(n)
			if timeout > 0 {
				idle = append(idle, n)
			}
			if n.Pattern != nil {
				sub.Sources = append(sub.Sources, &plan.Source{Node: n.Name, Pattern: n.Pattern, Reset: n.Reset, Idle: timeout})
			}
			for _, topic := range n.Topics() {
				sub.Sources = append(sub.Sources, &plan.Source{Node: n.Name, Topic: topic, Repartition: n.Repartition, Reset: n.Reset, Idle: timeout})
			}
		case Sink:
			sub.Sinks = append(sub.Sinks, &plan.Sink{Node: n.Name, Topic: n.Topic, Repartition: n.Repartition})
		}
	}
	sub.Build = func(env *plan.Env) (*plan.Chain, error) { return buildTask(env, sources, idle) }
	return sub
}

// specs returns the stores that the nodes declared, by name.
func (g *Graph) specs(nodes []*Node) []statestore.Spec {
	var specs []statestore.Spec
	for _, s := range g.stores {
		if slices.Contains(nodes, s.owner) {
			specs = append(specs, s.spec)
		}
	}
	slices.SortFunc(specs, func(a, b statestore.Spec) int { return strings.Compare(a.Name, b.Name) })
	return specs
}

func (g *Graph) coPartitioned(nodes []*Node) []plan.CoPartition {
	var groups []plan.CoPartition
	for _, j := range g.joins {
		if !slices.Contains(nodes, j.at) {
			continue
		}
		group := plan.CoPartition{Node: j.at.Name}
		for _, input := range j.inputs {
			for _, source := range input.sources() {
				group.Topics = append(group.Topics, source.Topics()...)
				if source.Pattern != nil {
					group.Patterns = append(group.Patterns, source.Name)
				}
			}
		}
		slices.Sort(group.Topics)
		group.Topics = slices.Compact(group.Topics)
		slices.Sort(group.Patterns)
		group.Patterns = slices.Compact(group.Patterns)
		groups = append(groups, group)
	}
	return groups
}
