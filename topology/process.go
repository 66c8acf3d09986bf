package topology

import (
	"github.com/oncestream/oncestream/topology/internal/graph"
	"github.com/oncestream/oncestream/topology/internal/op"
)

// Processor is an operator of one's own. It takes records of the types K and V and
// forwards any number of records of the types J and W. It may have state stores,
// schedule functions, and fail.
//
// Each task makes one of its own and uses it on one goroutine. What it keeps in its
// fields is gone when the task's transaction fails or the task moves: what must
// stay belongs into a state store.
//
// A processor that is an [Initializer] is prepared before the first record, one
// that is a [Closer] is told of the end.
type Processor[K, V, J, W any] interface {
	// Process takes a record. An error stops the application, and nothing of the
	// record is committed.
	Process(c *Context[J, W], r Record[K, V]) error
}

// FixedKeyProcessor is a [Processor] that can't change keys, so that what's behind
// it needs no repartition topic.
type FixedKeyProcessor[K, V, W any] interface {
	// Process takes a record. An error stops the application, and nothing of the
	// record is committed.
	Process(c *FixedKeyContext[K, W], r FixedKeyRecord[K, V]) error
}

// Initializer is a processor or a transformer that is prepared before its task's
// first record. C is the type of its context, or *[ProcessingContext].
type Initializer[C any] interface {
	// Init opens state stores and schedules functions. Processors of a task begin in
	// the order of the topology. An error stops the application.
	Init(c C) error
}

// Closer is a processor or a transformer that is told when its task ends. State
// that isn't committed by then is dropped.
type Closer interface {
	// Close frees what the processor holds. An error is logged.
	Close() error
}

// ProcessorFunc is a [Processor] without state.
type ProcessorFunc[K, V, J, W any] func(c *Context[J, W], r Record[K, V]) error

// Process calls f.
func (f ProcessorFunc[K, V, J, W]) Process(c *Context[J, W], r Record[K, V]) error { return f(c, r) }

// ProcessOption is an option of [Stream.Process], [Stream.ProcessValues] and
// [Table.Transform]: [Named], or the handle of a state store, which connects it.
type ProcessOption interface{ setProcess(*processOptions) }

type processOptions struct {
	nodeOptions
	stores []*handle
}

func (n named) setProcess(o *processOptions) { n.setNode(&o.nodeOptions) }

// Process sends records through processors. supply makes one for each task, a new
// one each time it's called; that's tried twice while the topology is written. The
// stores whose handles are given can be opened by it.
//
// A processor may change keys, so a grouping or a join behind it takes a
// repartition topic; prefer ProcessValues where the key stays (KIP-820).
func (s *Stream[K, V]) Process[J, W any](supply func() Processor[K, V, J, W], options ...ProcessOption) *Stream[J, W] {
	s = s.valid()
	n := processorNode(s.b, "KSTREAM-PROCESSOR-", options)
	checkSupply[*Context[J, W]](s.b, n.Name, "Process", supply)
	link(n, func(t *graph.Task, at op.Node, out op.Func[J, W]) (op.Func[K, V], error) {
		c, err := newSender(t, at, n, out)
		if err != nil {
			return nil, err
		}
		p := supply()
		c.live(p, c)
		return op.Process(at, func(r *op.Record[K, V]) error {
			c.begin()
			return c.finish(p.Process(c, Record[K, V](*r)))
		}), nil
	})
	return &Stream[J, W]{b: s.b, node: s.b.g.Add(n, s.node), rekeyed: true}
}

// ProcessValues sends records through processors that can't change keys, otherwise
// as Process does (KIP-820).
func (s *Stream[K, V]) ProcessValues[W any](supply func() FixedKeyProcessor[K, V, W], options ...ProcessOption) *Stream[K, W] {
	s = s.valid()
	n := processorNode(s.b, "KSTREAM-PROCESSVALUES-", options)
	checkSupply[*FixedKeyContext[K, W]](s.b, n.Name, "ProcessValues", supply)
	link(n, func(t *graph.Task, at op.Node, out op.Func[K, W]) (op.Func[K, V], error) {
		to, err := newSender(t, at, n, out)
		if err != nil {
			return nil, err
		}
		c := &FixedKeyContext[K, W]{ProcessingContext: to.ProcessingContext, to: to}
		p := supply()
		c.live(p, c)
		return op.Process(at, func(r *op.Record[K, V]) error {
			c.begin()
			return c.finish(p.Process(c, fixedKey(r)))
		}), nil
	})
	return &Stream[K, W]{b: s.b, node: s.b.g.Add(n, s.node), rekeyed: s.rekeyed}
}

// processorNode returns a node that is connected to the stores among the options.
func processorNode(b *Builder, prefix string, options []ProcessOption) *graph.Node {
	var o processOptions
	present(options, func(s ProcessOption) { s.setProcess(&o) })
	n := &graph.Node{Name: b.pick(prefix, o.nodeOptions)}
	for _, h := range o.stores {
		h.connect(b, n)
	}
	return n
}
