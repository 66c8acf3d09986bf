package graph

import (
	"fmt"

	"github.com/oncestream/oncestream/internal/plan"
)

// Task is the operators of one task while they are being built.
type Task struct {
	Env   *plan.Env
	built map[*Node]any
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
	t := &Task{Env: env, built: map[*Node]any{}}
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
		for _, topic := range n.Topics() {
			chain.Inputs[topic] = input()
		}
	}
	return chain, nil
}
