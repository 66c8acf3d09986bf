package graph

import (
	"errors"
	"fmt"
	"slices"

	"github.com/oncestream/oncestream/internal/plan"
)

// life is what a node's operator does at both ends of a task.
type life struct {
	node        *Node
	begin, stop func() error
	begun       bool
}

// OnLife has begin called when all operators of the task are built, and stop when
// the task ends. Nodes begin in the order in which they were added to the graph.
func (t *Task) OnLife(n *Node, begin, stop func() error) {
	t.life = append(t.life, life{node: n, begin: begin, stop: stop})
}

// begin begins all nodes, which is the user's code alone. After an error those that have begun are stopped.
func (t *Task) begin() error {
	slices.SortStableFunc(t.life, func(a, b life) int { return byOrder(a.node, b.node) })
	for i := range t.life {
		l := &t.life[i]
		l.begun = true
		if err := safely(l.node, "Init", l.begin); err != nil {
			return errors.Join(err, t.end())
		}
	}
	return nil
}

// end stops the nodes that have begun, the last one first.
func (t *Task) end() error {
	var errs []error
	for i := len(t.life) - 1; i >= 0; i-- {
		if l := &t.life[i]; l.begun {
			l.begun = false
			errs = append(errs, safely(l.node, "Close", l.stop))
		}
	}
	return errors.Join(errs...)
}

// safely calls a user's function outside of what the task guards. One that
// panics must not keep the others from being called.
func safely(n *Node, method string, f func() error) (err error) {
	defer func() {
		if p := recover(); p != nil {
			err = fmt.Errorf("%s: %s: %w", n.Name, method, plan.Recovered(p))
		}
	}()
	if err := f(); err != nil {
		return fmt.Errorf("%s: %s: %w", n.Name, method, err)
	}
	return nil
}
