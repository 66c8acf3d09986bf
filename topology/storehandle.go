package topology

import (
	"slices"

	"github.com/oncestream/oncestream/statestore"
	"github.com/oncestream/oncestream/topology/internal/graph"
)

// handle is what the handles of stores of all types have in common.
type handle struct {
	b *Builder
	// name says what it is, with its name.
	name string
	// stores connects a node and returns the names of the stores it gets.
	stores func(n *graph.Node) []string
	// spec is that of a store of the builder.
	spec statestore.Spec
	// global says that every process has all of it, and every node may open it.
	global bool
	// users are the nodes that were connected.
	users []*graph.Node
}

func (h *handle) setProcess(o *processOptions) { o.stores = append(o.stores, h) }

// connect gives the store to a node of the builder.
func (h *handle) connect(b *Builder, n *graph.Node) {
	if h == nil || h.b == nil {
		b.g.Fail(n.Name, "it's given an empty handle of a store: take one from a Builder or a table")
		return
	}
	if !b.sameBuilder(n.Name, h.b) || slices.Contains(h.users, n) {
		return
	}
	h.users = append(h.users, n)
	if h.global {
		return
	}
	for _, name := range h.stores(n) {
		b.g.Connect(name, n)
	}
}

// StoreHandle stands for a state store while a topology is written: given to
// Process it connects the store, and a task's processor opens it through its
// context. S is what the processor gets.
type StoreHandle[S any] struct {
	*handle
	open func(t *graph.Task, node string) (S, error)
}

func (h StoreHandle[S]) setProcess(o *processOptions) { o.stores = append(o.stores, h.handle) }

// String says which store it is.
func (h StoreHandle[S]) String() string {
	if h.handle == nil {
		return "no store"
	}
	return h.name
}
