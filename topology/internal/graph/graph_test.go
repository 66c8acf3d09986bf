package graph

import (
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/oncestream/oncestream/internal/plan"
	"github.com/oncestream/oncestream/internal/record"
	"github.com/oncestream/oncestream/statestore"
)

// names of the nodes of each sub-topology, in one line each
func groupNames(g *Graph) string {
	var lines []string
	for id, nodes := range g.groups() {
		line := fmt.Sprint(id, ":")
		for _, n := range nodes {
			line += " " + n.Name
		}
		lines = append(lines, line)
	}
	return strings.Join(lines, "\n")
}

func source(g *Graph, name string) *Node {
	return g.Add(&Node{Name: name, Kind: Source, Topic: name + "-topic"})
}

func TestGroupsAreNumberedByTheirFirstNode(t *testing.T) {
	g := New()
	a, b := source(g, "a"), source(g, "b")
	source(g, "alone")
	r := g.Repartition("user", "r", 0, b)
	g.Add(&Node{Name: "keeper", Stores: []string{"s"}}, r.Source)
	g.Add(&Node{Name: "other user", Stores: []string{"s", "s2"}}, a)
	g.Add(&Node{Name: "third user", Stores: []string{"s2"}}, source(g, "c"))
	want := "0: a r-source keeper other user c third user\n1: b r-filter r-sink\n2: alone"
	if got := groupNames(g); got != want {
		t.Errorf("got\n%s\nwant\n%s", got, want)
	}
}

func TestKeepsNullKeysLooksBeyondTopicsAndDiamonds(t *testing.T) {
	g := New()
	first := source(g, "in")
	last := first
	for i := range 64 { // 2^64 ways through
		left := g.Add(&Node{Name: fmt.Sprint("left", i)}, last)
		right := g.Add(&Node{Name: fmt.Sprint("right", i)}, last)
		last = g.Add(&Node{Name: fmt.Sprint("both", i)}, left, right)
	}
	r := g.Repartition("user", "r", 0, last)
	if first.KeepsNullKeys() {
		t.Error("null keys are kept for nobody")
	}
	g.Add(&Node{Name: "left join", NullKeys: true}, r.Source)
	if !first.KeepsNullKeys() || !r.Filter.KeepsNullKeys() {
		t.Error("null keys aren't kept for the join")
	}
}

func TestCheckName(t *testing.T) {
	for _, name := range []string{"a", "A-Z_0.9", "...", strings.Repeat("x", 249)} {
		if err := CheckName(name); err != nil {
			t.Errorf("%q: %v", name, err)
		}
	}
	for _, name := range []string{"", ".", "..", "a b", "a/b", "\u00e4", strings.Repeat("x", 250)} {
		if CheckName(name) == nil {
			t.Errorf("%q is accepted", name)
		}
	}
}

func TestPlan(t *testing.T) {
	g := New()
	a, b := source(g, "a"), source(g, "b")
	r := g.Repartition("user", "r", 3, a)
	n := &Node{Name: "n", Stores: []string{"t", "s"}}
	g.AddStore(statestore.Spec{Name: "t"}, n)
	g.AddStore(statestore.Spec{Name: "s"}, n)
	g.Add(n, b, r.Source)
	g.CoPartition(n, b, r.Source, n)
	p, err := g.Plan()
	if err != nil {
		t.Fatal(err)
	}
	if len(p.SubTopologies) != 2 {
		t.Fatalf("%d sub-topologies", len(p.SubTopologies))
	}
	up, down := p.SubTopologies[0], p.SubTopologies[1]
	if len(up.Sinks) != 1 || up.Sinks[0].Repartition != down.Sources[1].Repartition || up.Sinks[0].Repartition.Partitions != 3 {
		t.Error("the ends of the repartition topic don't share its description")
	}
	if len(up.Stores) != 0 || len(down.Stores) != 2 || down.Stores[0].Name != "s" {
		t.Errorf("stores: %v and %v", up.Stores, down.Stores)
	}
	if got := down.CoPartitioned; len(got) != 1 || !slices.Equal(got[0].Topics, []string{"b-topic", "r"}) {
		t.Errorf("co-partitioned: %v", got)
	}
}

// A node with two parents is built once for each task, and again for the next.
func TestNodesAreBuiltOncePerTask(t *testing.T) {
	g := New()
	built := 0
	merge := &Node{Name: "merge", Build: func(*Task) (any, error) {
		built++
		return func() {}, nil
	}}
	process := func(*record.Record) error { return nil }
	for _, name := range []string{"a", "b"} {
		n := source(g, name)
		n.Build = func(t *Task) (any, error) {
			_, err := t.Entry(merge)
			return func() plan.Input { return plan.Input{Process: process} }, err
		}
	}
	g.Add(merge, g.names["a"], g.names["b"])
	p, err := g.Plan()
	if err != nil {
		t.Fatal(err)
	}
	for tasks := 1; tasks <= 2; tasks++ {
		chain, err := p.SubTopologies[0].Build(&plan.Env{})
		if err != nil {
			t.Fatal(err)
		}
		if len(chain.Inputs) != 2 || built != tasks {
			t.Errorf("%d sources, built %d times for %d tasks", len(chain.Inputs), built, tasks)
		}
	}
}

func TestBuildErrorsNameTheTask(t *testing.T) {
	g := New()
	bad := errors.New("no store")
	n := source(g, "a")
	n.Build = func(*Task) (any, error) { return nil, bad }
	p, err := g.Plan()
	if err != nil {
		t.Fatal(err)
	}
	env := &plan.Env{Task: plan.TaskID{Partition: 7}}
	if _, err = p.SubTopologies[0].Build(env); !errors.Is(err, bad) || !strings.Contains(err.Error(), "task 0_7") {
		t.Errorf("got %v", err)
	}
	n.Build = func(*Task) (any, error) { return 1, nil }
	if _, err = p.SubTopologies[0].Build(env); err == nil || !strings.Contains(err.Error(), "a is a int") {
		t.Errorf("got %v", err)
	}
}
