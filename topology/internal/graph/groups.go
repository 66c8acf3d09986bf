package graph

// groups divides the nodes into sub-topologies: nodes belong together where
// records flow from one to the other, or where they use the same store. A
// group's id is its place: groups are numbered in the order of their first
// nodes.
func (g *Graph) groups() [][]*Node {
	root := map[*Node]*Node{}
	find := func(n *Node) *Node {
		for root[n] != nil {
			n = root[n]
		}
		return n
	}
	unite := func(a, b *Node) {
		if a, b = find(a), find(b); a != b {
			root[b] = a
		}
	}
	users := map[string]*Node{}
	for _, n := range g.nodes {
		for _, p := range n.parents {
			unite(p, n)
		}
		for _, s := range n.Stores {
			if users[s] != nil {
				unite(users[s], n)
			}
			users[s] = n
		}
	}
	var groups [][]*Node
	ids := map[*Node]int{}
	for _, n := range g.nodes {
		id, ok := ids[find(n)]
		if !ok {
			id = len(groups)
			ids[find(n)] = id
			groups = append(groups, nil)
		}
		groups[id] = append(groups[id], n)
	}
	return groups
}
