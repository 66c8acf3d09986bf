package graph

import (
	"errors"
	"fmt"
	"maps"
	"slices"

	"github.com/oncestream/oncestream/statestore"
)

// Declare declares a store that nodes are connected to later.
func (g *Graph) Declare(spec statestore.Spec) {
	at := "store " + spec.Name
	if err := CheckName(spec.Name); err != nil {
		g.Fail(at, "the store's name: %w", err)
		return
	}
	if other, ok := g.stores[spec.Name]; ok {
		g.Fail(at, "the name is used by %s already: give each store its own", other.user())
		return
	}
	if err := spec.Validate(); err != nil {
		g.Fail(at, "%w", err)
	}
	g.stores[spec.Name] = store{spec: spec}
}

// Connect gives the node a declared store, which it shares with the nodes that have
// it already.
func (g *Graph) Connect(name string, n *Node) {
	if slices.Contains(n.Stores, name) {
		return
	}
	n.Stores = append(n.Stores, name)
	if s, ok := g.stores[name]; ok && s.owner == nil {
		s.owner = n
		g.stores[name] = s
	}
}

// DropChangelog leaves the changelog of a declared store out: the store is global,
// and its topic is the changelog.
func (g *Graph) DropChangelog(name string) {
	if s, ok := g.stores[name]; ok {
		s.spec.LoggingDisabled = true
		g.stores[name] = s
	}
}

// unused returns the stores that no node is connected to, as mistakes.
func (g *Graph) unused() error {
	var errs []error
	for _, name := range slices.Sorted(maps.Keys(g.stores)) {
		if g.stores[name].owner == nil {
			errs = append(errs, fmt.Errorf("store %s: no processor is connected to it: give its handle to Process, ProcessValues or Transform, or leave the store out", name))
		}
	}
	return errors.Join(errs...)
}
