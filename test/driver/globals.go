package driver

import (
	"errors"
	"fmt"
	"slices"

	"github.com/oncestream/oncestream/internal/plan"
	"github.com/oncestream/oncestream/task"
)

// startGlobals brings the global stores to the ends of their topics, before any
// task is started. What they drop was dropped before, and doesn't count again.
func (d *Driver) startGlobals() error {
	if err := d.readGlobals(); err != nil {
		return err
	}
	for _, g := range d.globals {
		g.Drops(func(node string, reason plan.DropReason, n int64) {
			d.drops[Drop{Node: node, Reason: string(reason)}] -= n
		})
	}
	return nil
}

func (d *Driver) readGlobals() error {
	for _, p := range d.layout.Globals() {
		g, err := d.layout.NewGlobal(p, d.db, task.Edges{Now: d.Now, Handlers: d.handlers})
		if err != nil {
			return fmt.Errorf("global store %q: %w", p.Store.Name, err)
		}
		d.globals[p.Source.Topic] = g
		for n := range d.topic(p.Source.Topic).partitions {
			if err := d.applyGlobal(g, int32(n)); err != nil {
				return err
			}
		}
	}
	return nil
}

// applyGlobal applies what a partition of a global store's topic has behind the
// store's position.
func (d *Driver) applyGlobal(g *task.Global, partition int32) error {
	records := d.topic(g.Topic()).partitions[partition]
	next, _ := g.Offset(partition)
	end := int64(len(records))
	if next == end {
		return nil
	}
	_, err := g.Apply(partition, &reader{records[next:]}, end)
	return err
}

// endGlobals gives the global stores up. Those in memory are lost with the process.
func (d *Driver) endGlobals() error {
	var errs []error
	for _, g := range d.globals {
		addDrops(d.drops, g.Drops)
		if g.Rows().Spec().InMemory {
			errs = append(errs, g.Wipe())
		}
		errs = append(errs, g.Close())
	}
	clear(d.globals)
	return errors.Join(errs...)
}

// addDrops adds what a task or a global store has counted.
func addDrops(to map[Drop]int64, counted func(func(node string, reason plan.DropReason, n int64))) {
	counted(func(node string, reason plan.DropReason, n int64) {
		to[Drop{Node: node, Reason: string(reason)}] += n
	})
}

// isGlobal returns whether a topic is that of a global store.
func (d *Driver) isGlobal(topic string) bool {
	return slices.ContainsFunc(d.layout.Globals(), func(g *plan.Global) bool { return g.Source.Topic == topic })
}
