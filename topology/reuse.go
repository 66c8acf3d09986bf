package topology

import (
	"github.com/oncestream/oncestream/internal/record"
	"github.com/oncestream/oncestream/topology/internal/graph"
	"github.com/oncestream/oncestream/topology/internal/op"
)

// tableSource is a table that is read from a topic, with its types hidden.
type tableSource struct {
	table *graph.Node
	// asked says that the topic is to be the table's changelog in any case.
	asked bool
	// unfit says why it can't be, empty where it can.
	unfit string
	reuse func()
}

// noteTableSource lets the topic of a table become its changelog.
func noteTableSource[K, V any](t *Table[K, V], source *graph.Node, o sourceOptions) {
	st := t.stored.resolve()
	s := tableSource{table: t.node, asked: st.reuse}
	switch {
	case o.reset != Earliest:
		s.unfit = "the topic isn't read from its beginning: leave out WithReset"
	case o.times.clock:
		s.unfit = "its timestamps are the clock's, which the topic hasn't got"
	case st.versioned:
		s.unfit = "its history takes a changelog, from which nothing is compacted away before its time"
	case st.reuse && len(st.spec.TopicConfig) > 0:
		s.unfit = "TopicConfig is for a changelog of its own"
	}
	s.reuse = func() {
		times := timesOf[K, V](t.b, source.Name, o.times)
		if t.isStored() {
			t.b.g.Reuse(t.stored.name, source, func() func(*record.Record) (bool, error) {
				return op.SourceRows(source.Name, t.key, t.stored.value, times)
			})
		}
	}
	t.b.tables = append(t.b.tables, s)
	if s.asked && s.unfit != "" {
		t.b.g.Fail(t.node.Name, "ReuseSourceTopic: %s", s.unfit)
	}
}

// reuse makes the topics of tables their changelogs: of those that ask for it, or
// of all that can.
func (b *Builder) reuse(all bool) {
	for _, t := range b.tables {
		if t.unfit == "" && (t.asked || all) {
			t.reuse()
		}
	}
}
