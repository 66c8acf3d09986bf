package kafka

import (
	"maps"
	"slices"
	"testing"

	"github.com/oncestream/oncestream/internal/record"
)

func owner(id string, generation int32, partitions ...int32) MemberInfo {
	mi := MemberInfo{ID: id, Generation: generation}
	for _, p := range partitions {
		mi.Owned = append(mi.Owned, tp("in", p))
	}
	return mi
}

func given(partitions ...int32) []record.TopicPartition {
	var tps []record.TopicPartition
	for _, p := range partitions {
		tps = append(tps, tp("in", p))
	}
	return tps
}

type plans = map[string][]record.TopicPartition

func TestHoldBack(t *testing.T) {
	for _, tc := range []struct {
		name    string
		members []MemberInfo
		wish    plans
		want    plans
	}{
		{
			"nobody owns anything",
			[]MemberInfo{owner("a", -1), owner("b", -1)},
			plans{"a": given(0), "b": given(1)},
			plans{"a": given(0), "b": given(1)},
		},
		{
			"a newcomer waits for the owner",
			[]MemberInfo{owner("a", 3, 0, 1), owner("b", -1)},
			plans{"a": given(0), "b": given(1)},
			plans{"a": given(0), "b": nil},
		},
		{
			"what was given back goes out",
			[]MemberInfo{owner("a", 4, 0), owner("b", 4)},
			plans{"a": given(0), "b": given(1)},
			plans{"a": given(0), "b": given(1)},
		},
		{
			"a newer claim beats an old one",
			[]MemberInfo{owner("old", 2, 0), owner("new", 5, 0)},
			plans{"new": given(0)},
			plans{"new": given(0), "old": nil},
		},
		{
			"an old claim doesn't win over a newer one",
			[]MemberInfo{owner("new", 5, 0), owner("old", 2, 0)},
			plans{"old": given(0)},
			plans{"new": nil, "old": nil},
		},
		{
			"two claims of one generation: nobody gets it",
			[]MemberInfo{owner("a", 5, 0), owner("b", 5, 0)},
			plans{"a": given(0)},
			plans{"a": nil, "b": nil},
		},
		{
			"a swap takes both away first",
			[]MemberInfo{owner("a", 5, 0), owner("b", 5, 1)},
			plans{"a": given(1), "b": given(0)},
			plans{"a": nil, "b": nil},
		},
	} {
		t.Run(tc.name, func(t *testing.T) {
			got := holdBack(tc.wish, tc.members, record.TopicPartition.String)
			if !maps.EqualFunc(got, tc.want, slices.Equal) {
				t.Errorf("got %v, want %v", got, tc.want)
			}
		})
	}
}

func TestCheckWish(t *testing.T) {
	members := []MemberInfo{owner("a", -1), owner("b", -1)}
	for _, tc := range []struct {
		wish plans
		ok   bool
	}{
		{plans{"a": given(0), "b": given(1)}, true},
		{plans{"a": given(0, 1)}, true},
		{plans{"c": given(0)}, false},
		{plans{"a": given(0), "b": given(0)}, false},
		{plans{"a": given(0, 0)}, false},
	} {
		if err := checkWish(tc.wish, members); (err == nil) != tc.ok {
			t.Errorf("%v: %v", tc.wish, err)
		}
	}
}

// What belongs together is held back together: a task that has got a new partition,
// which nobody owns, isn't given away in parts.
func TestHoldBackUnits(t *testing.T) {
	even := func(tp record.TopicPartition) string {
		if tp.Partition%2 == 0 {
			return "even"
		}
		return "odd"
	}
	members := []MemberInfo{owner("a", 3, 0, 2, 1), owner("b", -1)}
	got := holdBack(plans{"a": given(1, 3), "b": given(0, 2, 4)}, members, even)
	want := plans{"a": given(1, 3), "b": nil}
	if !maps.EqualFunc(got, want, slices.Equal) {
		t.Errorf("got %v, want %v", got, want)
	}
}
