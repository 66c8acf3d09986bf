package plan

import "slices"

// Grows returns whether partitions that are added to a topic can be read by tasks of
// their own, as the topic is read by its name and not where there's state: the keys
// that move to new partitions would leave their rows behind, and changelogs have as
// many partitions as the topic had.
func (p *Plan) Grows(topic string) bool {
	reads := func(sub *SubTopology) bool {
		return slices.ContainsFunc(sub.Sources, func(s *Source) bool { return s.Topic == topic && s.Repartition == nil })
	}
	return slices.ContainsFunc(p.SubTopologies, reads) &&
		!slices.ContainsFunc(p.SubTopologies, func(sub *SubTopology) bool { return reads(sub) && sub.keyed() })
}

// keyed returns whether results depend on which keys are in a partition together.
func (sub *SubTopology) keyed() bool { return len(sub.Stores) > 0 || len(sub.CoPartitioned) > 0 }

// widens returns whether the number of tasks may grow while the application runs, so
// that it says nothing of the repartition topics that were created before.
func (sub *SubTopology) widens() bool {
	return sub.hasPattern() || !sub.keyed() && slices.ContainsFunc(sub.Sources, func(s *Source) bool { return s.Repartition == nil })
}
