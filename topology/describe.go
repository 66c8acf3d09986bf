package topology

import (
	"encoding/json"
	"math"
	"slices"
	"strings"
	"time"

	"github.com/oncestream/oncestream/internal/plan"
	"github.com/oncestream/oncestream/statestore"
	"github.com/oncestream/oncestream/topology/internal/graph"
)

// Description returns the topology as data. The result is shared and must not be
// changed.
func (t *Topology) Description() *Description { return t.description }

// JSON returns the description of the topology as indented JSON that ends with a
// newline, to be kept in a file. Equal topologies have equal texts.
func (t *Topology) JSON() string {
	var b strings.Builder
	e := json.NewEncoder(&b)
	e.SetEscapeHTML(false)
	e.SetIndent("", "  ")
	_ = e.Encode(t.description) // texts and numbers alone: there's nothing that could fail
	return b.String()
}

// MarshalJSON implements json.Marshaler by the description.
func (t *Topology) MarshalJSON() ([]byte, error) { return json.Marshal(t.description) }

// describe makes the description of a graph without mistakes.
func describe(g *graph.Graph) *Description {
	d := &Description{Version: descriptionVersion}
	for i, part := range g.Parts() {
		sub := SubTopologyDescription{ID: int32(i), Global: part.Global}
		for _, n := range part.Nodes {
			sub.Nodes = append(sub.Nodes, describeNode(n))
		}
		for _, s := range part.Stores {
			sub.Stores = append(sub.Stores, describeStore(s))
		}
		for _, c := range part.CoPartitioned {
			if len(c.Topics) > 1 {
				sub.CoPartitioned = append(sub.CoPartitioned, c.Topics)
			}
		}
		d.SubTopologies = append(d.SubTopologies, sub)
	}
	return d
}

func describeNode(n *graph.Node) NodeDescription {
	d := NodeDescription{
		Name: n.Name, Kind: ProcessorNode, Internal: n.Repartition != nil, Key: n.Key, Value: n.Value,
		Stores: slices.Sorted(slices.Values(n.Stores)),
	}
	switch n.Kind {
	case graph.Source:
		d.Kind, d.Topics, d.Reset = SourceNode, n.Topics(), resetName(n.Reset)
		if n.Pattern != nil {
			d.Pattern = n.Pattern.String()
		}
		d.IdleTimeoutMs = n.Idle.Milliseconds()
	case graph.Sink:
		d.Kind = SinkNode
		if n.Topic != "" {
			d.Topics = []string{n.Topic}
		}
	}
	if n.Repartition != nil {
		d.Partitions = n.Repartition.Partitions
	}
	for _, c := range n.Children() {
		d.Next = append(d.Next, c.Name)
	}
	return d
}

func describeStore(s graph.Store) StoreDescription {
	return StoreDescription{
		Name: s.Name, Kind: storeKind(s.Spec), Logged: !s.LoggingDisabled, RestoredFrom: s.RestoredFrom, InMemory: s.InMemory,
		WindowSizeMs: wholeMs(s.WindowSize), RetentionMs: wholeMs(s.Retention),
		Key: s.Key, Value: s.Value, TopicConfig: s.TopicConfig,
	}
}

// wholeMs keeps a duration without an end apart from a long one.
func wholeMs(d time.Duration) int64 {
	if d == math.MaxInt64 {
		return math.MaxInt64
	}
	return d.Milliseconds()
}

func resetName(r plan.OffsetReset) string {
	switch r {
	case plan.Latest:
		return "latest"
	case plan.ResetNone:
		return "none"
	}
	return "earliest"
}

// The kinds of stores as descriptions name them. The names are kept in files, so
// they never change.
const (
	keyValueStore      = "key-value"
	plainKeyValueStore = "plain-key-value"
)

func storeKind(s statestore.Spec) string {
	switch s.Kind {
	case statestore.TimestampedKeyValue:
		return keyValueStore
	case statestore.PlainKeyValue:
		if s.ValueFormat != 0 {
			return "suppress-buffer"
		}
		return plainKeyValueStore
	case statestore.TimestampedWindow:
		return "window"
	case statestore.SessionWindow:
		return "session"
	case statestore.DuplicateWindow:
		return "join-window"
	case statestore.VersionedKeyValue:
		return "versioned"
	}
	return s.Kind.String()
}
