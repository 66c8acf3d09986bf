package topology

// BuildOption is an option of [Builder.Build].
type BuildOption interface{ setBuild(*buildOptions) }

type buildOptions struct{ optimize map[Optimization]bool }

// Optimization is a change that Build makes to a topology so that it needs less of
// the brokers. Results stay the same; which internal topics there are doesn't, so a
// running application can't simply be given other optimizations.
type Optimization uint8

// The optimizations, those of Kafka Streams (KIP-295).
const (
	// ReuseSourceTopics makes the topics of all tables that [Builder.Table] reads their
	// stores' changelogs, where [ReuseSourceTopic] could be given.
	ReuseSourceTopics Optimization = iota + 1
	// MergeRepartitionTopics writes a stream whose key has changed to one repartition
	// topic instead of one for each grouping, join and table behind it. The topic is
	// the first of them, right behind the change. Those that come behind a function of
	// values, and those that [Stream.Repartition] makes, stay what they are.
	MergeRepartitionTopics
	// SingleStoreSelfJoin keeps the records of a stream that is joined with itself in
	// one store instead of two. For [Stream.Join] with windows that reach neither
	// before nor after a record only (KIP-862).
	SingleStoreSelfJoin
)

// Optimize makes Build optimize the topology, in all ways that there are unless
// some are given. The default is not to optimize.
func Optimize(ways ...Optimization) BuildOption {
	if len(ways) == 0 {
		ways = []Optimization{ReuseSourceTopics, MergeRepartitionTopics, SingleStoreSelfJoin}
	}
	return optimize(ways)
}

type optimize []Optimization

func (ways optimize) setBuild(o *buildOptions) {
	for _, way := range ways {
		o.optimize[way] = true
	}
}

// optimize carries out the optimizations. Those of repartition topics come first:
// they may make the sides of a join one.
func (b *Builder) optimize(o buildOptions) {
	if o.optimize[MergeRepartitionTopics] {
		b.g.MergeRepartitions()
	}
	if o.optimize[SingleStoreSelfJoin] {
		b.g.SimplifySelfJoins()
	}
	b.optimized = b.optimized || len(o.optimize) > 0
}
