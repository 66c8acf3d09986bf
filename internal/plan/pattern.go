package plan

import (
	"fmt"
	"maps"
	"regexp"
	"slices"
)

// Pattern is a regular expression for names of topics. It matches a name as a whole
// or not at all.
type Pattern struct {
	text  string
	whole *regexp.Regexp
}

// NewPattern returns the pattern of a regular expression.
func NewPattern(re *regexp.Regexp) (*Pattern, error) {
	whole, err := regexp.Compile(`\A(?:` + re.String() + `)\z`)
	if err != nil {
		return nil, fmt.Errorf("pattern of topics: %w", err)
	}
	return &Pattern{text: re.String(), whole: whole}, nil
}

// Match returns whether a topic has a name of the pattern.
func (p *Pattern) Match(topic string) bool { return p.whole.MatchString(topic) }

// String returns the regular expression as it was written.
func (p *Pattern) String() string { return p.text }

// HasPatterns returns whether a source reads the topics of a pattern, so that what's
// read depends on which topics there are.
func (p *Plan) HasPatterns() bool {
	return slices.ContainsFunc(p.SubTopologies, (*SubTopology).hasPattern)
}

func (sub *SubTopology) hasPattern() bool {
	return slices.ContainsFunc(sub.Sources, func(s *Source) bool { return s.Pattern != nil })
}

// Match returns the plan with a source for each of the topics that a pattern matches,
// in place of the pattern's own. Two patterns that match the same topic are an error
// with both nodes.
//
// The counts of created are those of repartition topics that exist, by their names in
// the plan. Such a topic keeps its count if records of topics lead to it that come, or
// get more partitions, while the application runs: it has been determined by what there
// was.
func (p *Plan) Match(topics []string, created map[string]int32) (*Plan, error) {
	topics = slices.Sorted(slices.Values(topics))
	m := matcher{topics: topics, readBy: map[string]string{}, matched: map[string][]string{}, kept: p.keptCounts(created)}
	matched := *p
	matched.SubTopologies = nil
	for _, sub := range p.SubTopologies {
		s, err := m.sub(sub)
		if err != nil {
			return nil, err
		}
		matched.SubTopologies = append(matched.SubTopologies, s)
	}
	return &matched, nil
}

// matcher replaces patterns by topics.
type matcher struct {
	topics []string
	// readBy are the nodes of matched topics, and matched the topics of nodes.
	readBy  map[string]string
	matched map[string][]string
	// kept are the repartition topics that keep their counts.
	kept map[string]*Repartition
}

func (m *matcher) sub(sub *SubTopology) (*SubTopology, error) {
	out := *sub
	out.Sources, out.Sinks, out.CoPartitioned = nil, nil, nil
	for _, s := range sub.Sources {
		sources, err := m.source(s)
		if err != nil {
			return nil, err
		}
		out.Sources = append(out.Sources, sources...)
	}
	for _, s := range sub.Sinks {
		sink := *s
		if kept := m.kept[s.Topic]; kept != nil && s.Repartition != nil {
			sink.Repartition = kept
		}
		out.Sinks = append(out.Sinks, &sink)
	}
	for _, g := range sub.CoPartitioned {
		together := CoPartition{Node: g.Node, Topics: slices.Clone(g.Topics)}
		for _, node := range g.Patterns {
			together.Topics = append(together.Topics, m.matched[node]...)
		}
		out.CoPartitioned = append(out.CoPartitioned, together)
	}
	return &out, nil
}

func (m *matcher) source(s *Source) ([]*Source, error) {
	one := *s
	if s.Pattern == nil {
		if kept := m.kept[s.Topic]; kept != nil && s.Repartition != nil {
			one.Repartition = kept
		}
		return []*Source{&one}, nil
	}
	var all []*Source
	for _, topic := range m.topics {
		if !s.Pattern.Match(topic) {
			continue
		}
		if other, ok := m.readBy[topic]; ok {
			return nil, fmt.Errorf("%s: topic %q is matched by the pattern %s, but also by that of %s: write patterns that don't overlap", s.Node, topic, s.Pattern, other)
		}
		m.readBy[topic] = s.Node
		m.matched[s.Node] = append(m.matched[s.Node], topic)
		of := one
		of.Topic = topic
		all = append(all, &of)
	}
	return all, nil
}

// keptCounts returns the repartition topics that exist and that records of such topics
// lead to, with their counts.
func (p *Plan) keptCounts(created map[string]int32) map[string]*Repartition {
	led := map[string]*Repartition{}
	for grew := true; grew; {
		before := len(led)
		for _, sub := range p.SubTopologies {
			if !sub.widens() && !slices.ContainsFunc(sub.Sources, func(s *Source) bool { return led[s.Topic] != nil }) {
				continue
			}
			for _, s := range sub.Sinks {
				if s.Repartition == nil {
					continue
				}
				led[s.Topic] = &Repartition{}
				if s.Repartition.Partitions == 0 {
					led[s.Topic].Partitions = created[s.Topic]
				}
			}
		}
		grew = len(led) > before
	}
	maps.DeleteFunc(led, func(_ string, r *Repartition) bool { return r.Partitions == 0 })
	return led
}
