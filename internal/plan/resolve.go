package plan

import (
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"
)

// Resolve returns the partition count of every repartition topic of the plan.
// counts holds the partition counts of the topics that are sources but not
// repartition topics, without the application id as in Source.Topic.
//
// A repartition topic has the count that the user asked for, else the highest
// count among the sources of the sub-topologies that write it. Topics that must
// be partitioned alike have one count: that of the users' topics and fixed counts
// among them, else the highest.
//
// All that's wrong is returned joined, each with its node: a user's topic without
// a count, topics that must be partitioned alike but aren't, and repartition
// topics that no known count reaches.
func (p *Plan) Resolve(counts map[string]int32) (map[string]int32, error) {
	r := newResolver(p)
	if err := r.pin(counts); err != nil {
		return nil, err
	}
	if err := r.pinGroups(); err != nil {
		return nil, err
	}
	for r.raise() {
	}
	return r.result()
}

// resolver computes partition counts. A count is pinned where it's given, and
// otherwise grows from 0 until nothing changes.
type resolver struct {
	plan   *Plan
	known  map[string]int32
	pinned map[string]bool
	// internal are the repartition topics with the node that reads each.
	internal map[string]*Source
	groups   []CoPartition
}

func newResolver(p *Plan) *resolver {
	r := &resolver{plan: p, known: map[string]int32{}, pinned: map[string]bool{}, internal: map[string]*Source{}}
	for _, sub := range p.SubTopologies {
		for _, s := range sub.Sources {
			if s.Repartition != nil {
				r.internal[s.Topic] = s
			}
		}
		for _, g := range sub.CoPartitioned {
			r.addGroup(g)
		}
	}
	return r
}

// addGroup adds a group of topics. Groups that overlap become one.
func (r *resolver) addGroup(g CoPartition) {
	joined := CoPartition{Node: g.Node, Topics: slices.Clone(g.Topics)}
	var apart []CoPartition
	for _, other := range r.groups {
		if !slices.ContainsFunc(other.Topics, func(t string) bool { return slices.Contains(joined.Topics, t) }) {
			apart = append(apart, other)
			continue
		}
		joined.Node = other.Node + ", " + joined.Node
		joined.Topics = append(joined.Topics, other.Topics...)
	}
	slices.Sort(joined.Topics)
	joined.Topics = slices.Compact(joined.Topics)
	r.groups = append(apart, joined)
}

// pin takes over the counts that are given.
func (r *resolver) pin(counts map[string]int32) error {
	var bad []error
	for _, sub := range r.plan.SubTopologies {
		for _, s := range sub.Sources {
			n := counts[s.Topic]
			if s.Repartition != nil {
				n = s.Repartition.Partitions
			} else if n <= 0 {
				bad = append(bad, fmt.Errorf("%s: the partition count of topic %q isn't known", s.Node, s.Topic))
			}
			if n > 0 {
				r.known[s.Topic], r.pinned[s.Topic] = n, true
			}
		}
	}
	return errors.Join(bad...)
}

// pinGroups pins the topics of each group in which one has a pinned count.
func (r *resolver) pinGroups() error {
	var bad []error
	for _, g := range r.groups {
		n := int32(0)
		for _, topic := range g.Topics {
			if !r.pinned[topic] {
				continue
			}
			if n != 0 && r.known[topic] != n {
				bad = append(bad, r.mismatch(g))
				break
			}
			n = r.known[topic]
		}
		for _, topic := range g.Topics {
			if n != 0 && !r.pinned[topic] {
				r.known[topic], r.pinned[topic] = n, true
			}
		}
	}
	return errors.Join(bad...)
}

// mismatch tells of a group whose topics have different counts.
func (r *resolver) mismatch(g CoPartition) error {
	var topics []string
	for _, topic := range g.Topics {
		if r.pinned[topic] {
			topics = append(topics, fmt.Sprintf("%s has %d", topic, r.known[topic]))
		}
	}
	return fmt.Errorf("%s: the topics must have the same number of partitions, but %s: "+
		"call Repartition before the join with the number of the other topic, or create the topics anew",
		g.Node, strings.Join(topics, ", "))
}

// raise raises the counts that aren't pinned to what their writers and groups
// demand. It returns whether any grew. Counts grow to one of those given at most,
// so this comes to an end.
func (r *resolver) raise() (grew bool) {
	lift := func(topic string, n int32) {
		if !r.pinned[topic] && n > r.known[topic] {
			r.known[topic], grew = n, true
		}
	}
	for _, sub := range r.plan.SubTopologies {
		n := int32(0)
		for _, s := range sub.Sources {
			n = max(n, r.known[s.Topic])
		}
		for _, s := range sub.Sinks {
			if s.Repartition != nil {
				lift(s.Topic, n)
			}
		}
	}
	for _, g := range r.groups {
		n := int32(0)
		for _, topic := range g.Topics {
			n = max(n, r.known[topic])
		}
		for _, topic := range g.Topics {
			lift(topic, n)
		}
	}
	return grew
}

func (r *resolver) result() (map[string]int32, error) {
	counts := map[string]int32{}
	var bad []error
	for _, topic := range slices.Sorted(maps.Keys(r.internal)) {
		if counts[topic] = r.known[topic]; counts[topic] == 0 {
			bad = append(bad, fmt.Errorf("%s: the partition count of the repartition topic %q can't be determined: "+
				"only topics without a count lead to it, so give it a number with Partitions", r.internal[topic].Node, topic))
		}
	}
	if len(bad) > 0 {
		return nil, errors.Join(bad...)
	}
	return counts, nil
}
