package topology_test

import (
	"errors"
	"strings"
	"testing"

	"github.com/oncestream/oncestream/internal/plan"
	"github.com/oncestream/oncestream/statestore"
	"github.com/oncestream/oncestream/topology"
)

// A task that can't open what its nodes need isn't built, and says for which node.
func TestBuildingATaskFails(t *testing.T) {
	gone := errors.New("gone")
	ok := func(string) (plan.Output, error) { return &nowhere{}, nil }
	wrongKind := func(string) (*statestore.Store, error) {
		return statestore.OpenMemory().Store(statestore.Spec{
			Name: "other", Kind: statestore.TimestampedWindow, WindowSize: 1e9, Retention: 1e9,
		}, 0)
	}
	for _, c := range []struct {
		name  string
		write func(s *strStream, b *builder)
		env   plan.Env
		want  string
	}{
		{"output", func(s *strStream, _ *builder) { s.To("out", str, str) },
			plan.Env{Output: func(string) (plan.Output, error) { return nil, gone }},
			"KSTREAM-SINK-0000000001: open topic out: gone"},
		{"count", func(s *strStream, _ *builder) { s.GroupByKey(str, str).Count(topology.StoreAs("c", number)) },
			plan.Env{Store: func(string) (*statestore.Store, error) { return nil, gone }},
			"KSTREAM-AGGREGATE-0000000001: open store c: gone"},
		{"window", func(s *strStream, _ *builder) {
			s.GroupByKey(str, str).WindowedBy(topology.Tumbling(1e9)).Count(topology.StoreAs("w", number))
		}, plan.Env{Store: func(string) (*statestore.Store, error) { return nil, gone }},
			"KSTREAM-AGGREGATE-0000000001: open store w: gone"},
		{"join", func(s *strStream, b *builder) {
			s.JoinTable(b.Table("tab", str, topology.StoreAs("t", str)), bar).To("out", str, str)
		}, plan.Env{Output: ok, Store: func(string) (*statestore.Store, error) { return nil, gone }},
			"KSTREAM-JOIN-0000000003: open store t: gone"},
		{"a store of another kind", func(s *strStream, _ *builder) { s.ToTable(str, topology.StoreAs("t", str)) },
			plan.Env{Store: wrongKind},
			"KSTREAM-TOTABLE-0000000001: open store t: "},
	} {
		t.Run(c.name, func(t *testing.T) {
			b := topology.NewBuilder()
			c.write(b.Stream("in", str, str), b)
			chain, err := build(t, b).Plan().SubTopologies[0].Build(&c.env)
			if err == nil || chain != nil {
				t.Fatal("built")
			}
			if !strings.HasPrefix(err.Error(), "task 0_0: build: "+c.want) {
				t.Errorf("got %v", err)
			}
		})
	}
}
