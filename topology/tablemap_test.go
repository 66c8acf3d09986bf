package topology_test

import (
	"strconv"
	"strings"
	"testing"

	"github.com/oncestream/oncestream/topology"
)

type strTable = topology.Table[string, string]

func above5(_, v string) bool {
	n, err := strconv.Atoi(v)
	return err == nil && n > 5
}

// numbers come and go on both sides of 5.
var numbers = []input{
	{"in", "a", "7", 1}, {"in", "a", "3", 2}, {"in", "a", "4", 3}, {"in", "b", "1", 4},
	{"in", "b", "9", 5}, {"in", "b", null, 6}, {"in", "b", null, 7},
}

func TestFilterOfATable(t *testing.T) {
	for _, c := range []struct {
		name          string
		stored        topology.Stored[string]
		passed, other []string
	}{
		// Without a store no one knows what a row was before, so each one that
		// doesn't pass is deleted.
		{"not stored", topology.StoreAs("src", str, topology.IfNeeded()),
			[]string{"a=7@1", "a=<null>@2", "a=<null>@3", "b=<null>@4", "b=9@5", "b=<null>@6", "b=<null>@7"},
			[]string{"a=<null>@1", "a=3@2", "a=4@3", "b=1@4", "b=<null>@5", "b=<null>@6", "b=<null>@7"}},
		{"stored", topology.StoreAs("src", str),
			[]string{"a=7@1", "a=<null>@2", "b=9@5", "b=<null>@6"},
			[]string{"a=3@2", "a=4@3", "b=1@4", "b=<null>@5"}},
	} {
		t.Run(c.name, func(t *testing.T) {
			b := topology.NewBuilder()
			tab := b.Table("in", str, c.stored)
			tab.Filter(above5).ToStream().To("passed", str, str)
			tab.FilterNot(above5, topology.Named("rest")).ToStream().To("other", str, str)
			h := newHarness(t, b)
			h.run(numbers...)
			h.want("passed", c.passed...)
			h.want("other", c.other...)
			h.wantDropped()
		})
	}
}

func TestMaterializedFilter(t *testing.T) {
	b := topology.NewBuilder()
	tab := b.Table("in", str, topology.StoreAs("src", str))
	tab.Filter(above5).Materialize(topology.StoreAs("big", str)).ToStream().To("passed", str, str)
	tab.FilterNot(above5).Materialize(topology.StoreAs("small", str)).ToStream().To("other", str, str)
	h := newHarness(t, b)
	h.run(numbers...)
	h.want("passed", "a=7@1", "a=<null>@2", "b=9@5", "b=<null>@6")
	h.want("other", "a=3@2", "a=4@3", "b=1@4", "b=<null>@5")
	h.wantRows("big")
	h.wantRows("small", "a=4@3")
	h.wantRows("src", "a=4@3")
}

// mapped is a chain with a store in its middle.
func mapped(b *builder) *strTable {
	return b.Table("in", str, topology.StoreAs("src", str, topology.IfNeeded())).
		MapValues(func(v string) string { return v + "!" }).
		MapValuesWithKey(func(k, v string) string { return k + "=" + v }).Materialize(topology.StoreAs("mid", str)).
		FilterNot(func(_, v string) bool { return strings.Contains(v, "z") }).
		MapValues(strings.ToUpper)
}

func TestMapValuesOfATable(t *testing.T) {
	b := topology.NewBuilder()
	mapped(b).ToStream().To("out", str, str)
	h := newHarness(t, b)
	h.run(
		input{"in", "a", "x", 1}, input{"in", "b", "z", 2}, input{"in", "a", "z", 3},
		input{"in", "a", null, 4}, input{"in", "b", "y", 5}, input{"in", "c", null, 6},
	)
	h.want("out", "a=A=X!@1", "a=<null>@3", "b=B=Y!@5")
	h.wantRows("mid", "b=b=y!@5")
	if len(h.stores) != 1 {
		t.Errorf("stores %v: the source table's isn't needed", h.stores)
	}
}

// Rows that no store has are made of those that a store has, whoever reads them.
func TestRowsAreReadThroughTheirTables(t *testing.T) {
	b := topology.NewBuilder()
	s := b.Stream("s", str, str)
	s.JoinTable(mapped(b), bar).To("joined", str, str)
	s.JoinTable(b.Table("in2", str, topology.StoreAs("src2", str, topology.IfNeeded())).Filter(above5), bar).To("joined2", str, str)
	h := newHarness(t, b)
	h.run(
		input{"in", "a", "x", 1}, input{"s", "a", "1", 2}, input{"in", "a", "z", 3}, input{"s", "a", "2", 4},
		input{"in2", "a", "9", 5}, input{"s", "a", "3", 6}, input{"in2", "a", "2", 7}, input{"s", "a", "4", 8},
	)
	h.want("joined", "a=1|A=X!@2")
	h.want("joined2", "a=3|9@6")
	h.wantRows("src2", "a=2@7")
}

// A function that answers nil deletes the row, wherever it's read.
func TestMapValuesToNilDeletes(t *testing.T) {
	b := topology.NewBuilder()
	tab := b.Table("in", str, topology.StoreAs("src", str)).MapValues(func(v string) *string {
		if v == "" {
			return nil
		}
		return &v
	})
	tab.ToStream().To("out", str, text{})
	kept := tab.MapValues(func(v *string) *string { return v }).Materialize(topology.StoreAs("kept", text{}))
	kept.ToStream().To("kept-out", str, text{})
	b.Stream("s", str, str).LeftJoinTable(tab, func(v string, row **string) string {
		if row == nil {
			return v + "|none"
		}
		return v + "|" + **row
	}).To("joined", str, str)
	h := newHarness(t, b)
	h.run(input{"in", "a", "x", 1}, input{"s", "a", "1", 2}, input{"in", "a", "", 3}, input{"s", "a", "2", 4})
	h.want("out", "a=x@1", "a=<null>@3")
	h.want("kept-out", "a=x@1", "a=<null>@3")
	h.want("joined", "a=1|x@2", "a=2|none@4")
	h.wantRows("kept")
}

// decodes counts how often it reads a value. It's used by one goroutine.
type decodes struct{ n *int }

func (decodes) Append(dst []byte, v string) ([]byte, error) { return append(dst, v...), nil }

func (d decodes) Decode(b []byte) (string, error) {
	*d.n++
	return string(b), nil
}

// A table reads the old value of a row only where something asked for it.
func TestOldValuesAreReadWhereTheyAreNeeded(t *testing.T) {
	for _, c := range []struct {
		name  string
		use   func(*builder, *strTable)
		reads int
	}{
		{"stream", func(_ *builder, t *strTable) { t.ToStream().To("out", str, str) }, 2},
		{"mapped", func(_ *builder, t *strTable) { t.MapValues(strings.ToUpper).ToStream().To("out", str, str) }, 2},
		{"stream-table join", func(b *builder, t *strTable) { b.Stream("s", str, str).JoinTable(t, bar) }, 2},
		{"filter", func(_ *builder, t *strTable) { t.MapValues(strings.ToUpper).Filter(above5) }, 3},
		{"grouping", func(_ *builder, t *strTable) {
			t.GroupBy("g", byColon, str, str).Count(topology.StoreAs("c", number))
		}, 3},
		{"foreign keys", func(b *builder, t *strTable) {
			other := b.Table("other", str, topology.StoreAs("other", str))
			other.JoinByForeignKey("fk", t, customerFirst, bar)
		}, 2},
	} {
		t.Run(c.name, func(t *testing.T) {
			b := topology.NewBuilder()
			n := 0
			c.use(b, b.Table("in", str, topology.StoreAs("src", decodes{&n})))
			newHarness(t, b).run(input{"in", "a", "x:1", 1}, input{"in", "a", "x:2", 2})
			if n != c.reads {
				t.Errorf("values were read %d times, want %d", n, c.reads)
			}
		})
	}
}

// A panic is told with the node whose function it's in, also where reading a row
// has called functions of another node before.
func TestNodesOfFunctionsThatReadRows(t *testing.T) {
	b := topology.NewBuilder()
	where := ""
	tab := b.Table("in", str, topology.StoreAs("src", str)).MapValues(func(v string) string {
		if where == "map" {
			panic(where)
		}
		return v
	}, topology.Named("map"))
	b.Stream("s", str, str).JoinTable(tab, func(a, b string) string { panic("join") }, topology.Named("join"))
	h := newHarness(t, b)
	h.run(input{"in", "a", "x", 1})
	for _, where = range []string{"join", "map"} {
		func() {
			defer func() {
				if got := recover(); got != where || h.envs[0].Node != where {
					t.Errorf("panic %v at node %q, want %q", got, h.envs[0].Node, where)
				}
			}()
			h.run(input{"s", "a", "1", 2})
		}()
	}
}

// Headers go with the changes of tables as they go with records.
func TestHeadersOfTables(t *testing.T) {
	b := topology.NewBuilder()
	tab := b.Table("in", str, topology.StoreAs("src", str))
	tab.MapValues(strings.ToUpper).Filter(func(_, _ string) bool { return true }).ToStream().To("mapped", str, str)
	tab.Join(tab, bar).ToStream().To("joined", str, str)
	tab.GroupBy("g", byColon, str, str).Count(topology.StoreAs("c", number)).ToStream().To("counted", str, number)
	tab.JoinByForeignKey("fk", tab, func(k, _ string) (string, bool) { return k, true }, bar).ToStream().To("fk-joined", str, str)
	h := newHarness(t, b)
	h.run(input{"in", "a", "x:1", 1})
	for topic, n := range map[string]int{"mapped": 1, "joined": 2, "counted": 1, "fk-joined": 2} {
		got := h.headers[topic]
		if len(got) != n || strings.Trim(strings.Join(got, ""), "x:1") != "" {
			t.Errorf("%s: headers %q, want %d times x:1", topic, got, n)
		}
	}
}
