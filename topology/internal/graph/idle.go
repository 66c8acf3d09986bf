package graph

import (
	"cmp"
	"slices"
	"time"

	"github.com/oncestream/oncestream/internal/plan"
)

// idle returns the idle timeout of a source: the user's, or the longest of those of
// the sources that feed its repartition topic.
func (g *Graph) idle(source *Node) time.Duration {
	seen := map[*Node]bool{}
	var longest func(*Node) time.Duration
	longest = func(source *Node) time.Duration {
		d := source.Idle
		if seen[source] || source.Repartition == nil {
			return d
		}
		seen[source] = true
		for _, sink := range g.nodes {
			if sink.Kind != Sink || sink.Repartition == nil || sink.Topic != source.Topic {
				continue
			}
			for _, up := range sink.sources() {
				d = max(d, longest(up))
			}
		}
		return d
	}
	return longest(source)
}

// timekeepers are the nodes of a task behind sources with idle timeouts, by their
// names. Sources that had one when their time was moved are among them: what was
// passed on by it must not be passed on again.
type timekeepers map[string]*timekeeper

// timekeeper is a node, the sources with idle timeouts that it's behind, and its
// operators that keep stream time.
type timekeeper struct {
	at      *Node
	sources []*Node
	timed   []plan.Timed
}

// keepTime has the operators of the task that keep stream time register.
func keepTime(env *plan.Env, sources, idle []*Node) timekeepers {
	keepers := timekeepers{}
	for _, source := range sources {
		if slices.Contains(idle, source) || env.MovedTo != nil && env.MovedTo(source.Name) >= 0 {
			keepers.add(source, source)
		}
	}
	if len(keepers) == 0 {
		return nil
	}
	env.Timed = func(node string, t plan.Timed) int64 {
		moved := int64(-1)
		if k := keepers[node]; k != nil {
			k.timed = append(k.timed, t)
			for _, source := range k.sources {
				moved = max(moved, env.MovedTo(source.Name))
			}
		}
		return moved
	}
	return keepers
}

// add notes that a node and those behind it are behind a source.
func (k timekeepers) add(n, source *Node) {
	if k[n.Name] == nil {
		k[n.Name] = &timekeeper{at: n}
	}
	if slices.Contains(k[n.Name].sources, source) {
		return
	}
	k[n.Name].sources = append(k[n.Name].sources, source)
	for _, c := range n.children {
		k.add(c, source)
	}
}

// inputs lets a source's idle timeout reach the operators behind it, those further
// up first: what they pass on has come when those behind them are moved.
func (k timekeepers) inputs(source *Node, input func() plan.Input) func() plan.Input {
	var behind []*timekeeper
	for _, each := range k {
		if slices.Contains(each.sources, source) {
			behind = append(behind, each)
		}
	}
	slices.SortFunc(behind, func(a, b *timekeeper) int { return cmp.Compare(a.at.order, b.at.order) })
	var all []plan.Timed
	for _, each := range behind {
		all = append(all, each.timed...)
	}
	return func() plan.Input {
		in := input()
		in.Due = func() int64 { return earliest(all) }
		in.Advance = func(to int64) error { return advance(all, to) }
		return in
	}
}

func earliest(all []plan.Timed) int64 {
	due := plan.Never
	for _, t := range all {
		due = min(due, t.Due())
	}
	return due
}

func advance(all []plan.Timed, to int64) error {
	for _, t := range all {
		if err := t.Advance(to); err != nil {
			return err
		}
	}
	return nil
}
