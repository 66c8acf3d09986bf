package topology

import (
	"github.com/oncestream/oncestream/internal/plan"
	"github.com/oncestream/oncestream/topology/serde"
)

// Option is an option of any operator.
type Option interface{ setNode(*nodeOptions) }

// SourceOption is an option of a topic that is read.
type SourceOption interface{ setSource(*sourceOptions) }

// SinkOption is an option of a topic that is written.
type SinkOption interface{ setSink(*sinkOptions) }

// RepartitionOption is an option of [Stream.Repartition].
type RepartitionOption interface{ setRepartition(*repartitionOptions) }

// JoinOption is an option of a join of a stream with a table.
type JoinOption interface{ setJoin(*joinOptions) }

// NamedOption is an option of everything that is a node.
type NamedOption interface {
	Option
	SourceOption
	SinkOption
	JoinOption
	ProcessOption
}

type nodeOptions struct {
	name  string
	named bool
}

type sourceOptions struct {
	nodeOptions
	reset OffsetReset
	times Timestamps
	idle  idleTimeout
}

type sinkOptions struct {
	nodeOptions
	partitioner partitioner
}

type repartitionOptions struct {
	partitions  int32
	counted     bool // partitions is given
	partitioner partitioner
}

type joinOptions struct {
	nodeOptions
	repartition *repartitionAs
	buffer      *joinBuffer
}

type named string

// Named names a node, instead of a number. The name appears in errors, metrics
// and the topology's description, and must be unique. For GroupByKey and ToTable
// it names the repartition topic, if one is needed, and then must not change while
// the application lives (KIP-307, KIP-372).
func Named(name string) NamedOption { return named(name) }

func (n named) setNode(o *nodeOptions)     { *o = nodeOptions{name: string(n), named: true} }
func (n named) setSink(o *sinkOptions)     { n.setNode(&o.nodeOptions) }
func (n named) setSource(o *sourceOptions) { n.setNode(&o.nodeOptions) }
func (n named) setJoin(o *joinOptions)     { n.setNode(&o.nodeOptions) }

// OffsetReset says where reading a topic starts when the application has no
// committed offset for it, or its offset is no longer there.
type OffsetReset uint8

// The policies.
const (
	// Earliest starts with the oldest record. It's the default.
	Earliest OffsetReset = OffsetReset(plan.Earliest)
	// Latest starts with records that arrive from now on.
	Latest OffsetReset = OffsetReset(plan.Latest)
	// ResetNone makes a missing offset an error that stops the application.
	ResetNone OffsetReset = OffsetReset(plan.ResetNone)
)

// WithReset sets where reading starts without a committed offset; the default is
// [Earliest].
func WithReset(r OffsetReset) SourceOption { return withReset(r) }

type withReset OffsetReset

func (r withReset) setSource(o *sourceOptions) { o.reset = OffsetReset(r) }

// Partitions sets the number of partitions of a repartition topic. Without it,
// it's the highest number among the topics that feed it. A topic that exists
// already isn't changed: another number is an error when the application starts.
func Partitions(n int32) RepartitionOption { return partitions(n) }

type partitions int32

func (p partitions) setRepartition(o *repartitionOptions) { o.partitions, o.counted = int32(p), true }

// RepartitionAs names the repartition topic of a stream whose key changed before
// a join, and says how its keys and values are written. The topic is
// <application id>-<name>-repartition. Where the key didn't change, it has no
// effect. K and V must be the stream's types, which Build checks.
func RepartitionAs[K, V any](name string, k serde.Serde[K], v serde.Serde[V]) JoinOption {
	return repartitionAs{name: name, key: k, value: v}
}

// repartitionAs holds a serde.Serde of keys and one of values.
type repartitionAs struct {
	name       string
	key, value any
}

func (r repartitionAs) setJoin(o *joinOptions) { o.repartition = &r }

// present calls f with the options that aren't nil.
func present[O any](options []O, f func(O)) {
	for _, o := range options {
		if any(o) != nil {
			f(o)
		}
	}
}
