package graph

import (
	"errors"
	"fmt"
	"slices"

	"github.com/oncestream/oncestream/internal/plan"
	"github.com/oncestream/oncestream/statestore"
)

// Graph is the nodes of one topology.
type Graph struct {
	nodes    []*Node
	names    map[string]*Node
	stores   map[string]store
	internal map[string]bool // topics between sub-topologies
	joins    []join
	// repartitions are the repartition topics, in the order in which they were added.
	repartitions []*Repartition
	selfJoins    []SelfJoin
	reused       []reused
	letters      []string // nodes that write dead letters
	counter      int
	mistakes     []error
}

// store is a state store and the node that declared it, or the first one that was
// connected to it.
type store struct {
	spec  statestore.Spec
	owner *Node // nil for one that no node is connected to yet
	// key and value are the types of its serdes.
	key, value string
}

// user says who has the store, for messages.
func (s store) user() string {
	if s.owner == nil {
		return "the builder"
	}
	return s.owner.Name
}

// join is a node whose inputs must have equal partition counts.
type join struct {
	at     *Node
	inputs []*Node
}

// New returns an empty graph.
func New() *Graph {
	return &Graph{
		names:    map[string]*Node{},
		stores:   map[string]store{},
		internal: map[string]bool{},
	}
}

// Fail notes a mistake at the node of the given name.
func (g *Graph) Fail(node, format string, args ...any) {
	g.mistakes = append(g.mistakes, fmt.Errorf("%s: %w", node, fmt.Errorf(format, args...)))
}

// Err returns all mistakes joined, in the order in which they were made.
func (g *Graph) Err() error { return errors.Join(g.mistakes...) }

// Add adds a node behind its parents.
func (g *Graph) Add(n *Node, parents ...*Node) *Node {
	if g.names[n.Name] != nil {
		g.Fail(n.Name, "another node has this name already: give each node its own")
	}
	n.order = len(g.nodes)
	g.nodes = append(g.nodes, n)
	g.names[n.Name] = n
	for _, p := range parents {
		n.parents = append(n.parents, p)
		p.children = append(p.children, n)
	}
	return n
}

// AddStore declares a store that belongs to the node, which must list it.
func (g *Graph) AddStore(spec statestore.Spec, owner *Node) {
	if err := CheckName(spec.Name); err != nil {
		g.Fail(owner.Name, "the store's name: %w", err)
		return
	}
	if other, ok := g.stores[spec.Name]; ok {
		g.Fail(owner.Name, "the store name %q is used by %s already: give each store its own", spec.Name, other.user())
		return
	}
	g.stores[spec.Name] = store{spec: spec, owner: owner}
}

// DeadLetters says that the node of the given name writes dead letters.
func (g *Graph) DeadLetters(node string) { g.letters = append(g.letters, node) }

// CoPartition demands that the topics which feed the inputs have equal partition
// counts, on behalf of the node.
func (g *Graph) CoPartition(at *Node, inputs ...*Node) {
	g.joins = append(g.joins, join{at: at, inputs: slices.Clone(inputs)})
}

// Repartition is the three nodes around a repartition topic.
type Repartition struct {
	// Filter drops the records without a key, which have no place in the topic.
	Filter *Node
	// Sink writes the topic.
	Sink *Node
	// Source reads it, in another sub-topology.
	Source *Node
	// DropNullKeys makes another node do what Filter does. It's set where the topic
	// may be merged with others.
	DropNullKeys func(*Node)
}

// Repartition adds an internal topic behind the parent. The names of its nodes
// are made from the topic's. For a mistake with the topic it blames the node
// called user. The caller sets the nodes' Build.
func (g *Graph) Repartition(user, topic string, partitions int32, parent *Node) *Repartition {
	r := &Repartition{
		Filter: &Node{Name: topic + "-filter"},
		Sink:   &Node{Name: topic + "-sink"},
		Source: &Node{Name: topic + "-source"},
	}
	if g.claim(user, topic) {
		g.Add(r.Filter, parent)
		g.addTopic(topic, partitions, r.Sink, r.Source, r.Filter)
		g.repartitions = append(g.repartitions, r)
	}
	return r
}

// Topic adds an internal topic behind the parents: the named nodes become the
// sink that writes it and the source that reads it. Mistakes and Build are as in
// Repartition. Records without a key may go into any partition.
func (g *Graph) Topic(user, topic string, sink, source *Node, parents ...*Node) {
	if g.claim(user, topic) {
		g.addTopic(topic, 0, sink, source, parents...)
	}
}

// claim takes the name of an internal topic, and returns whether it was free.
func (g *Graph) claim(user, topic string) bool {
	if g.internal[topic] {
		g.Fail(user, "the repartition topic %q exists already: choose another name", topic)
		return false
	}
	g.internal[topic] = true
	return true
}

func (g *Graph) addTopic(topic string, partitions int32, sink, source *Node, parents ...*Node) {
	shared := &plan.Repartition{Partitions: partitions}
	sink.Kind, source.Kind = Sink, Source
	for _, n := range []*Node{sink, source} {
		n.Topic, n.Repartition = topic, shared
	}
	sink.readBy = source
	g.Add(sink, parents...)
	g.Add(source)
}
