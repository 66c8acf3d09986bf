package graph

// SelfJoin is the nodes of a join of two streams that can be made simpler where
// both are one. Each side's records pass a node that keeps them, Left and Right, on
// their way to those that join them, JoinLeft and JoinRight, whose results come
// together in Merge.
type SelfJoin struct {
	Left, Right, JoinLeft, JoinRight, Merge *Node
	// Build makes Merge join the records that Left sends with those that it has kept.
	Build func()
}

// AddSelfJoin notes a join that may be one of a stream with itself.
func (g *Graph) AddSelfJoin(j SelfJoin) { g.selfJoins = append(g.selfJoins, j) }

// SimplifySelfJoins makes one node of each join of a stream with itself, with one
// store.
func (g *Graph) SimplifySelfJoins() {
	for _, j := range g.selfJoins {
		if j.Left.parents[0] == j.Right.parents[0] {
			g.simplify(j)
		}
	}
	g.selfJoins = nil
}

func (g *Graph) simplify(j SelfJoin) {
	stream := j.Right.parents[0]
	stream.children = without(stream.children, j.Right)
	j.Left.children = []*Node{j.Merge}
	j.Merge.parents = []*Node{j.Left}
	j.Merge.Stores = j.Left.Stores
	j.Build()
	for _, name := range j.Right.Stores {
		delete(g.stores, name)
	}
	g.remove(j.Right, j.JoinLeft, j.JoinRight)
}
