package main

import (
	"fmt"
	"maps"
	"slices"
)

// compareTopics compares internal topics. One with a generated name has another
// name here, so it's compared with those of ours that nothing else is equal to.
func compareTopics(want, got *golden) []string {
	var found, unnamed []string
	free := slices.Sorted(maps.Keys(got.InternalTopics))
	take := func(name string) { free = slices.DeleteFunc(free, func(n string) bool { return n == name }) }
	for _, name := range slices.Sorted(maps.Keys(want.InternalTopics)) {
		if generated.MatchString(name) {
			unnamed = append(unnamed, name)
			continue
		}
		take(name)
		if d := compareTopic(want, got, name, name); d != "" {
			found = append(found, d)
		}
	}
	p := pairs{map[string][]string{}, map[string]string{}}
	for _, name := range unnamed {
		tried := fmt.Sprintf("topic %s: none of ours is like it", name)
		for _, ours := range free {
			if d := compareTopic(want, got, name, ours); d != "" {
				tried += "\n" + d
				continue
			}
			p.alike[name] = append(p.alike[name], ours)
		}
		if !p.find(name, map[string]bool{}) {
			found = append(found, tried)
		}
	}
	for _, name := range free {
		if p.of[name] == "" && got.InternalTopics[name].Kind == "repartition" {
			found = append(found, "Kafka Streams has no repartition topic like "+name)
		}
	}
	return found
}

// pairs finds for each of Kafka Streams' topics one of ours that's like it. A topic
// may be like several, as a changelog here may lack what was overwritten, so who has
// one gives it up where that helps another and there's one left.
type pairs struct {
	// alike are ours, by the name of theirs.
	alike map[string][]string
	// of is the name of theirs, by ours.
	of map[string]string
}

// find returns whether there's one for a name, besides those that were asked for.
func (p *pairs) find(name string, asked map[string]bool) bool {
	for _, ours := range p.alike[name] {
		if asked[ours] {
			continue
		}
		asked[ours] = true
		if p.of[ours] == "" || p.find(p.of[ours], asked) {
			p.of[ours] = name
			return true
		}
	}
	return false
}
