package graph

import (
	"cmp"
	"fmt"
	"slices"

	"github.com/oncestream/oncestream/internal/plan"
	"github.com/oncestream/oncestream/topology/internal/cache"
)

// Task is the operators of one task while they are being built.
type Task struct {
	Env    *plan.Env
	built  map[*Node]any
	shared map[any]any
	flush  []flusher
	caches map[string]*cache.Cache
	life   []life
	// Due and Punctuate become the chain's.
	Due       func(by plan.Clock) int64
	Punctuate func(by plan.Clock, now int64) error
}

// flusher is what holds something back until a commit.
type flusher struct {
	at *Node
	f  func() error
}

// Share returns what several operators of the task have in common, under a key such
// as the node of one of them. It's made when the first of them asks for it.
func Share[T any](t *Task, key any, make func() (*T, error)) (*T, error) {
	if s, ok := t.shared[key].(*T); ok {
		return s, nil
	}
	s, err := make()
	if err == nil {
		t.shared[key] = s
	}
	return s, err
}

// Cache returns the record cache of a store, which operators that share the store
// share. It's made when the first of them asks for it, and is flushed where the
// first of their nodes stands.
func (t *Task) Cache(n *Node, store string, make func() (*cache.Cache, error)) (*cache.Cache, error) {
	c := t.caches[store]
	if c == nil {
		var err error
		if c, err = make(); err != nil {
			return nil, err
		}
		t.caches[store] = c
	}
	t.OnFlush(n, c.Flush)
	return c, nil
}

// Leaves returns whether the store's record cache, if it has one, has a change of the
// row that it hasn't passed on yet, and the row was there before. The key is that of
// the store's engine.
func (t *Task) Leaves(store string, key []byte) bool {
	c := t.caches[store]
	return c != nil && c.Had(key)
}

// OnFlush has f called at each commit on behalf of a node. The functions are called
// in the order in which their nodes were added. Thus what one sends is seen by those
// further down, which were added later.
func (t *Task) OnFlush(n *Node, f func() error) { t.flush = append(t.flush, flusher{n, f}) }

// flushAll sends what the operators hold back.
func (t *Task) flushAll() error {
	for _, at := range t.flush {
		if err := at.f(); err != nil {
			return err
		}
	}
	return nil
}

// Entry returns the operator of the node, which is built once for the task
// however many parents it has.
func (t *Task) Entry(n *Node) (any, error) {
	if entry, ok := t.built[n]; ok {
		return entry, nil
	}
	entry, err := n.Build(t)
	if err != nil {
		return nil, err
	}
	t.built[n] = entry
	return entry, nil
}

// buildTask makes the operators behind the sources, some of which have idle
// timeouts.
func buildTask(env *plan.Env, sources, idle []*Node) (*plan.Chain, error) {
	t := &Task{Env: env, built: map[*Node]any{}, shared: map[any]any{}, caches: map[string]*cache.Cache{}}
	chain := &plan.Chain{Inputs: map[string]plan.Input{}}
	keepers := keepTime(env, sources, idle)
	for _, n := range sources {
		entry, err := t.Entry(n)
		if err != nil {
			return nil, fmt.Errorf("task %s: build: %w", env.Task, err)
		}
		input, ok := entry.(func() plan.Input)
		if !ok {
			return nil, fmt.Errorf("task %s: build: the source %s is a %T", env.Task, n.Name, entry)
		}
		if slices.Contains(idle, n) {
			input = keepers.inputs(n, input)
		}
		if n.Pattern != nil {
			if chain.Matched == nil {
				chain.Matched = map[string]func() plan.Input{}
			}
			chain.Matched[n.Name] = input
		}
		for _, topic := range n.Topics() {
			chain.Inputs[topic] = input()
		}
	}
	slices.SortStableFunc(t.flush, func(a, b flusher) int { return cmp.Compare(a.at.order, b.at.order) })
	if err := t.begin(); err != nil {
		return nil, &plan.UserError{Err: err}
	}
	chain.Due, chain.Punctuate = t.Due, t.Punctuate
	if len(t.flush) > 0 {
		chain.Flush = t.flushAll
	}
	if len(t.life) > 0 {
		chain.Close = t.end
	}
	return chain, nil
}
