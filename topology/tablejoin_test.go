package topology_test

import (
	"testing"

	"github.com/oncestream/oncestream/topology"
)

func outerBar(a, b *string) string { return shown(a) + "|" + shown(b) }

// leftAndRight are two tables for a join.
func leftAndRight(b *builder) (left, right *strTable) {
	return b.Table("left", str, topology.StoreAs("l", str)), b.Table("right", str, topology.StoreAs("r", str))
}

func TestJoinOfTables(t *testing.T) {
	b := topology.NewBuilder()
	left, right := leftAndRight(b)
	left.Join(right, func(a, b string) *string {
		if a == b {
			return nil
		}
		return ptr(a + "|" + b)
	}).Materialize(topology.StoreAs("joined", text{})).ToStream().To("out", str, text{})
	left.Join(right, bar, topology.Named("plain")).ToStream().To("out2", str, str)
	h := newHarness(t, b)
	h.run(
		input{"left", "a", "1", 10}, input{"right", "a", "2", 5}, input{"left", "a", "3", 20}, input{"left", "a", "2", 30},
		input{"left", "a", null, 40}, input{"left", "a", null, 50}, input{"right", "b", "9", 60}, input{"right", "b", null, 70},
		input{"left", "b", "8", 80}, input{"right", "a", null, 90}, input{"left", null, "x", 100},
	)
	h.want("out", "a=1|2@10", "a=3|2@20", "a=<null>@30", "a=<null>@40", "a=<null>@50")
	h.want("out2", "a=1|2@10", "a=3|2@20", "a=2|2@30", "a=<null>@40", "a=<null>@50")
	h.wantRows("joined")
	h.wantDropped("KTABLE-SOURCE-0000000001 null_key")
}

func TestLeftJoinOfTables(t *testing.T) {
	b := topology.NewBuilder()
	left, right := leftAndRight(b)
	left.LeftJoin(right, leftBar).Materialize(topology.StoreAs("joined", str)).ToStream().To("out", str, str)
	left.LeftJoin(right, leftBar).ToStream().To("out2", str, str)
	h := newHarness(t, b)
	h.run(
		input{"right", "a", "r1", 10}, input{"right", "a", null, 20}, input{"left", "a", "l1", 30}, input{"right", "a", "r2", 25},
		input{"right", "a", null, 40}, input{"left", "a", null, 50}, input{"left", "b", "l2", 60}, input{"right", "b", "r3", 70},
		input{"left", "b", null, 65}, input{"right", "b", "r4", 80},
	)
	want := []string{"a=l1|nil@30", "a=l1|r2@30", "a=l1|nil@40", "a=<null>@50", "b=l2|nil@60", "b=l2|r3@70", "b=<null>@70"}
	h.want("out", want...)
	h.want("out2", want...)
	h.wantRows("joined")
}

func TestOuterJoinOfTables(t *testing.T) {
	b := topology.NewBuilder()
	left, right := leftAndRight(b)
	joined := left.OuterJoin(right, outerBar, topology.Named("outer")).Materialize(topology.StoreAs("joined", str))
	joined.ToStream().To("out", str, str)
	// It needs the old values of the join.
	joined.Filter(func(_, v string) bool { return v[:3] == "nil" || v[len(v)-3:] == "nil" }).ToStream().To("half", str, str)
	h := newHarness(t, b)
	h.run(
		input{"right", "a", "r1", 10}, input{"left", "a", "l1", 5}, input{"right", "a", null, 20}, input{"left", "a", null, 30},
		input{"left", "a", null, 35}, input{"left", "b", "l2", 40}, input{"right", "b", "r2", 50}, input{"left", "b", null, 60},
		input{"right", "b", "r3", 70}, input{"right", "b", null, 80},
	)
	h.want("out", "a=nil|r1@10", "a=l1|r1@10", "a=l1|nil@20", "a=<null>@30",
		"b=l2|nil@40", "b=l2|r2@50", "b=nil|r2@60", "b=nil|r3@70", "b=<null>@80")
	h.want("half", "a=nil|r1@10", "a=<null>@10", "a=l1|nil@20", "a=<null>@30",
		"b=l2|nil@40", "b=<null>@50", "b=nil|r2@60", "b=nil|r3@70", "b=<null>@80")
	h.wantRows("joined")
}

// A join that isn't stored is read through both its tables.
func TestRowsOfJoins(t *testing.T) {
	for _, c := range []struct {
		name string
		join func(left, right *strTable) *strTable
		want []string
	}{
		{"inner", func(l, r *strTable) *strTable { return l.Join(r, bar) },
			[]string{"a=both|l|r@3"}},
		{"left", func(l, r *strTable) *strTable { return l.LeftJoin(r, leftBar) },
			[]string{"a=both|l|r@3", "a=left|l|nil@5"}},
		{"outer", func(l, r *strTable) *strTable { return l.OuterJoin(r, outerBar) },
			[]string{"a=both|l|r@3", "a=left|l|nil@5", "a=right|nil|r@8"}},
	} {
		t.Run(c.name, func(t *testing.T) {
			b := topology.NewBuilder()
			s := b.Stream("s", str, str)
			joined := c.join(leftAndRight(b))
			s.JoinTable(joined, bar).To("out", str, str)
			joined.Join(b.Table("third", str, topology.StoreAs("t", str)), bar).ToStream().To("times", str, str)
			h := newHarness(t, b)
			h.run(
				input{"left", "a", "l", 1}, input{"right", "a", "r", 7}, input{"s", "a", "both", 3}, input{"third", "a", "t", 2},
				input{"right", "a", null, 4}, input{"s", "a", "left", 5},
				input{"left", "a", null, 6}, input{"right", "a", "r", 7}, input{"s", "a", "right", 8},
			)
			h.want("out", c.want...)
			if got := h.outputs["times"][0]; got != "a=l|r|t@7" {
				t.Errorf("the row's time is the higher one: got %s", got)
			}
		})
	}
}

// Both sides of a self-join see each change, the right one after the left one. Neither
// sees the other's row when it's deleted, and the result goes all the same.
func TestSelfJoinOfATable(t *testing.T) {
	b := topology.NewBuilder()
	tab := b.Table("in", str, topology.StoreAs("t", str))
	tab.Join(tab, bar).ToStream().To("out", str, str)
	h := newHarness(t, b)
	h.run(input{"in", "a", "1", 1}, input{"in", "a", "2", 2}, input{"in", "a", null, 3})
	h.want("out", "a=1|1@1", "a=1|1@1", "a=2|2@2", "a=2|2@2", "a=<null>@3", "a=<null>@3")
}

func TestTablesOfAJoinArePartitionedAlike(t *testing.T) {
	b := topology.NewBuilder()
	left, right := leftAndRight(b)
	left.Join(right, bar, topology.Named("j"))
	p := build(t, b).Plan()
	if _, err := p.Resolve(map[string]int32{"left": 3, "right": 2}); err == nil {
		t.Error("different partition counts are accepted")
	}
	if _, err := p.Resolve(map[string]int32{"left": 3, "right": 3}); err != nil {
		t.Error(err)
	}
}
