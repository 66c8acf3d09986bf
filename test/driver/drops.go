package driver

import (
	"maps"

	"github.com/oncestream/oncestream/internal/plan"
)

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
		t.Drops(func(node string, reason plan.DropReason, n int64) {
			all[Drop{Node: node, Reason: string(reason)}] += n
		})
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
