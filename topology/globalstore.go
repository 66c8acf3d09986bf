package topology

import (
	"reflect"

	"github.com/oncestream/oncestream/statestore"
	"github.com/oncestream/oncestream/topology/internal/graph"
	"github.com/oncestream/oncestream/topology/internal/op"
	"github.com/oncestream/oncestream/topology/serde"
)

// GlobalProcessor writes the records of a topic to a global store, in a way of its
// own. It can't forward and can't schedule functions. Asking for a commit does
// nothing: what it has done for a record is kept together with the record's position.
//
// Each process makes one and uses it on one goroutine. Otherwise what's said of a
// [Processor] holds; its context is a *[ProcessingContext].
type GlobalProcessor[K, V any] interface {
	// Process takes a record. An error stops the application; no handler is asked.
	Process(c *ProcessingContext, r Record[K, V]) error
}

// GlobalStore reads a topic into a store of which every process holds all rows, of
// all partitions, as a [Builder.GlobalTable] does, but through a processor of one's
// own: it may leave records out, or keep something else of them. All processors of
// the topology may open the store, without being connected to it, and read it.
//
// The store is one of [Builder.KeyValueStore], [Builder.TimestampedStore], or
// [Builder.StoreOf] if that keeps nothing in memory, and is given to no processor
// before. The topic is its changelog: after a loss the processor gets the records
// again (KIP-813), so what it writes must depend on them alone. supply makes a new
// processor each time it's called; that's tried twice while the topology is written.
// [WithReset], [WithTimestamps] and [TopicConfig] are mistakes here.
func (b *Builder) GlobalStore[K, V, S any](topic string, k serde.Serde[K], v serde.Serde[V], store StoreHandle[S],
	supply func() GlobalProcessor[K, V], options ...SourceOption) {
	b = b.valid()
	var o sourceOptions
	present(options, func(s SourceOption) { s.setSource(&o) })
	read, name := b.tableNames(o.nodeOptions)
	checkSupply[*ProcessingContext](b, name, "GlobalStore", supply)
	n := sourceNode(b, read, topic, o, k, v)
	n.Global = true
	from := b.addSource(n, source{kind: globalStoreKind, key: reflect.TypeOf(k), value: reflect.TypeOf(v)})
	writer := &graph.Node{Name: name}
	store.handle.makeGlobal(b, writer, o)
	link(writer, func(t *graph.Task, at op.Node, _ op.Func[struct{}, struct{}]) (op.Func[K, V], error) {
		c, err := newContext(t, at, writer)
		if err != nil {
			return nil, err
		}
		p := supply()
		c.live(p, c)
		return op.Process(at, func(r *op.Record[K, V]) error {
			return c.finish(p.Process(c, Record[K, V](*r)))
		}), nil
	})
	b.g.Add(writer, from)
}

const globalStoreKind = "global store"

// makeGlobal makes the store that of a node which reads a global topic.
func (h *handle) makeGlobal(b *Builder, writer *graph.Node, o sourceOptions) {
	switch {
	case h == nil || h.spec.Name == "":
		b.g.Fail(writer.Name, "GlobalStore is given no store: take its handle from the Builder's KeyValueStore or TimestampedStore")
		return
	case !b.sameBuilder(writer.Name, h.b):
		return
	case h.global:
		b.g.Fail(writer.Name, "%s is global already: declare one for each topic", h.name)
		return
	case len(h.users) > 0:
		b.g.Fail(writer.Name, "%s is given to %s before: call GlobalStore first", h.name, h.users[0].Name)
		return
	case h.spec.Kind != statestore.PlainKeyValue && h.spec.Kind != statestore.TimestampedKeyValue:
		b.g.Fail(writer.Name, "%s can't be global: declare it with KeyValueStore or TimestampedStore", h.name)
	}
	b.checkGlobal(globalStoreKind, writer.Name, h.spec.Name, o, storeOptions{spec: h.spec})
	h.global = true
	b.g.DropChangelog(h.spec.Name)
	b.g.Connect(h.spec.Name, writer)
}
