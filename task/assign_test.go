package task

import (
	"fmt"
	"math/rand/v2"
	"slices"
	"testing"

	"github.com/oncestream/oncestream/internal/kafka"
	"github.com/oncestream/oncestream/internal/plan"
	"github.com/oncestream/oncestream/internal/record"
)

// testLayout is a plan of sub-topologies with one source each, with the given
// numbers of partitions.
func testLayout(t testing.TB, partitions ...int32) *Layout {
	t.Helper()
	p := &plan.Plan{}
	counts := map[string]int32{}
	for i, n := range partitions {
		topic := fmt.Sprintf("in%d", i)
		counts[topic] = n
		p.SubTopologies = append(p.SubTopologies, &plan.SubTopology{ID: int32(i), Sources: []*plan.Source{{Node: topic + "-source", Topic: topic}}})
	}
	l, err := NewLayout("app", p, counts)
	if err != nil {
		t.Fatal(err)
	}
	return l
}

func member(t testing.TB, id string, generation int32, owned []record.TopicPartition, state ...string) kafka.MemberInfo {
	t.Helper()
	data, err := userData{Version: 1, Process: id, State: state}.encode()
	if err != nil {
		t.Fatal(err)
	}
	return kafka.MemberInfo{ID: id, UserData: data, Owned: owned, Generation: generation}
}

// checkBalance asserts what holds for every assignment: each task is given to
// one member as a whole, and no member has two tasks more than another.
func checkBalance(t *testing.T, l *Layout, got map[string][]record.TopicPartition, members int) map[string][]plan.TaskID {
	t.Helper()
	if len(got) != members {
		t.Fatalf("%d members have an assignment, want %d", len(got), members)
	}
	tasks := map[string][]plan.TaskID{}
	seen := map[plan.TaskID]bool{}
	low, high := len(l.Tasks), 0
	for m, tps := range got {
		ids, err := l.tasksOf(tps)
		if err != nil {
			t.Fatal(err)
		}
		for _, id := range ids {
			if seen[id] {
				t.Fatalf("task %s was given twice", id)
			}
			seen[id] = true
		}
		tasks[m] = ids
		low, high = min(low, len(ids)), max(high, len(ids))
	}
	if len(seen) != len(l.Tasks) {
		t.Fatalf("%d tasks were given, want %d", len(seen), len(l.Tasks))
	}
	if high-low > 1 {
		t.Fatalf("members have between %d and %d tasks", low, high)
	}
	return tasks
}

func TestBalanceNewGroup(t *testing.T) {
	l := testLayout(t, 4, 4)
	got, err := balancer{l}.Balance([]kafka.MemberInfo{member(t, "a", 0, nil), member(t, "b", 0, nil)}, nil)
	if err != nil {
		t.Fatal(err)
	}
	for m, ids := range checkBalance(t, l, got, 2) {
		subs := map[int32]int{}
		for _, id := range ids {
			subs[id.SubTopology]++
		}
		if subs[0] != 2 || subs[1] != 2 {
			t.Errorf("member %s has %v: each sub-topology should spread evenly", m, ids)
		}
	}
}

func TestBalanceGoesWhereStateIs(t *testing.T) {
	l := testLayout(t, 4)
	got, err := balancer{l}.Balance([]kafka.MemberInfo{
		member(t, "a", 0, nil, "0_3", "0_1", "9_9"), member(t, "b", 0, nil, "0_0", "0_2"),
	}, nil)
	if err != nil {
		t.Fatal(err)
	}
	tasks := checkBalance(t, l, got, 2)
	want := []plan.TaskID{{Partition: 1}, {Partition: 3}}
	if !slices.Equal(tasks["a"], want) {
		t.Errorf("a has %v, want %v", tasks["a"], want)
	}
}

func TestBalanceNewestClaimWins(t *testing.T) {
	l := testLayout(t, 1)
	tp := l.partitions(l.Tasks[0])
	got, err := balancer{l}.Balance([]kafka.MemberInfo{member(t, "zombie", 4, tp), member(t, "owner", 5, tp)}, nil)
	if err != nil {
		t.Fatal(err)
	}
	if tasks := checkBalance(t, l, got, 2); len(tasks["owner"]) != 1 {
		t.Errorf("the owner of the newer generation lost its task: %v", tasks)
	}
}

func TestBalanceForeignSubscription(t *testing.T) {
	l := testLayout(t, 1)
	_, err := balancer{l}.Balance([]kafka.MemberInfo{{ID: "x", UserData: []byte{0, 0, 0, 11}}}, nil)
	if err == nil {
		t.Fatal("a subscription of another program was accepted")
	}
}

// TestBalanceSticky lets members come and go at random and asserts that the
// assignment stays even and moves no more tasks than it must.
func TestBalanceSticky(t *testing.T) {
	seed := rand.Uint64()
	t.Logf("seed %d", seed)
	rng := rand.New(rand.NewPCG(seed, 0))
	for round := range 50 {
		l := testLayout(t, 1+rng.Int32N(12), 1+rng.Int32N(12))
		owned := map[string][]record.TopicPartition{}
		for generation := range int32(8) {
			n := 1 + rng.IntN(6)
			var members []kafka.MemberInfo
			for i := range n {
				id := fmt.Sprint("m", i)
				members = append(members, member(t, id, generation, owned[id]))
			}
			got, err := balancer{l}.Balance(members, nil)
			if err != nil {
				t.Fatal(err)
			}
			checkBalance(t, l, got, n)
			ceil := (len(l.Tasks) + n - 1) / n
			for id, tps := range got {
				before, err := l.tasksOf(owned[id])
				if err != nil {
					t.Fatal(err)
				}
				after, err := l.tasksOf(tps)
				if err != nil {
					t.Fatal(err)
				}
				kept := 0
				for _, task := range before {
					if slices.Contains(after, task) {
						kept++
					}
				}
				if want := min(len(before), ceil-1); kept < want {
					t.Fatalf("round %d, generation %d: %s kept %d of %d tasks, want at least %d", round, generation, id, kept, len(before), want)
				}
			}
			owned = got
		}
	}
}
