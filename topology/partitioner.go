package topology

import "slices"

// Placement is the partitions that a record is written to. The zero value leaves
// the choice to the default partitioner.
type Placement struct {
	chosen  bool
	first   int32
	several []int32
}

// DefaultPartition leaves the choice to the default partitioner.
func DefaultPartition() Placement { return Placement{} }

// InPartition writes a record to one partition. A topic's partitions are numbered
// from 0; one that the topic doesn't have is an error that stops the application.
func InPartition(n int32) Placement { return Placement{chosen: true, first: n} }

// InPartitions writes a record to each of the partitions; one that is given
// several times counts once. Without any, the record is dropped and counted
// (KIP-837).
func InPartitions(n ...int32) Placement {
	if n == nil {
		n = []int32{}
	}
	return Placement{chosen: true, several: n}
}

// appendTo appends the partitions, -1 for that of the default partitioner.
func (p Placement) appendTo(to []int32) []int32 {
	switch {
	case !p.chosen:
		return append(to, -1)
	case p.several == nil:
		return append(to, check(p.first))
	}
	for _, n := range p.several {
		if n = check(n); !slices.Contains(to, n) {
			to = append(to, n)
		}
	}
	return to
}

// check returns the partition's number, or one that no topic has where -1 would be
// taken for the default partitioner's.
func check(n int32) int32 {
	if n == -1 {
		return -2
	}
	return n
}

// PartitionOption is an option of all that writes records of a stream to a topic.
type PartitionOption interface {
	SinkOption
	RepartitionOption
}

// PartitionBy places records in the partitions that f returns for them, of a topic
// that has the given number. f gets zero values for nulls. K and V must be the
// stream's types, which Build checks. Behind a repartition topic, groupings and
// joins rely on f placing all records of a key in one partition.
func PartitionBy[K, V any](f func(key K, value V, partitions int32) Placement) PartitionOption {
	return partitioner{f: f, missing: f == nil}
}

// partitioner holds the function of [PartitionBy].
type partitioner struct {
	f       any
	missing bool
}

func (p partitioner) setSink(o *sinkOptions)               { o.partitioner = p }
func (p partitioner) setRepartition(o *repartitionOptions) { o.partitioner = p }

// placeOf returns how a sink of the given types places records, nil without a
// partitioner. A mistake is noted with the node.
func placeOf[K, V any](b *Builder, node string, p partitioner) func(K, V, int32, []int32) []int32 {
	if p.f == nil {
		return nil
	}
	f, ok := p.f.(func(K, V, int32) Placement)
	b.needFunc(node, "PartitionBy", p.missing)
	if !ok {
		b.g.Fail(node, "PartitionBy has other types than the stream: it's a %T, and %T is needed", p.f, f)
	}
	return func(k K, v V, n int32, to []int32) []int32 { return f(k, v, n).appendTo(to) }
}
