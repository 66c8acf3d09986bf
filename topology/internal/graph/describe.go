package graph

import (
	"cmp"
	"fmt"
	"slices"
	"strings"
)

// Describe returns the graph as text, in the format of Kafka Streams'
// TopologyDescription.
func (g *Graph) Describe() string {
	var b strings.Builder
	b.WriteString("Topologies:\n ")
	size := sizes(g.nodes)
	for id, nodes := range g.groups() {
		global := isGlobal(nodes)
		if global {
			fmt.Fprintf(&b, "  Sub-topology: %d for global store (will not generate tasks)\n", id)
		} else {
			fmt.Fprintf(&b, "  Sub-topology: %d\n", id)
		}
		for _, n := range sorted(nodes, size) {
			n.describe(&b, size)
		}
		if !global {
			b.WriteByte('\n')
		}
	}
	return b.String()
}

func (n *Node) describe(b *strings.Builder, size map[*Node]int) {
	switch n.Kind {
	case Source:
		if n.Pattern != nil {
			fmt.Fprintf(b, "    Source: %s (topics: %s)\n", n.Name, n.Pattern)
			break
		}
		fmt.Fprintf(b, "    Source: %s (topics: [%s])\n", n.Name, strings.Join(n.Topics(), ", "))
	case Sink:
		if n.Topic == "" {
			fmt.Fprintf(b, "    Sink: %s (extractor class: func)\n", n.Name)
			break
		}
		fmt.Fprintf(b, "    Sink: %s (topic: %s)\n", n.Name, n.Topic)
	default:
		stores := slices.Sorted(slices.Values(n.Stores))
		fmt.Fprintf(b, "    Processor: %s (stores: [%s])\n", n.Name, strings.Join(stores, ", "))
	}
	if n.Kind != Sink {
		fmt.Fprintf(b, "      --> %s\n", names(n.children, size))
	}
	if n.Kind != Source {
		fmt.Fprintf(b, "      <-- %s\n", names(n.parents, size))
	}
}

func names(nodes []*Node, size map[*Node]int) string {
	if len(nodes) == 0 {
		return "none"
	}
	var all []string
	for _, n := range sorted(nodes, size) {
		all = append(all, n.Name)
	}
	return strings.Join(all, ", ")
}

// sorted returns the nodes by size, the largest first, then by name.
func sorted(nodes []*Node, size map[*Node]int) []*Node {
	return slices.SortedFunc(slices.Values(nodes), func(a, b *Node) int {
		return cmp.Or(cmp.Compare(size[b], size[a]), strings.Compare(a.Name, b.Name))
	})
}

// sizes returns for each node how many nodes its records can reach, itself
// included; one that's reached on several ways counts for each of them.
func sizes(nodes []*Node) map[*Node]int {
	size := map[*Node]int{}
	for _, n := range slices.Backward(nodes) { // children come after their parents
		size[n] = 1
		for _, c := range n.children {
			size[n] += size[c]
		}
	}
	return size
}
