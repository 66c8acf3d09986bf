package topology

import (
	"cmp"
	"fmt"
	"slices"
	"strings"
)

// Severity says what a difference between two topologies does to an application
// that goes on with the second one.
type Severity uint8

// The severities, the mildest first.
const (
	// Compatible: nothing has to be done.
	Compatible Severity = iota
	// NeedsCare: state and records stay, but something has to be done or known before
	// the change is rolled out.
	NeedsCare
	// LosesState: state, or records on their way, are left behind.
	LosesState
)

// String returns the severity in lower case.
func (s Severity) String() string {
	names := [...]string{"compatible", "needs care", "loses state"}
	if int(s) < len(names) {
		return names[s]
	}
	return fmt.Sprintf("severity(%d)", uint8(s))
}

// MarshalText implements encoding.TextMarshaler by String.
func (s Severity) MarshalText() ([]byte, error) { return []byte(s.String()), nil }

// DifferenceKind says what differs between two topologies.
type DifferenceKind string

// The kinds. Difference.Name is the name of the store, or of the topic, without
// the application id in front, or the id of the sub-topology in the first topology.
const (
	StoreAdded     DifferenceKind = "store added"
	StoreRemoved   DifferenceKind = "store removed"
	StoreRenamed   DifferenceKind = "store renamed" // as far as can be told: all but the name is the same
	StoreKind      DifferenceKind = "store kind changed"
	StoreLogging   DifferenceKind = "store logging changed"
	StorePlace     DifferenceKind = "store place changed" // in memory or on disk
	StoreWindows   DifferenceKind = "store window size changed"
	StoreRetention DifferenceKind = "store retention changed"
	StoreConfig    DifferenceKind = "store topic config changed"
	StoreSerde     DifferenceKind = "store serde changed"
	StoreInputs    DifferenceKind = "store inputs changed"

	RepartitionAdded      DifferenceKind = "repartition topic added"
	RepartitionRemoved    DifferenceKind = "repartition topic removed"
	RepartitionPartitions DifferenceKind = "repartition topic partitions changed"
	RepartitionSerde      DifferenceKind = "repartition topic serde changed"

	SourceAdded   DifferenceKind = "source topic added"
	SourceRemoved DifferenceKind = "source topic removed"
	SourceReset   DifferenceKind = "source reset policy changed"
	SourceSerde   DifferenceKind = "source serde changed"
	SinkAdded     DifferenceKind = "sink topic added"
	SinkRemoved   DifferenceKind = "sink topic removed"
	SinkSerde     DifferenceKind = "sink serde changed"

	SubTopologyRenumbered DifferenceKind = "sub-topology renumbered"
	SubTopologySplit      DifferenceKind = "sub-topology split"
	SubTopologyMerged     DifferenceKind = "sub-topology merged"
)

// Difference is one difference between two topologies.
type Difference struct {
	Kind     DifferenceKind `json:"kind"`
	Name     string         `json:"name"`
	Severity Severity       `json:"severity"`
	// Effect is what happens to the state of a running application.
	Effect string `json:"effect"`
	// Remedy is what to do, or to know; empty where that's nothing.
	Remedy string `json:"remedy,omitempty"`
}

// String returns the difference in one line.
func (d Difference) String() string {
	s := fmt.Sprintf("%s: %s %s: %s", d.Severity, d.Kind, d.Name, d.Effect)
	if d.Remedy != "" {
		s += ": " + d.Remedy
	}
	return s
}

// Differences are what Diff has found, the most severe first.
type Differences []Difference

// Severity returns the highest severity, Compatible where there's no difference.
func (d Differences) Severity() Severity {
	worst := Compatible
	for _, each := range d {
		worst = max(worst, each.Severity)
	}
	return worst
}

// String returns a line for each difference.
func (d Differences) String() string {
	var b strings.Builder
	for _, each := range d {
		b.WriteString(each.String())
		b.WriteByte('\n')
	}
	return b.String()
}

// Describer is a [Topology], or the [Description] of one that was kept.
type Describer interface {
	Description() *Description
}

// Description returns d.
func (d *Description) Description() *Description { return d }

// Diff returns what becomes of an application's state, topics and tasks where it
// goes on with another topology under the same application id. Steps that keep
// nothing, such as filters, make no difference. What functions and serdes do isn't
// known: of serdes it's their Go types that are compared.
//
// A nil topology is an empty one.
func Diff(before, after Describer) Differences {
	c := comparison{before: newIndex(before), after: newIndex(after)}
	c.stores()
	c.globals()
	c.repartitions()
	c.sources()
	c.sinks()
	c.subTopologies()
	slices.SortStableFunc(c.found, func(a, b Difference) int {
		return cmp.Or(cmp.Compare(b.Severity, a.Severity), cmp.Compare(a.Kind, b.Kind), cmp.Compare(a.Name, b.Name))
	})
	return c.found
}

// comparison collects the differences.
type comparison struct {
	before, after *index
	found         Differences
}

func (c *comparison) note(kind DifferenceKind, name string, s Severity, effect, remedy string) {
	c.found = append(c.found, Difference{Kind: kind, Name: name, Severity: s, Effect: effect, Remedy: remedy})
}
