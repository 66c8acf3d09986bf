package random

import (
	"fmt"
	"maps"
	"math/rand/v2"
	"slices"
	"strings"
)

// variation is a scenario in the making, out of the steps of others.
type variation struct {
	*generator
	pieces []*piece
	// feeds are the topics that are fed.
	feeds []feed
}

// Vary returns the scenario of a seed and a number that is made of one to three
// others: their steps, some of which go on from another one's in place of a source of
// their own, with long inputs of their kind.
func Vary(of []*Scenario, seed, number uint64) *Scenario {
	for try := uint64(0); ; try++ {
		v := &variation{generator: &generator{
			Rand: rand.New(rand.NewPCG(seed, 1<<62+number<<16+try)),
			s:    &Scenario{Name: fmt.Sprintf("vary-%d-%d", seed, number)},
		}}
		v.choose(of)
		v.compose()
		v.configure()
		v.feedPieces()
		v.s.keepFed()
		if len(v.s.Input) > 0 && OnPurpose(v.s) == nil {
			return v.s
		}
	}
}

// choose takes the pieces.
func (v *variation) choose(of []*Scenario) {
	for i := range pick(v.generator, 1, 2, 2, 2, 3, 3) {
		p := &piece{of: pick(v.generator, of...)}
		if i > 0 {
			p.suffix = fmt.Sprintf("-%d", i+1)
			if p.closed() {
				continue
			}
		}
		v.pieces = append(v.pieces, p)
		v.s.About += strings.Repeat(", ", min(i, 1)) + p.of.Name
	}
}

// compose puts the pieces' steps together.
func (v *variation) compose() {
	for i, p := range v.pieces {
		steps := p.steps()
		if i > 0 && !p.names() {
			steps = v.goOn(p, steps)
		}
		v.s.Steps = append(v.s.Steps, steps...)
		for _, q := range p.of.Queries {
			v.s.Queries = append(v.s.Queries, q.with("store", q.text("store")+p.suffix))
		}
	}
}

// goOn lets some of a piece's steps read what the pieces before it make, and not their
// sources.
func (v *variation) goOn(p *piece, steps []Object) []Object {
	t := traits{graphOf(v.s)}
	here := &Scenario{Steps: steps}
	var rest []Object
	for i, s := range steps {
		others := t.textual(s.text("op") == "table")
		if !v.replaceable(s) || len(others) == 0 || !v.chance(60) {
			continue
		}
		with := pick(v.generator, others...)
		if p.style(strings.TrimSuffix(topicOf(s), p.suffix)) == number {
			with = v.numbers(with, p.suffix+fmt.Sprint(i))
		}
		here.redirect(s.text("id"), with)
		steps[i] = nil
	}
	for _, s := range steps {
		if s != nil {
			rest = append(rest, s)
		}
	}
	return rest
}

// replaceable returns whether what reads a source may as well read something else.
func (v *variation) replaceable(s Object) bool {
	switch {
	case s["value"] == "long", s["id"] == nil:
		return false
	case s.text("op") == "stream":
		return true
	}
	return s.text("op") == "table" && s["store"] == nil
}

// topicOf returns the topic of a source, the first of several.
func topicOf(s Object) string {
	if topics, _ := s["topics"].([]string); len(topics) > 0 {
		return topics[0]
	}
	return s.text("topic")
}

// numbers adds a step that makes numbers of the values of another.
func (v *variation) numbers(of, suffix string) string {
	id := "len" + suffix
	v.s.Steps = append(v.s.Steps, Object{"id": id, "op": "mapValues", "from": of, "fn": "len"})
	return id
}

// configure takes the settings of the pieces, and sometimes some more.
func (v *variation) configure() {
	v.s.Config = map[string]any{}
	for _, p := range v.pieces {
		maps.Copy(v.s.Config, p.of.Config)
	}
	switch v.IntN(12) {
	case 0:
		v.s.Config["topology.optimization"] = "all"
	case 1:
		if !v.anyStep(func(s Object) bool { return s["window"] != nil }) {
			v.s.Config["statestore.cache.max.bytes"] = pick(v.generator, "10000000", "500", "2000")
		}
	case 2:
		v.s.Config["max.task.idle.ms"] = pick(v.generator, "1", "10", "100")
	case 3:
		v.s.Config["processing.exception.handler"] = "continue"
	}
	if len(v.s.Config) == 0 {
		v.s.Config = nil
	}
	if len(v.pieces) == 1 {
		v.s.Partitions = v.pieces[0].of.Partitions
	}
}

func (v *variation) anyStep(is func(Object) bool) bool { return slices.ContainsFunc(v.s.Steps, is) }
