package topology

import (
	"encoding/json"
	"errors"
	"fmt"
)

// descriptionVersion is the version of the JSON form. Fields may be added to a
// version; a change of what a field means takes a new one.
const descriptionVersion = 1

// Description is a topology as data: what [Topology.JSON] writes and
// [ParseDescription] reads, and what [Diff] compares. The form is that of
// docs/format/topology.md.
type Description struct {
	// Version is that of the form, 1.
	Version int `json:"version"`
	// SubTopologies are in the order of their IDs.
	SubTopologies []SubTopologyDescription `json:"subTopologies"`
}

// SubTopologyDescription is a part of a topology whose nodes run in one task.
type SubTopologyDescription struct {
	// ID is the first part of the ids of its tasks.
	ID int32 `json:"id"`
	// Global says that every process applies its topic as a whole to its store, so that
	// it has no tasks.
	Global bool `json:"global,omitempty"`
	// Nodes are in the order in which they were written, so parents come first.
	Nodes []NodeDescription `json:"nodes"`
	// Stores are sorted by name.
	Stores []StoreDescription `json:"stores,omitempty"`
	// CoPartitioned are sets of topics that need equal partition counts.
	CoPartitioned [][]string `json:"coPartitioned,omitempty"`
}

// NodeKind is a node's place in its sub-topology.
type NodeKind string

// The kinds.
const (
	// SourceNode reads topics.
	SourceNode NodeKind = "source"
	// ProcessorNode takes the records of other nodes.
	ProcessorNode NodeKind = "processor"
	// SinkNode writes a topic.
	SinkNode NodeKind = "sink"
)

// NodeDescription is one step of a topology.
type NodeDescription struct {
	Name string   `json:"name"`
	Kind NodeKind `json:"kind"`
	// Topics are what a source reads or a sink writes, internal ones without the
	// application id in front. A sink that chooses the topic of each record has none.
	Topics []string `json:"topics,omitempty"`
	// Pattern is the regular expression of a source that reads all topics which it
	// matches.
	Pattern string `json:"pattern,omitempty"`
	// Internal says that the topic is one between sub-topologies, which the
	// application creates.
	Internal bool `json:"internal,omitempty"`
	// Partitions is the count of an internal topic that was asked for, 0 where it
	// follows from the topics that feed it.
	Partitions int32 `json:"partitions,omitempty"`
	// Reset is where a source begins without a committed offset: earliest, latest or
	// none.
	Reset string `json:"reset,omitempty"`
	// IdleTimeoutMs is a source's idle timeout in milliseconds, 0 for none.
	IdleTimeoutMs int64 `json:"idleTimeoutMs,omitempty"`
	// Key and Value are the Go types of the serdes of a source or a sink.
	Key   string `json:"key,omitempty"`
	Value string `json:"value,omitempty"`
	// Stores are the names of the stores that the node uses, sorted.
	Stores []string `json:"stores,omitempty"`
	// Next are the nodes that take the node's records.
	Next []string `json:"next,omitempty"`
}

// places returns what the node reads or writes: topics, or a pattern of them.
func (n *NodeDescription) places() []string {
	if n.Pattern != "" {
		return []string{n.Pattern}
	}
	return n.Topics
}

// StoreDescription is a state store.
type StoreDescription struct {
	Name string `json:"name"`
	// Kind is how its rows and its changelog are laid out, for instance key-value or
	// window.
	Kind string `json:"kind"`
	// Logged says that it has a changelog topic.
	Logged bool `json:"logged"`
	// RestoredFrom is the source topic that stands for the changelog, empty where none
	// does.
	RestoredFrom string `json:"restoredFrom,omitempty"`
	// InMemory says that nothing of it is on disk.
	InMemory bool `json:"inMemory,omitempty"`
	// WindowSizeMs is the length of its windows in milliseconds, 0 where rows have
	// none or each its own.
	WindowSizeMs int64 `json:"windowSizeMs,omitempty"`
	// RetentionMs is how long it keeps rows that expire with time, in milliseconds, 0
	// where none do.
	RetentionMs int64 `json:"retentionMs,omitempty"`
	// Key and Value are the Go types of its serdes, empty where they aren't known.
	Key   string `json:"key,omitempty"`
	Value string `json:"value,omitempty"`
	// TopicConfig is what the changelog's configs are overridden with.
	TopicConfig map[string]string `json:"topicConfig,omitempty"`
}

// ParseDescription reads what [Topology.JSON] has written, for instance with the
// last release. Fields that aren't known are passed over; another version, or
// nodes that don't fit together, are an error.
func ParseDescription(text []byte) (*Description, error) {
	d := new(Description)
	if err := json.Unmarshal(text, d); err != nil {
		return nil, fmt.Errorf("topology description: %w", err)
	}
	if d.Version != descriptionVersion {
		return nil, fmt.Errorf("topology description: it has version %d, this program reads %d", d.Version, descriptionVersion)
	}
	if err := d.check(); err != nil {
		return nil, fmt.Errorf("topology description: %w", err)
	}
	return d, nil
}

// check returns what doesn't fit together.
func (d *Description) check() error {
	var bad []error
	nodes, stores := map[string]bool{}, map[string]bool{}
	for i, sub := range d.SubTopologies {
		if sub.ID != int32(i) {
			bad = append(bad, fmt.Errorf("sub-topology %d is at place %d", sub.ID, i))
		}
		for _, s := range sub.Stores {
			if s.Name == "" || stores[s.Name] {
				bad = append(bad, fmt.Errorf("store name %q: it's empty or there twice", s.Name))
			}
			stores[s.Name] = true
		}
		bad = append(bad, sub.check(nodes))
	}
	return errors.Join(bad...)
}

// check notes the names of the nodes, and returns what's wrong with them.
func (s *SubTopologyDescription) check(seen map[string]bool) error {
	var bad []error
	own := map[string]bool{}
	for _, n := range s.Nodes {
		if n.Name == "" || seen[n.Name] {
			bad = append(bad, fmt.Errorf("node name %q: it's empty or there twice", n.Name))
		}
		seen[n.Name], own[n.Name] = true, true
		if n.Kind != SourceNode && n.Kind != ProcessorNode && n.Kind != SinkNode {
			bad = append(bad, fmt.Errorf("node %q has the unknown kind %q", n.Name, n.Kind))
		}
	}
	for _, n := range s.Nodes {
		for _, next := range n.Next {
			if !own[next] {
				bad = append(bad, fmt.Errorf("node %q leads to %q, which isn't in its sub-topology", n.Name, next))
			}
		}
	}
	return errors.Join(bad...)
}
