package random

import (
	"fmt"
	"strings"
)

// graph is a scenario whose steps can be looked up.
type graph struct {
	s    *Scenario
	byID map[string]Object
}

func graphOf(s *Scenario) *graph {
	g := &graph{s, map[string]Object{}}
	for _, step := range s.Steps {
		g.byID[step.text("id")] = step
		for _, b := range branchesOf(step) {
			g.byID[b.text("id")] = step
		}
	}
	delete(g.byID, "") // of steps that make nothing
	return g
}

// branchesOf returns the branches of a split.
func branchesOf(step Object) []Object {
	branches, _ := step["branches"].([]Object)
	if d, ok := step["default"].(Object); ok {
		return append(branches[:len(branches):len(branches)], d)
	}
	return branches
}

// step returns the step of an id. One that isn't there has no parameters.
func (g *graph) step(id string) Object { return g.byID[id] }

func (g *graph) op(id string) string { return g.step(id).text("op") }

// isTable returns whether a step makes a table.
func (g *graph) isTable(id string) bool {
	switch s := g.step(id); s.text("op") {
	case "table", "toTable", "count", "reduce", "aggregate", "suppress", "fkJoin", "fkLeftJoin", "transformValues":
		return true
	case "filter", "filterNot", "mapValues", "join", "leftJoin", "outerJoin":
		return g.isTable(s.text("from"))
	}
	return false
}

// rekeyed returns whether what a step makes has new keys since its last topic.
func (g *graph) rekeyed(id string) bool {
	switch s := g.step(id); s.text("op") {
	case "map", "flatMap", "selectKey", "process":
		return true
	case "groupBy":
		return !g.isTable(s.text("from"))
	case "toStream":
		return s["fn"] != nil
	case "filter", "filterNot", "mapValues", "flatMapValues", "peek", "split", "processValues", "groupByKey":
		return g.rekeyed(s.text("from"))
	case "join", "leftJoin":
		return g.op(s.text("with")) == "globalTable" && g.rekeyed(s.text("from"))
	case "merge":
		return g.rekeyed(s.text("from")) || g.rekeyed(s.text("with"))
	}
	return false
}

// windowOf returns the window that the keys of a table are of.
func (g *graph) windowOf(id string) Object {
	for s := g.step(id); s != nil; s = g.step(s.text("from")) {
		if s.text("op") == "windowedBy" {
			return s.object("window")
		}
	}
	return Object{}
}

// allTimes returns whether the timestamps of all inputs are as asked, those in their
// values too.
func (g *graph) allTimes(are func(ts int) bool) bool {
	for _, in := range g.s.Input {
		if in["topic"] != nil && !are(in.number("ts")) {
			return false
		}
		var ts int
		if v := in.text("value"); strings.HasPrefix(v, "ts:") {
			if _, err := fmt.Sscanf(v, "ts:%d", &ts); err == nil && !are(ts) {
				return false
			}
		}
	}
	return true
}

// direct returns whether the records of a step are at hand as they're read from a topic
// that a scenario names.
func (g *graph) direct(id string) bool {
	switch s := g.step(id); s.text("op") {
	case "stream":
		return true
	case "filter", "filterNot", "mapValues", "map", "flatMap", "flatMapValues", "selectKey", "peek", "split":
		return !g.isTable(id) && g.direct(s.text("from"))
	}
	return false
}
