package random

import (
	"fmt"
	"slices"
	"strings"
)

// piece is a scenario that is made a part of another one: its ids, names, stores and
// topics are its own.
type piece struct {
	of *Scenario
	// suffix is what they get.
	suffix string
}

// references are the parameters of steps, branches, stores and queries that name
// something.
var references = [...]string{"id", "from", "with", "name", "topic", "storeName", "state"}

// steps returns the piece's steps with names of their own.
func (p *piece) steps() []Object {
	var all []Object
	for _, s := range p.of.Steps {
		all = append(all, p.rename(s))
	}
	return all
}

// rename returns a copy of an object and of what's in it, with other names.
func (p *piece) rename(o Object) Object {
	c := Object{}
	for key, v := range o {
		c[key] = p.renamed(key, v)
	}
	return c
}

func (p *piece) renamed(key string, v any) any {
	switch v := v.(type) {
	case Object:
		return p.rename(v)
	case []Object:
		var all []Object
		for _, o := range v {
			all = append(all, p.rename(o))
		}
		return all
	case []string:
		var all []string
		for _, name := range v {
			all = append(all, name+p.suffix)
		}
		return all
	case string:
		return p.renamedText(key, v)
	}
	return v
}

func (p *piece) renamedText(key, v string) string {
	switch {
	case slices.Contains(references[:], key), key == "store":
		return v + p.suffix
	case key == "pattern" && p.suffix != "":
		// The suffix keeps the topics of other pieces out.
		return "(" + v + ")" + p.suffix
	}
	return v
}

// closed returns whether the piece can't be renamed: its records have names of
// processors in them.
func (p *piece) closed() bool {
	return slices.ContainsFunc(p.of.Steps, func(s Object) bool { return s["processor"] == "route" })
}

// names returns whether values of the piece are names of topics.
func (p *piece) names() bool {
	return slices.ContainsFunc(p.of.Steps, func(s Object) bool { return s["topicFn"] != nil })
}

// traits says of what kind the results of steps are.
type traits struct {
	*graph
}

// textual returns the streams, or the tables, that have text for keys and values.
func (t traits) textual(tables bool) []string {
	var ids []string
	for _, s := range t.s.Steps {
		of := []string{s.text("id")}
		if s.text("op") == "split" {
			of = nil
			for _, b := range branchesOf(s) {
				of = append(of, b.text("id"))
			}
		}
		for _, id := range of {
			if id != "" && t.isStreamOrTable(id) && t.isTable(id) == tables && !t.windowedKeys(id) && !t.longs(id) {
				ids = append(ids, id)
			}
		}
	}
	return ids
}

func (t traits) isStreamOrTable(id string) bool {
	switch t.op(id) {
	case "", "foreach", "to", "globalTable", "addStore", "globalStore", "groupByKey", "groupBy", "windowedBy", "cogroup":
		return false
	}
	return true
}

// windowedKeys returns whether a step's keys are windowed ones.
func (t traits) windowedKeys(id string) bool {
	s := t.step(id)
	switch s.text("op") {
	case "stream", "table", "globalTable", "selectKey", "map", "flatMap", "process", "groupBy":
		return false
	case "toStream":
		return s["fn"] == nil && t.windowedKeys(s.text("from"))
	case "windowedBy":
		return true
	}
	return s["from"] != nil && t.windowedKeys(s.text("from"))
}

// longs returns whether a step's values are longs.
func (t traits) longs(id string) bool {
	s := t.step(id)
	switch s.text("op") {
	case "stream", "table":
		return s["value"] == "long"
	case "count":
		return true
	case "filter", "filterNot", "selectKey", "peek", "split", "merge", "repartition", "toTable", "toStream", "suppress":
		return t.longs(s.text("from"))
	}
	return false
}

// style returns what the values look like that a piece feeds to a topic.
func (p *piece) style(topic string) style {
	of := number
	for _, in := range p.of.Input {
		if v, ok := in["value"].(string); ok && in["topic"] == topic && !isNumber(v) {
			of = text
		}
	}
	return of
}

// isNumber returns whether a text is a decimal number.
func isNumber(v string) bool {
	var n int
	_, err := fmt.Sscanf(v, "%d", &n)
	return err == nil && fmt.Sprint(n) == strings.TrimPrefix(v, "+")
}
