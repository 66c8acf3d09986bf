package graph

import "slices"

// MergeRepartitions moves the repartition topics behind one change of keys up to
// it, where they become one with the name of the first. What was between the
// change and a topic comes behind the topic then. A topic stays where it is if
// values may change on the way to it.
func (g *Graph) MergeRepartitions() {
	for _, l := range g.lifts() {
		g.lift(l)
	}
}

// lift is repartition topics that become one behind a node.
type lift struct {
	at     *Node
	topics []*Repartition
	// merges are the nodes on the way to each topic that merge in records whose keys
	// didn't change, the last one first.
	merges [][]*Node
}

// lifts finds where repartition topics can be moved to.
func (g *Graph) lifts() []*lift {
	var all []*lift
	for _, r := range g.repartitions {
		at, merges := r.origin()
		if at == nil {
			continue
		}
		i := slices.IndexFunc(all, func(l *lift) bool { return l.at == at })
		if i < 0 {
			i = len(all)
			all = append(all, &lift{at: at})
		}
		all[i].topics = append(all[i].topics, r)
		all[i].merges = append(all[i].merges, merges)
	}
	for _, l := range all {
		l.lower()
	}
	return all
}

// origin returns the node where the keys of a topic's records changed, nil where
// the topic can't be moved up to it, and the merges on the way there. It's a merge
// itself where several of the merged streams have changed keys.
func (r *Repartition) origin() (at *Node, merges []*Node) {
	if r.DropNullKeys == nil {
		return nil, nil
	}
	n := r.Filter.parents[0]
	for {
		switch {
		case n.Rekeys || len(n.RekeyedFrom) > 1:
			return n, merges
		case !n.Passes:
			return nil, nil
		case len(n.RekeyedFrom) == 1:
			merges = append(merges, n)
		}
		n = n.above()
	}
}

// above returns the parent of a node that passes records on: of a merge the one
// whose keys may have changed.
func (n *Node) above() *Node {
	if len(n.RekeyedFrom) > 0 {
		return n.RekeyedFrom[0]
	}
	return n.parents[0]
}

// lower moves the place down to the last merge that all topics lie behind: one
// topic there takes in all of the merged records.
func (l *lift) lower() {
	for _, m := range l.merges[0] {
		if !slices.ContainsFunc(l.merges, func(on []*Node) bool { return !slices.Contains(on, m) }) {
			l.at, l.merges = m, nil
			return
		}
	}
}

// lift moves the topics.
func (g *Graph) lift(l *lift) {
	first := l.topics[0]
	branches := l.branches()
	keepNulls := slices.ContainsFunc(branches, func(n *Node) bool { return g.usedOtherwise(l, n) })
	for _, r := range l.topics {
		g.takeOut(r, l.at, first, keepNulls)
	}
	for _, n := range branches {
		n.moveTo(l.at, first.Source)
	}
	first.Filter.keepsAll = keepNulls
	first.Filter.parents = []*Node{l.at}
	l.at.children = slices.Insert(l.at.children, 0, first.Filter)
	g.placeBehind(l.at, first.Filter, first.Sink, first.Source)
	for _, on := range l.merges {
		for _, m := range on { // the records that are merged in don't go through the topic
			g.CoPartition(m, m.parents...)
		}
	}
}

// branches returns the children of the place that lead to the topics, without the
// topics' own nodes.
func (l *lift) branches() []*Node {
	var all []*Node
	for _, r := range l.topics {
		n := r.Filter
		for !slices.Contains(n.parents, l.at) {
			n = n.above()
		}
		if n != r.Filter && !slices.Contains(all, n) {
			all = append(all, n)
		}
	}
	return all
}

// usedOtherwise returns whether something makes use of the node's records without a
// key, which the topics leave out. They are still needed then when the node lies
// behind the merged topic.
func (g *Graph) usedOtherwise(l *lift, n *Node) bool {
	for _, r := range g.repartitions {
		if r.Filter == n {
			return !slices.Contains(l.topics, r) && n.KeepsNullKeys()
		}
	}
	if len(n.children) == 0 || !n.Passes && !n.Values {
		return !n.Passes
	}
	return slices.ContainsFunc(n.children, func(c *Node) bool { return g.usedOtherwise(l, c) })
}

// takeOut links what reads the topic to what writes it, or to the first topic where
// nothing is in between. The first topic's nodes stay part of the graph.
func (g *Graph) takeOut(r *Repartition, at *Node, first *Repartition, keepNulls bool) {
	from, readers := r.Filter.parents[0], r.Source.children
	from.children = without(from.children, r.Filter)
	r.Source.children = nil
	if from == at {
		from = first.Source
	}
	if keepNulls {
		from = g.filterBehind(from, r)
	}
	for _, n := range readers {
		n.parents[slices.Index(n.parents, r.Source)] = from
		from.children = append(from.children, n)
	}
	slices.SortFunc(from.children, byOrder)
	for _, j := range g.joins {
		for i, input := range j.inputs {
			if input == r.Source {
				j.inputs[i] = first.Source
			}
		}
	}
	if r != first {
		g.remove(r.Filter, r.Sink, r.Source)
		delete(g.internal, r.Sink.Topic)
	}
}

// filterBehind adds a node that leaves out the records without a key, in the place
// of the topic that did so.
func (g *Graph) filterBehind(parent *Node, r *Repartition) *Node {
	n := &Node{Name: r.Sink.Topic + "-null-filter", Passes: true, parents: []*Node{parent}, order: r.Filter.order}
	r.DropNullKeys(n)
	parent.children = append(parent.children, n)
	slices.SortFunc(parent.children, byOrder)
	g.nodes = slices.Insert(g.nodes, slices.Index(g.nodes, r.Filter), n)
	g.names[n.Name] = n
	return n
}

// moveTo gives a node another parent for one that it has.
func (n *Node) moveTo(old, parent *Node) {
	old.children = without(old.children, n)
	n.parents[slices.Index(n.parents, old)] = parent
	parent.children = append(parent.children, n)
	slices.SortFunc(parent.children, byOrder)
}

// remove takes nodes out of the graph.
func (g *Graph) remove(nodes ...*Node) {
	for _, n := range nodes {
		g.nodes = without(g.nodes, n)
		delete(g.names, n.Name)
	}
}

// placeBehind puts nodes right behind another one in the graph's order.
func (g *Graph) placeBehind(at *Node, nodes ...*Node) {
	for _, n := range nodes {
		g.nodes = without(g.nodes, n)
	}
	g.nodes = slices.Insert(g.nodes, slices.Index(g.nodes, at)+1, nodes...)
	for i, n := range g.nodes {
		n.order = i
	}
}

func without(nodes []*Node, n *Node) []*Node {
	return slices.DeleteFunc(nodes, func(o *Node) bool { return o == n })
}
