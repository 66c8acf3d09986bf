package topology

import (
	"fmt"
	"maps"
	"slices"
	"strings"
)

// subTopologies compares which topics and stores make up a task.
func (c *comparison) subTopologies() {
	to, from := c.moves()
	for _, id := range slices.Sorted(maps.Keys(to)) {
		switch ids := to[id]; {
		case len(ids) > 1:
			c.note(SubTopologySplit, fmt.Sprint(id), NeedsCare, "it's divided into "+numbers(ids)+"; "+kept, together)
		case len(from[ids[0]]) > 1:
			c.note(SubTopologyMerged, fmt.Sprint(id), NeedsCare,
				fmt.Sprintf("together with others it's sub-topology %d, whose stores need as many partitions as the widest input has; %s", ids[0], kept), together)
		case ids[0] != id:
			c.note(SubTopologyRenumbered, fmt.Sprint(id), NeedsCare,
				fmt.Sprintf("it's sub-topology %d, so the ids of its tasks change in logs, metrics and assignments; %s", ids[0], kept), together)
		}
	}
}

const (
	kept     = "state and committed offsets stay: they're filed under the names of stores and topics"
	together = "stop every process before the first one starts with the new topology: members of one group must agree on the tasks"
)

// moves returns for each sub-topology the ids of those that have its sources and
// stores in the other topology, in both directions.
func (c *comparison) moves() (to, from map[int32][]int32) {
	to, from = map[int32][]int32{}, map[int32][]int32{}
	note := func(was, is int32) {
		if !slices.Contains(to[was], is) {
			to[was] = append(to[was], is)
			from[is] = append(from[is], was)
		}
	}
	both(c.before.sources, c.after.sources, func(_ string, was, is *nodeAt) { note(was.sub, is.sub) })
	both(c.before.stores, c.after.stores, func(_ string, was, is *storeAt) { note(was.sub, is.sub) })
	return to, from
}

func numbers(ids []int32) string {
	var texts []string
	for _, id := range slices.Sorted(slices.Values(ids)) {
		texts = append(texts, fmt.Sprint(id))
	}
	return strings.Join(texts, " and ")
}
