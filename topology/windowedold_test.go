package topology_test

import (
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"

	"github.com/oncestream/oncestream/topology"
	"github.com/oncestream/oncestream/topology/serde"
)

// values is an aggregate that can be changed in place.
type values = *[]string

// inPlace and inNew are aggregations with the same results.
var (
	inPlace = func(_, v string, a values) values {
		*a = append(*a, v)
		return a
	}
	inNew = func(_, v string, a values) values {
		all := append(slices.Clone(*a), v)
		return &all
	}
	mergedInPlace = func(_ string, a, b values) values {
		*a = append(*a, *b...)
		return a
	}
	mergedInNew = func(_ string, a, b values) values {
		all := slices.Concat(*a, *b)
		return &all
	}
	noValues = func() values { return new([]string) }
)

// What stands behind a windowed table sees the values before changes, whether or
// not the user's functions change aggregates in place.
func TestOldValuesOfWindowedAggregatesChangedInPlace(t *testing.T) {
	type (
		add   = func(_, v string, a values) values
		merge = func(_ string, a, b values) values
		table = topology.WindowedTable[string, values]
	)
	st := topology.StoreAs("win", serde.JSON[values]())
	grouped := func(b *topology.Builder, topic string) *topology.GroupedStream[string, string] {
		return b.Stream(topic, str, str).GroupByKey(str, str)
	}
	tables := map[string]func(b *topology.Builder, f add, m merge) *table{
		"hopping": func(b *topology.Builder, f add, _ merge) *table {
			return grouped(b, "in").WindowedBy(topology.Hopping(10*ms, 5*ms).Grace(20*ms)).Aggregate(noValues, f, st)
		},
		"sliding": func(b *topology.Builder, f add, _ merge) *table {
			return grouped(b, "in").WindowedBy(topology.Sliding(10*ms).Grace(20*ms)).Aggregate(noValues, f, st)
		},
		"sessions": func(b *topology.Builder, f add, m merge) *table {
			return grouped(b, "in").SessionsBy(topology.Sessions(5*ms).Grace(20*ms)).Aggregate(noValues, f, m, st)
		},
		"cogroup": func(b *topology.Builder, f add, _ merge) *table {
			return grouped(b, "in").Cogroup(f).And(grouped(b, "other"), f).WindowedBy(topology.Hopping(10*ms, 5*ms).Grace(20*ms)).Aggregate(noValues, st)
		},
		"cogroup of sessions": func(b *topology.Builder, f add, m merge) *table {
			return grouped(b, "in").Cogroup(f).And(grouped(b, "other"), f).SessionsBy(topology.Sessions(5*ms).Grace(20*ms)).Aggregate(noValues, m, st)
		},
	}
	seed := rand.Uint64()
	for name, write := range tables {
		t.Run(name, func(t *testing.T) {
			got, want := newHarness(t, groupedAgain(func(b *topology.Builder) *table { return write(b, inPlace, mergedInPlace) })),
				newHarness(t, groupedAgain(func(b *topology.Builder) *table { return write(b, inNew, mergedInNew) }))
			r := rand.New(rand.NewPCG(seed, 0))
			now := int64(0)
			for i := range 100 {
				now += r.Int64N(5)
				in := input{"in", string('a' + rune(r.IntN(2))), fmt.Sprint(i), max(0, now-r.Int64N(15))}
				if strings.HasPrefix(name, "cogroup") && r.IntN(2) == 0 {
					in.topic = "other"
				}
				got.run(in)
				want.run(in)
			}
			if got, want := got.outputs["out"], want.outputs["out"]; !slices.Equal(got, want) || len(want) == 0 {
				t.Errorf("seed %d\n got %q\nwant %q", seed, got, want)
			}
		})
	}
}

// groupedAgain writes down what rows are added to a group and subtracted from it.
func groupedAgain(write func(*topology.Builder) *topology.WindowedTable[string, values]) *builder {
	b := topology.NewBuilder()
	left := write(b)
	left.OuterJoin(left.MapValues(func(a values) int { return len(*a) }), func(a *values, n *int) string {
		if a == nil || n == nil {
			return "none"
		}
		return fmt.Sprint(**a, *n)
	}).
		GroupBy("all", func(w topology.Windowed[string], v string) (string, string) { return windowText(w), v }, str, str).
		Aggregate(func() string { return "" },
			func(_, v, a string) string { return a + "+" + v },
			func(_, v, a string) string { return a + "-" + v }, topology.StoreAs("all", str)).
		ToStream().To("out", str, str)
	return b
}
