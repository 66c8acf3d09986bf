package topology_test

import (
	"testing"

	"github.com/oncestream/oncestream/topology"
)

func bar(a, b string) string { return a + "|" + b }

func leftBar(a string, b *string) string { return a + "|" + shown(b) }

func TestStreamTableJoins(t *testing.T) {
	b := topology.NewBuilder()
	s := b.Stream("in", str, str)
	tab := b.Table("tab", str, topology.StoreAs("tab-store", str))
	s.JoinTable(tab, bar, topology.Named("ij")).To("inner", str, str)
	s.LeftJoinTable(tab, leftBar, topology.Named("lj")).To("left", str, str)
	h := newHarness(t, b)
	h.run(
		input{"in", "a", "1", 10},
		input{"tab", "a", "A", 100},
		input{"in", "a", "2", 20},
		input{"tab", "a", "B", 50}, // older than the row, and applied all the same
		input{"in", "a", "3", 60},
		input{"in", "b", "4", 70},
		input{"in", null, "5", 80},
		input{"in", "a", null, 90},
		input{"tab", "a", null, 110},
		input{"in", "a", "6", 120},
	)
	h.want("inner", "a=2|A@20", "a=3|B@60")
	h.want("left", "a=1|nil@10", "a=2|A@20", "a=3|B@60", "b=4|nil@70", "<null>=5|nil@80", "a=6|nil@120")
	h.wantDropped("ij null_key", "ij null_value", "lj null_value")
}

func TestTablesAndTheirStreams(t *testing.T) {
	b := topology.NewBuilder()
	b.Table("tab", str, topology.StoreAs("t1", str), topology.Named("tab")).ToStream().To("updates", str, str)
	b.Stream("in", str, str).SelectKey(func(_, v string) string { return v }).
		ToTable(str, topology.StoreAs("t2", str)).ToStream().To("rekeyed", str, str)
	h := newHarness(t, b)
	h.run(
		input{"tab", "a", "1", 10},
		input{"tab", null, "2", 20},
		input{"tab", "a", "3", 5},
		input{"tab", "a", null, 30},
		input{"tab", "never", null, 40},
		input{"in", null, "x", 1},
		input{"in", "k", "x", 2},
	)
	h.want("updates", "a=1@10", "a=3@5", "a=<null>@30", "never=<null>@40")
	h.want("t2-repartition", "x=x@1", "x=x@2")
	h.want("rekeyed", "x=x@1", "x=x@2")
	h.wantDropped("tab null_key")
}

// The repartition topic before an inner join has no null keys; before a left join
// it has them, as the join makes use of them.
func TestNullKeysBeforeJoins(t *testing.T) {
	for _, c := range []struct {
		name   string
		join   func(*ptrStream, *topology.Table[*string, string]) *ptrStream
		topic  []string
		joined []string
	}{
		{"inner", func(s *ptrStream, tab *topology.Table[*string, string]) *ptrStream {
			return s.JoinTable(tab, func(v *string, r string) *string { return ptr(*v + "|" + r) },
				topology.RepartitionAs("j", text{}, text{}))
		}, []string{"x=x@1"}, []string{"x=x|row@1"}},
		{"left", func(s *ptrStream, tab *topology.Table[*string, string]) *ptrStream {
			return s.LeftJoinTable(tab, func(v *string, r *string) *string { return ptr(shown(v) + "|" + shown(r)) },
				topology.RepartitionAs("j", text{}, text{}))
		}, []string{"x=x@1", "<null>=nokey@2"}, []string{"x=x|row@1", "<null>=nokey|nil@2"}},
		{"left behind an explicit one", func(s *ptrStream, tab *topology.Table[*string, string]) *ptrStream {
			return s.Repartition("j", text{}, text{}).
				Filter(func(_, _ *string) bool { return true }).
				LeftJoinTable(tab, func(v *string, r *string) *string { return ptr(shown(v) + "|" + shown(r)) })
		}, []string{"x=x@1", "<null>=nokey@2"}, []string{"x=x|row@1", "<null>=nokey|nil@2"}},
	} {
		t.Run(c.name, func(t *testing.T) {
			b := topology.NewBuilder()
			tab := b.Table("tab", text{}, topology.StoreAs("rows", str))
			s := b.Stream("in", text{}, text{}).SelectKey(func(_, v *string) *string {
				if *v == "nokey" {
					return nil
				}
				return v
			})
			c.join(s, tab).To("out", text{}, text{})
			h := newHarness(t, b)
			h.run(input{"tab", "x", "row", 0}, input{"in", "k", "x", 1}, input{"in", "k", "nokey", 2})
			h.want("j-repartition", c.topic...)
			h.want("out", c.joined...)
		})
	}
}

func TestCoPartitioning(t *testing.T) {
	b := topology.NewBuilder()
	tab := b.Table("tab", str, topology.StoreAs("rows", str))
	b.Stream("in", str, str).Merge(b.Stream("in2", str, str)).JoinTable(tab, bar, topology.Named("j1")).To("out", str, str)
	b.Stream("in3", str, str).SelectKey(func(_, v string) string { return v }).
		JoinTable(tab, bar, topology.RepartitionAs("r", str, str), topology.Named("j2"))
	p := build(t, b).Plan()
	groups := p.SubTopologies[0].CoPartitioned
	if len(groups) != 2 || groups[0].Node != "j1" || groups[1].Node != "j2" {
		t.Fatalf("groups: %v", groups)
	}
	if got := len(groups[0].Topics); got != 3 {
		t.Errorf("j1 has %v", groups[0].Topics)
	}
	if counts, err := p.Resolve(map[string]int32{"in": 4, "in2": 4, "tab": 4, "in3": 9}); err != nil || counts["r-repartition"] != 4 {
		t.Errorf("counts %v, error %v", counts, err)
	}
	if _, err := p.Resolve(map[string]int32{"in": 4, "in2": 3, "tab": 4, "in3": 9}); err == nil {
		t.Error("a mismatch is accepted")
	}
}
