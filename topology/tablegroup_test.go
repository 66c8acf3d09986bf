package topology_test

import (
	"strconv"
	"strings"
	"testing"

	"github.com/oncestream/oncestream/topology"
	"github.com/oncestream/oncestream/topology/serde"
)

// byColon cuts a value into group and member.
func byColon(_, v string) (group, member string) {
	group, member, _ = strings.Cut(v, ":")
	return group, member
}

func atoi(s string) int {
	n, _ := strconv.Atoi(s)
	return n
}

func TestAggregateOfAGroupedTable(t *testing.T) {
	b := topology.NewBuilder()
	b.Table("in", str, topology.StoreAs("src", str, topology.IfNeeded())).
		GroupBy("grp", byColon, str, str).
		Aggregate(func() string { return "" },
			func(_, v, a string) string { return a + "+" + v },
			func(_, v, a string) string { return a + "-" + v },
			topology.StoreAs("agg", str)).
		ToStream().To("out", str, str)
	h := newHarness(t, b)
	h.run(
		input{"in", "a", "x:1", 1}, input{"in", "b", "x:2", 2}, input{"in", "a", "y:1", 3}, input{"in", "b", "x:5", 4},
		input{"in", "b", "x:5", 5}, input{"in", "a", null, 6}, input{"in", "a", null, 7}, input{"in", "c", "z:9", 8},
	)
	h.want("grp-repartition", "x=1\x01@1", "x=2\x01@2", "x=1\x00@3", "y=1\x01@3", "x=\x0252\x02@4", "x=\x0255\x02@5", "y=1\x00@6", "z=9\x01@8")
	h.want("out", "x=+1@1", "x=+1+2@2", "x=+1+2-1@3", "y=+1@3", "x=+1+2-1-2+5@4", "x=+1+2-1-2+5-5+5@5", "y=+1-1@6", "z=+9@8")
	h.wantRows("agg", "x=+1+2-1-2+5-5+5@5", "y=+1-1@6", "z=+9@8")
	h.wantRows("src", "b=x:5@5", "c=z:9@8")
}

func TestCountAndReduceOfAGroupedTable(t *testing.T) {
	b := topology.NewBuilder()
	g := b.Table("in", str, topology.StoreAs("src", str)).GroupBy("grp", byColon, str, str)
	g.Count(topology.StoreAs("cnt", number)).ToStream().To("counts", str, number)
	g.Reduce(
		func(a, v string) string { return strconv.Itoa(atoi(a) + atoi(v)) },
		func(a, v string) string { return strconv.Itoa(atoi(a) - atoi(v)) },
		topology.StoreAs("red", str), topology.Named("sum")).ToStream().To("sums", str, str)
	h := newHarness(t, b)
	h.run(
		input{"in", "a", "x:1", 1}, input{"in", "b", "x:10", 2}, input{"in", "a", "x:2", 3},
		input{"in", "a", "y:3", 4}, input{"in", "b", null, 5}, input{"in", "c", "x:100", 3},
	)
	h.want("grp-repartition", "x=1\x01@1", "x=10\x01@2", "x=\x0221\x02@3", "x=2\x00@4", "y=3\x01@4", "x=10\x00@5", "x=100\x01@3")
	h.want("counts", "x=1@1", "x=2@2", "x=2@3", "x=1@4", "y=1@4", "x=0@5", "x=1@5")
	h.want("sums", "x=1@1", "x=11@2", "x=12@3", "x=10@4", "y=3@4", "x=0@5", "x=100@5")
}

// A nil group or value keeps a row out of all groups, each side of a change on
// its own; a nil result of sub deletes the group's row.
func TestRowsWithoutAGroup(t *testing.T) {
	b := topology.NewBuilder()
	field := func(s string) *string {
		if s == "" {
			return nil
		}
		return &s
	}
	b.Table("in", str, topology.StoreAs("src", str)).
		GroupBy("grp", func(k, v string) (*string, *string) {
			group, member := byColon(k, v)
			return field(group), field(member)
		}, text{}, text{}).
		Reduce(func(a, v *string) *string { return ptr(*a + *v) }, func(a, v *string) *string { return nil }, topology.StoreAs("red", text{})).
		ToStream().To("out", text{}, text{})
	h := newHarness(t, b)
	h.run(
		input{"in", "a", "x:1", 1}, input{"in", "b", ":2", 2}, input{"in", "b", "x:", 3},
		input{"in", "b", "x:4", 4}, input{"in", "a", ":", 5}, input{"in", "b", null, 6},
	)
	h.want("out", "x=1@1", "x=14@4", "x=<null>@5", "x=<null>@6")
	h.wantRows("red")
}

// An aggregate that is changed in place doesn't change the old value that goes
// with it.
func TestOldValueOfAnAggregateChangedInPlace(t *testing.T) {
	type total struct{ Sums map[string]int }
	totals := serde.JSON[*total]()
	zero := func() *total { return &total{Sums: map[string]int{}} }
	add := func(k, v string, a *total) *total {
		a.Sums[k] += atoi(v)
		return a
	}
	sub := func(k, v string, a *total) *total {
		a.Sums[k] -= atoi(v)
		return a
	}
	regroup := func(t *topology.Table[string, *total], name string) {
		t.GroupBy(name, func(k string, v *total) (string, string) { return "all", strconv.Itoa(v.Sums[k]) }, str, str).
			Aggregate(func() string { return "" },
				func(_, v, a string) string { return a + "+" + v },
				func(_, v, a string) string { return a + "-" + v }, topology.StoreAs(name, str)).
			ToStream().To(name, str, str)
	}
	b := topology.NewBuilder()
	regroup(b.Stream("s", str, str).GroupByKey(str, str).Aggregate(zero, add, topology.StoreAs("totals", totals)), "of-stream")
	regroup(b.Table("t", str, topology.StoreAs("src", str)).GroupBy("g", byColon, str, str).
		Aggregate(zero, add, sub, topology.StoreAs("totals2", totals)), "of-table")
	h := newHarness(t, b)
	h.run(
		input{"s", "a", "1", 1}, input{"s", "a", "2", 2}, input{"s", "a", "4", 3},
		input{"t", "1", "x:1", 1}, input{"t", "2", "x:2", 2}, input{"t", "1", "x:4", 3}, input{"t", "1", null, 4},
	)
	h.want("of-stream", "all=+1@1", "all=+1-1+3@2", "all=+1-1+3-3+7@3")
	h.want("of-table", "all=+1@1", "all=+1-1+3@2", "all=+1-1+3-3+6@3", "all=+1-1+3-3+6-6+2@4")
}
