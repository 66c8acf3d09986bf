package topology

import (
	"fmt"
	"maps"
	"slices"
	"strings"
)

// DOT returns the topology as a graph in the language of Graphviz: nodes in a box
// for each sub-topology, stores as cylinders, topics outside. Equal topologies
// have equal texts.
//
//	dot -Tsvg topology.dot > topology.svg
func (t *Topology) DOT() string { return t.description.DOT() }

// DOT returns what [Topology.DOT] does.
func (d *Description) DOT() string {
	w := &dotWriter{topics: map[string]bool{}}
	w.line("digraph topology {")
	w.line("  rankdir=LR;")
	w.line("  node [shape=box, style=rounded];")
	for i := range d.SubTopologies {
		w.subTopology(&d.SubTopologies[i])
	}
	for _, topic := range slices.Sorted(maps.Keys(w.topics)) {
		style := "shape=cds"
		if w.topics[topic] {
			style += ", style=dashed"
		}
		w.line("  %s [label=%s, %s];", quote("topic "+topic), quote(topic), style)
	}
	for _, e := range w.edges {
		w.line("  %s", e)
	}
	w.line("}")
	return w.String()
}

// dotWriter collects what's written behind the boxes.
type dotWriter struct {
	strings.Builder
	topics map[string]bool // whether each is internal
	edges  []string
}

func (w *dotWriter) line(format string, args ...any) { fmt.Fprintf(w, format+"\n", args...) }

func (w *dotWriter) edge(from, to, style string) {
	w.edges = append(w.edges, fmt.Sprintf("%s -> %s%s;", quote(from), quote(to), style))
}

func (w *dotWriter) subTopology(s *SubTopologyDescription) {
	w.line("  subgraph cluster_%d {", s.ID)
	w.line("    label=\"%s %d\";", s.title(), s.ID)
	for _, n := range s.Nodes {
		w.line("    %s [label=%s];", quote("node "+n.Name), quote(n.Name))
		w.node(&n)
	}
	for _, store := range s.Stores {
		w.line("    %s [label=%s, shape=cylinder, style=\"\"];", quote("store "+store.Name), quote(store.Name))
	}
	w.line("  }")
}

func (s *SubTopologyDescription) title() string {
	if s.Global {
		return "global store"
	}
	return "sub-topology"
}

// node notes the node's edges.
func (w *dotWriter) node(n *NodeDescription) {
	for _, topic := range n.places() {
		w.topics[topic] = n.Internal
		if n.Kind == SourceNode {
			w.edge("topic "+topic, "node "+n.Name, "")
		} else {
			w.edge("node "+n.Name, "topic "+topic, "")
		}
	}
	for _, next := range n.Next {
		w.edge("node "+n.Name, "node "+next, "")
	}
	for _, store := range n.Stores {
		w.edge("node "+n.Name, "store "+store, " [dir=none, style=dotted]")
	}
}

// quote returns an identifier or a label. A backslash begins an escape sequence in
// labels, so it's doubled.
func quote(s string) string {
	return `"` + strings.NewReplacer(`\`, `\\`, `"`, `\"`, "\n", `\n`).Replace(s) + `"`
}
