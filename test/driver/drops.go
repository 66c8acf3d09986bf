package driver

import "maps"

// Drop is why and where records were dropped.
type Drop struct {
	// Node is the name of the node, or of the store that dropped an expired write.
	Node string
	// Reason is the label of the metric of dropped records, such as late.
	Reason string
}

// Drops returns the number of dropped records by node and reason. A record that
// is processed again after a crash counts again.
func (d *Driver) Drops() map[Drop]int64 {
	all := maps.Clone(d.drops)
	for _, t := range d.tasks {
		addDrops(all, t.Drops)
	}
	for _, g := range d.globals {
		addDrops(all, g.Drops)
	}
	return all
}

// Dropped returns the number of all dropped records.
func (d *Driver) Dropped() int64 {
	n := int64(0)
	for _, count := range d.Drops() {
		n += count
	}
	return n
}
