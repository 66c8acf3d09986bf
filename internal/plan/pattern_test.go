package plan

import (
	"fmt"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/oncestream/oncestream/statestore"
)

func pattern(t *testing.T, text string) *Pattern {
	t.Helper()
	p, err := NewPattern(regexp.MustCompile(text))
	if err != nil {
		t.Fatal(err)
	}
	return p
}

func TestPatternMatchesWholeNames(t *testing.T) {
	for text, names := range map[string]map[string]bool{
		"a|ab":    {"a": true, "ab": true, "abc": false, "xa": false},
		"(?i)a.*": {"A": true, "abc": true, "ba": false},
		"":        {"": true, "a": false},
		"^a$":     {"a": true, "a\nb": false},
	} {
		for name, want := range names {
			if got := pattern(t, text).Match(name); got != want {
				t.Errorf("%q matches %q: %t", text, name, got)
			}
		}
	}
}

// matched reads a pattern and a topic, writes a repartition topic and another one with
// a count of its own, and joins the pattern with a table. Apart from that it reads a
// topic that can't get more partitions, and one that can.
func matched(t *testing.T) *Plan {
	by, fixed, apart, grown := &Repartition{}, &Repartition{Partitions: 7}, &Repartition{}, &Repartition{}
	state := []statestore.Spec{{Name: "state"}}
	return &Plan{SubTopologies: []*SubTopology{
		{ID: 0,
			Sources:       []*Source{{Node: "events", Pattern: pattern(t, "e-.*"), Reset: Latest}, {Node: "table", Topic: "rows"}},
			Sinks:         []*Sink{{Node: "by-sink", Topic: "by", Repartition: by}, {Node: "fixed-sink", Topic: "fixed", Repartition: fixed}},
			CoPartitioned: []CoPartition{{Node: "join", Topics: []string{"rows"}, Patterns: []string{"events"}}},
		},
		{ID: 1, Sources: []*Source{{Node: "by", Topic: "by", Repartition: by}, {Node: "fixed", Topic: "fixed", Repartition: fixed}}},
		{ID: 2, Sources: []*Source{{Node: "other", Topic: "other"}}, Sinks: []*Sink{{Node: "apart-sink", Topic: "apart", Repartition: apart}}, Stores: state},
		{ID: 3, Sources: []*Source{{Node: "apart", Topic: "apart", Repartition: apart}}},
		{ID: 4, Sources: []*Source{{Node: "growing", Topic: "growing"}}, Sinks: []*Sink{{Node: "grown-sink", Topic: "grown", Repartition: grown}}},
		{ID: 5, Sources: []*Source{{Node: "grown", Topic: "grown", Repartition: grown}}, Stores: state},
	}}
}

func TestPlanMatch(t *testing.T) {
	p := matched(t)
	got, err := p.Match([]string{"e-2", "x", "e-1"}, map[string]int32{"by": 3, "fixed": 5, "apart": 4, "grown": 2})
	if err != nil {
		t.Fatal(err)
	}
	var lines []string
	for _, sub := range got.SubTopologies {
		for _, s := range sub.Sources {
			count := int32(-1)
			if s.Repartition != nil {
				count = s.Repartition.Partitions
			}
			lines = append(lines, fmt.Sprint(sub.ID, s.Node, s.Topic, s.Reset, count))
		}
		for _, s := range sub.Sinks {
			lines = append(lines, fmt.Sprint(sub.ID, s.Node, s.Topic, s.Repartition.Partitions))
		}
		for _, g := range sub.CoPartitioned {
			lines = append(lines, fmt.Sprint(sub.ID, g.Node, g.Topics))
		}
	}
	want := []string{
		fmt.Sprint(int32(0), "events", "e-1", Latest, int32(-1)), fmt.Sprint(int32(0), "events", "e-2", Latest, int32(-1)),
		fmt.Sprint(int32(0), "table", "rows", Earliest, int32(-1)),
		fmt.Sprint(int32(0), "by-sink", "by", int32(3)), fmt.Sprint(int32(0), "fixed-sink", "fixed", int32(7)),
		fmt.Sprint(int32(0), "join", []string{"rows", "e-1", "e-2"}),
		fmt.Sprint(int32(1), "by", "by", Earliest, int32(3)), fmt.Sprint(int32(1), "fixed", "fixed", Earliest, int32(7)),
		fmt.Sprint(int32(2), "other", "other", Earliest, int32(-1)),
		fmt.Sprint(int32(2), "apart-sink", "apart", int32(0)), // follows from its topic, as before
		fmt.Sprint(int32(3), "apart", "apart", Earliest, int32(0)),
		fmt.Sprint(int32(4), "growing", "growing", Earliest, int32(-1)), fmt.Sprint(int32(4), "grown-sink", "grown", int32(2)),
		fmt.Sprint(int32(5), "grown", "grown", Earliest, int32(2)),
	}
	if !slices.Equal(lines, want) {
		t.Errorf("got\n%s\nwant\n%s", strings.Join(lines, "\n"), strings.Join(want, "\n"))
	}
	if p.SubTopologies[0].Sources[0].Topic != "" || p.SubTopologies[0].Sinks[0].Repartition.Partitions != 0 {
		t.Error("the plan itself was changed")
	}
}

func TestPlanGrows(t *testing.T) {
	p := matched(t)
	for topic, want := range map[string]bool{"growing": true, "other": false, "rows": false, "grown": false, "unknown": false} {
		if got := p.Grows(topic); got != want {
			t.Errorf("partitions added to %s are read: %t, want %t", topic, got, want)
		}
	}
	p.SubTopologies[5].Sources = append(p.SubTopologies[5].Sources, &Source{Node: "again", Topic: "growing"})
	if p.Grows("growing") {
		t.Error("partitions are added to a topic that's also read where there's state")
	}
}

func TestPlanMatchRefusesOverlaps(t *testing.T) {
	p := matched(t)
	p.SubTopologies[2].Sources = append(p.SubTopologies[2].Sources, &Source{Node: "second", Pattern: pattern(t, ".-1")})
	if _, err := p.Match([]string{"e-2", "x-1"}, nil); err != nil {
		t.Error(err)
	}
	_, err := p.Match([]string{"e-1"}, nil)
	if err == nil || !strings.Contains(err.Error(), `second: topic "e-1" is matched by the pattern .-1, but also by that of events`) {
		t.Error(err)
	}
}
