package main

import (
	"slices"
	"testing"

	"github.com/oncestream/oncestream/topology"
)

// TestWorkloads builds every workload and checks the names that others rely
// on: stores name changelogs, repartitions name topics.
func TestWorkloads(t *testing.T) {
	for _, c := range []struct {
		workload      string
		store, repart []string
	}{
		{workload: "map"},
		{workload: "count", store: []string{"counts"}},
		{workload: "window", store: []string{"wcounts"}},
		{workload: "rekey", store: []string{"rcounts"}, repart: []string{"app-rekey-repartition"}},
		{workload: "tablejoin", store: []string{"table"}},
	} {
		t.Run(c.workload, func(t *testing.T) {
			top, err := build(&runFlags{workload: c.workload, input: "in", input2: "in2", output: "out"})
			if err != nil {
				t.Fatal(err)
			}
			var stores []string
			for _, sub := range top.Plan().SubTopologies {
				for _, s := range sub.Stores {
					stores = append(stores, s.Name)
				}
			}
			if !slices.Equal(stores, c.store) {
				t.Errorf("stores %q, want %q", stores, c.store)
			}
			if got := repartitionTopics("app", top); !slices.Equal(got, c.repart) {
				t.Errorf("repartition topics %q, want %q", got, c.repart)
			}
		})
	}
}

func TestSuffix(t *testing.T) {
	for key, want := range map[string]string{"": "", "ab": "ab", "abc": "abc", "key-0001": "001"} {
		if got := suffix(key); got != want {
			t.Errorf("suffix of %q is %q, want %q", key, got, want)
		}
	}
}

func TestAtStart(t *testing.T) {
	if got := atStart(topology.Windowed[string]{Key: "k", Start: 60_000, End: 120_000}); got != "k@60000" {
		t.Errorf("%q, want k@60000", got)
	}
}

func TestJoinValues(t *testing.T) {
	stream := append(make([]byte, 0, 100), "s"...)
	if got := string(joinValues(stream, []byte("t"))); got != "s|t" {
		t.Errorf("%q, want s|t", got)
	}
	if got := string(stream[:3]); got != "s\x00\x00" {
		t.Errorf("the stream's value was written to: %q", got)
	}
}
