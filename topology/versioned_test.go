package topology_test

import (
	"testing"
	"time"

	"github.com/oncestream/oncestream/statestore"
	"github.com/oncestream/oncestream/topology"
)

// history makes a store versioned for 100ms.
func history() topology.StoreOption { return topology.Versioned(100 * time.Millisecond) }

// outOfOrder are records of a versioned table: in order, of its history, too old
// for it.
var outOfOrder = []input{
	{"tab", "a", "x:10", 10}, {"tab", "a", "x:30", 30}, {"tab", "a", "y:20", 20},
	{"tab", "b", "x:200", 200}, {"tab", "a", "x:99", 99}, {"tab", "a", null, 101}, {"tab", "a", "z:100", 100},
}

// Who follows the rows as they are leaves changes of the history out; ToStream
// passes them on, and nobody sees one that's older than the history.
func TestOutOfOrderChangesOfAVersionedTable(t *testing.T) {
	b := topology.NewBuilder()
	tab := b.Table("tab", str, topology.StoreAs("ver", str, history()))
	other := b.Table("other", str, topology.StoreAs("o", str))
	tab.ToStream().To("all", str, str)
	tab.Filter(func(_, v string) bool { return v != "y:20" }).ToStream().To("filtered", str, str)
	tab.MapValues(func(v string) string { return v + "!" }).Join(other, plus, topology.Named("j")).ToStream().To("joined", str, str)
	tab.GroupBy("grp", byColon, str, str).Count(topology.StoreAs("cnt", number)).ToStream().To("counts", str, number)
	tab.Filter(func(_, v string) bool { return true }).Materialize(topology.StoreAs("plain", str)).
		Join(other, plus).ToStream().To("plain", str, str)
	h := newHarness(t, b)
	h.run(append([]input{{"other", "a", "o", 1}, {"other", "b", "p", 1}}, outOfOrder...)...)
	h.want("all", "a=x:10@10", "a=x:30@30", "a=y:20@20", "b=x:200@200", "a=<null>@101", "a=z:100@100")
	h.want("filtered", "a=x:10@10", "a=x:30@30", "a=<null>@20", "b=x:200@200", "a=<null>@101", "a=z:100@100")
	h.want("joined", "a=x:10!+o@10", "a=x:30!+o@30", "b=x:200!+p@200", "a=<null>@101")
	h.want("counts", "x=1@10", "x=1@30", "x=2@200", "x=1@200")
	h.want("plain", "a=x:10+o@10", "a=x:30+o@30", "a=y:20+o@20", "b=x:200+p@200", "a=<null>@101", "a=z:100+o@100")
	h.wantDropped("j-join-this out_of_order", "j-join-this out_of_order")
	if n := h.stores["ver"].Expired(); n != 1 {
		t.Errorf("the store has refused %d records, want 1", n)
	}
}

// A filter behind a versioned table has no rows that it knows not to have been
// there: each change is passed on, also with the old values at hand.
func TestFilterOfAVersionedTableSendsAllDeletions(t *testing.T) {
	b := topology.NewBuilder()
	b.Table("tab", str, topology.StoreAs("ver", str, history())).
		Filter(func(_, v string) bool { return false }).ToStream().To("out", str, str)
	h := newHarness(t, b)
	h.run(input{"tab", "a", "1", 10}, input{"tab", "a", "2", 20}, input{"tab", "a", "3", 15})
	h.want("out", "a=<null>@10", "a=<null>@20", "a=<null>@15")
}

// Joins by foreign key drop changes of the history of both tables.
func TestForeignKeyJoinOfVersionedTables(t *testing.T) {
	b := topology.NewBuilder()
	left := b.Table("left", str, topology.StoreAs("l", str, history()))
	right := b.Table("right", str, topology.StoreAs("r", str, history()))
	of := func(_, v string) (string, bool) { return v[:1], true }
	left.JoinByForeignKey("fk", right, of, plus).ToStream().To("inner", str, str)
	left.LeftJoinByForeignKey("lfk", right, of, func(l string, r *string) string { return l + shown(r) }).ToStream().To("left-out", str, str)
	h := newHarness(t, b)
	h.run(
		input{"left", "a", "X1", 10}, input{"right", "X", "r1", 10}, input{"left", "a", "Y0", 5},
		input{"right", "X", "r0", 5}, input{"right", "X", "r2", 20}, input{"left", "a", null, 7},
	)
	h.want("inner", "a=X1+r1@10", "a=X1+r2@20")
	h.want("left-out", "a=X1nil@10", "a=X1r1@10", "a=X1r2@20")
	h.wantDropped(
		"fk-subscription-registration-processor out_of_order", "lfk-subscription-registration-processor out_of_order",
		"fk-foreign-join-subscription out_of_order", "lfk-foreign-join-subscription out_of_order",
		"fk-subscription-registration-processor out_of_order", "lfk-subscription-registration-processor out_of_order",
	)
}

// A deleted aggregate has an end; a record before it makes a row of the history.
func TestVersionedAggregates(t *testing.T) {
	b := topology.NewBuilder()
	add := func(a, v *string) *string {
		if *v == "end" {
			return nil
		}
		return ptr(*a + *v)
	}
	b.Stream("in", str, text{}).GroupByKey(str, text{}).Reduce(add, topology.StoreAs("red", text{}, history())).
		ToStream().To("out", str, text{})
	h := newHarness(t, b)
	h.run(
		input{"in", "a", "1", 50}, input{"in", "a", "2", 40}, input{"in", "a", "end", 30}, input{"in", "a", "3", 45},
		input{"in", "a", "4", 60}, input{"in", "b", "5", 500}, input{"in", "c", "6", 399},
	)
	h.want("out", "a=1@50", "a=12@50", "a=<null>@50", "a=3@45", "a=4@60", "b=5@500")
	rows, err := statestore.NewVersioned(h.stores["red"], str, text{})
	if err != nil {
		t.Fatal(err)
	}
	if v, ok, err := rows.Get("a"); err != nil || !ok || *v.Value != "4" || v.ValidFrom != 60 {
		t.Errorf("a is %+v, %v, %v; want 4 from 60 on", v, ok, err)
	}
}

// A stream is joined with the row as it was, through operators that keep nothing.
func TestJoinWithAVersionedTable(t *testing.T) {
	b := topology.NewBuilder()
	s := b.Stream("in", str, str)
	tab := b.Table("tab", str, topology.StoreAs("ver", str, history()))
	s.LeftJoinTable(tab, func(l string, r *string) string { return l + shown(r) }).To("direct", str, str)
	s.JoinTable(tab.MapValues(func(v string) string { return v + "!" }).Filter(func(_, v string) bool { return v != "20!" }), plus).To("made", str, str)
	s.JoinTable(tab.Filter(func(_, v string) bool { return true }).Materialize(topology.StoreAs("plain", str)), plus).To("plain", str, str)
	h := newHarness(t, b)
	h.run(
		input{"tab", "a", "10", 10}, input{"tab", "a", "30", 30}, input{"tab", "a", "20", 20}, input{"tab", "a", null, 40},
		input{"in", "a", "1:", 9}, input{"in", "a", "2:", 10}, input{"in", "a", "3:", 25}, input{"in", "a", "4:", 30}, input{"in", "a", "5:", 40},
		input{"tab", "b", "200", 200}, input{"in", "a", "6:", 39}, input{"in", "b", "7:", 199}, input{"in", "b", "8:", 999},
	)
	h.want("direct", "a=1:nil@9", "a=2:10@10", "a=3:20@25", "a=4:30@30", "a=5:nil@40", "a=6:nil@39", "b=7:nil@199", "b=8:200@999")
	h.want("made", "a=2:+10!@10", "a=4:+30!@30", "b=8:+200!@999")
	h.want("plain", "b=7:+200@199", "b=8:+200@999")
}
