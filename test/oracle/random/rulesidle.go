package random

import "slices"

// idleRules returns the differences of tasks that wait for inputs.
func idleRules() []Rule {
	return []Rule{{
		"inputs of other tasks are waited for",
		"Kafka Streams' test driver has one task, whatever the sub-topologies, so all wait for the inputs of all; and of " +
			"several empty inputs the wait for one begins when that for another one is over",
		(*graph).waitsForOthers,
	}}
}

// waitsForOthers returns whether tasks wait for inputs, and there are several
// sub-topologies, or more than two inputs.
func (g *graph) waitsForOthers() bool {
	idle := g.s.Config["max.task.idle.ms"]
	return idle != nil && idle != "0" && (g.divides() || g.parts() > 1 || g.sources() > 2)
}

// sources returns how many topics are read by tasks.
func (g *graph) sources() int {
	n := 0
	for _, s := range g.s.Steps {
		switch topics, _ := s["topics"].([]string); s.text("op") {
		case "stream":
			n += max(1, len(topics))
		case "table":
			n++
		}
	}
	return n
}

// divides returns whether the topology has a topic between two of its operators.
func (g *graph) divides() bool {
	written := map[string]bool{}
	for _, s := range g.s.Steps {
		if s.text("op") == "to" {
			written[s.text("topic")] = true
		}
	}
	return slices.ContainsFunc(g.s.Steps, func(s Object) bool {
		topics, _ := s["topics"].([]string)
		return s.text("op") == "repartition" || s["fk"] != nil || s["topicFn"] != nil || g.groupsTable(s.text("id")) ||
			g.rekeyed(s.text("id")) && g.repartitions(s.text("id")) ||
			s.text("op") != "to" && written[s.text("topic")] ||
			slices.ContainsFunc(topics, func(t string) bool { return written[t] })
	})
}

// parts returns how many parts the topology has that have nothing to do with each
// other.
func (g *graph) parts() int {
	part, n := map[string]int{}, 0
	for _, s := range g.s.Steps {
		switch s.text("op") {
		case "globalTable", "globalStore", "addStore":
			continue
		}
		joined := append(g.inputsOf(s.text("id")), s.text("from"))
		joined = append(joined, made(s)...)
		stores, _ := s["stores"].([]string)
		joined = append(append(joined, stores...), s.text("state"))
		n++
		for _, id := range joined {
			if id == "" || g.op(id) == "globalTable" {
				continue
			}
			if old := part[id]; old != 0 && old != n {
				for of, at := range part {
					if at == old {
						part[of] = n
					}
				}
			}
			part[id] = n
		}
	}
	found := map[int]bool{}
	for _, at := range part {
		found[at] = true
	}
	return len(found)
}
