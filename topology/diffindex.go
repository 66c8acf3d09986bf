package topology

import (
	"maps"
	"reflect"
	"slices"
)

// index is a description by the names of what outlives the program.
type index struct {
	stores map[string]*storeAt
	// globals are global stores. Their topics aren't among sources, as nothing is
	// committed for them.
	globals map[string]*storeAt
	// sources and sinks are filed under their topics, internal ones too.
	sources map[string]*nodeAt
	sinks   map[string]*nodeAt
}

// storeAt is a store in its sub-topology.
type storeAt struct {
	StoreDescription
	sub int32
	// inputs are the topics whose records reach the node that keeps the store, sorted.
	inputs []string
}

// nodeAt is a source or a sink in its sub-topology.
type nodeAt struct {
	NodeDescription
	sub int32
	// from are the topics whose records reach a sink.
	from []string
}

func newIndex(d Describer) *index {
	x := &index{stores: map[string]*storeAt{}, globals: map[string]*storeAt{}, sources: map[string]*nodeAt{}, sinks: map[string]*nodeAt{}}
	if v := reflect.ValueOf(d); !v.IsValid() || v.Kind() == reflect.Pointer && v.IsNil() {
		return x
	}
	for i := range d.Description().SubTopologies {
		if sub := &d.Description().SubTopologies[i]; sub.Global {
			x.addGlobal(sub)
		} else {
			x.add(sub)
		}
	}
	return x
}

func (x *index) add(s *SubTopologyDescription) {
	reach := topicsOf(s)
	for _, store := range s.Stores {
		x.stores[store.Name] = &storeAt{StoreDescription: store, sub: s.ID}
	}
	for _, n := range s.Nodes {
		from := slices.Sorted(maps.Keys(reach[n.Name]))
		for _, topic := range n.places() {
			at := &nodeAt{NodeDescription: n, sub: s.ID, from: from}
			switch first := x.sinks[topic]; {
			case n.Kind == SourceNode:
				x.sources[topic] = at
			case first == nil:
				x.sinks[topic] = at
			default:
				first.from = slices.Compact(slices.Sorted(slices.Values(append(first.from, from...))))
			}
		}
		for _, name := range n.Stores {
			// The first node that uses a store is the one that keeps it, as others come
			// behind it. Where several keep it they are partitioned alike.
			if at := x.stores[name]; at != nil && at.inputs == nil {
				at.inputs = from
			}
		}
	}
}

func (x *index) addGlobal(s *SubTopologyDescription) {
	var topics []string
	for _, n := range s.Nodes {
		if n.Kind == SourceNode {
			topics = append(topics, n.Topics...)
		}
	}
	for _, store := range s.Stores {
		x.globals[store.Name] = &storeAt{StoreDescription: store, sub: s.ID, inputs: topics}
	}
}

// topicsOf returns for each node of a sub-topology the topics whose records reach
// it.
func topicsOf(s *SubTopologyDescription) map[string]map[string]bool {
	reach := map[string]map[string]bool{}
	into := func(node string) map[string]bool {
		if reach[node] == nil {
			reach[node] = map[string]bool{}
		}
		return reach[node]
	}
	for _, n := range s.Nodes { // parents come first
		if n.Kind == SourceNode {
			for _, topic := range n.places() {
				into(n.Name)[topic] = true
			}
		}
		for _, next := range n.Next {
			maps.Copy(into(next), reach[n.Name])
		}
	}
	return reach
}

// origins returns the users' topics from which records reach the given ones,
// through any number of internal topics.
func (x *index) origins(topics []string) []string {
	found, seen := map[string]bool{}, map[string]bool{}
	var up func([]string)
	up = func(topics []string) {
		for _, topic := range topics {
			if seen[topic] {
				continue
			}
			seen[topic] = true
			if source := x.sources[topic]; source != nil && !source.Internal {
				found[topic] = true
			}
			if sink := x.sinks[topic]; sink != nil && sink.Internal {
				up(sink.from)
			}
		}
	}
	up(topics)
	return slices.Sorted(maps.Keys(found))
}

// both calls f with what both have under a name, in the order of names.
func both[V any](before, after map[string]V, f func(name string, before, after V)) {
	for _, name := range slices.Sorted(maps.Keys(before)) {
		if now, ok := after[name]; ok {
			f(name, before[name], now)
		}
	}
}

// only calls f with what's in one alone.
func only[V any](in, not map[string]V, f func(name string, v V)) {
	for _, name := range slices.Sorted(maps.Keys(in)) {
		if _, ok := not[name]; !ok {
			f(name, in[name])
		}
	}
}
