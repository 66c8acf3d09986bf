package topology_test

import (
	"strings"
	"testing"

	"github.com/oncestream/oncestream/topology"
)

func hasPrefix(want string) func(string, string) bool {
	return func(_, v string) bool { return strings.HasPrefix(v, want) }
}

func TestBranches(t *testing.T) {
	b := topology.NewBuilder()
	split := b.Stream("in", str, str).Branches(topology.Named("by-letter-"))
	split.Branch("a", hasPrefix("a")).To("as", str, str)
	split.Branch("unused", hasPrefix("b"))
	split.Default("rest").MapValues(strings.ToUpper).To("upper", str, str)
	split.Stream("rest").To("rest", str, str)
	h := newHarness(t, b)
	h.run(input{"in", "1", "apple", 1}, input{"in", "2", "berry", 2}, input{"in", "3", "cherry", 3}, input{"in", "4", null, 4})
	h.want("as", "1=apple@1")
	h.want("rest", "3=cherry@3", "4=<null>@4")
	h.want("upper", "3=CHERRY@3", "4=<null>@4")
}

// Without a default branch, records that no branch takes end.
func TestBranchesWithoutDefault(t *testing.T) {
	b := topology.NewBuilder()
	split := b.Stream("in", str, str).Branches()
	split.Branch("a", hasPrefix("a")).To("as", str, str)
	h := newHarness(t, b)
	h.run(input{"in", "1", "apple", 1}, input{"in", "2", "berry", 2})
	h.want("as", "1=apple@1")
	if len(h.outputs) != 1 {
		t.Errorf("outputs %v", h.outputs)
	}
}
