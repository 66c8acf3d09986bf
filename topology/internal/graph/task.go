package graph

import (
	"fmt"
	"slices"

	"github.com/oncestream/oncestream/internal/plan"
)

// Task is the operators of one task while they are being built.
type Task struct {
	Env    *plan.Env
	built  map[*Node]any
	shared map[any]any
	flush  []func() error
	life   []life
	// Due and Punctuate become the chain's.
	Due       func(by plan.Clock) int64
	Punctuate func(by plan.Clock, now int64) error
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

// OnFlush has f called at each commit, before what operators further down have
// given, so that they see what it sends.
func (t *Task) OnFlush(f func() error) { t.flush = append(t.flush, f) }

// flushAll sends what the operators hold back. A node's operator is built after
// those of its children, so the last function belongs furthest up.
func (t *Task) flushAll() error {
	for _, f := range slices.Backward(t.flush) {
		if err := f(); err != nil {
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

// buildTask makes the operators behind the sources.
func buildTask(env *plan.Env, sources []*Node) (*plan.Chain, error) {
	t := &Task{Env: env, built: map[*Node]any{}, shared: map[any]any{}}
	chain := &plan.Chain{Inputs: map[string]plan.Input{}}
	for _, n := range sources {
		entry, err := t.Entry(n)
		if err != nil {
			return nil, fmt.Errorf("task %s: build: %w", env.Task, err)
		}
		input, ok := entry.(func() plan.Input)
		if !ok {
			return nil, fmt.Errorf("task %s: build: the source %s is a %T", env.Task, n.Name, entry)
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
	if err := t.begin(); err != nil {
		return nil, fmt.Errorf("task %s: build: %w", env.Task, err)
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
