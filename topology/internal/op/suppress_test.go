package op

import (
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"

	"github.com/oncestream/oncestream/internal/plan"
	"github.com/oncestream/oncestream/internal/record"
	"github.com/oncestream/oncestream/statestore"
	"github.com/oncestream/oncestream/topology/serde"
)

// Keys come out in the order of a sorted list, however they went in.
func TestDueHeapAsSortedList(t *testing.T) {
	rng := rand.New(rand.NewPCG(1, 2))
	var (
		h    dueHeap
		list []string
	)
	for i := range 2000 {
		if rng.IntN(3) > 0 || len(list) == 0 {
			at, key := rng.Int64N(20), fmt.Sprintf("%d-%d", rng.IntN(10), i)
			h.push(at, []byte(key))
			list = append(list, fmt.Sprintf("%02d %s", at, key))
			slices.Sort(list)
			continue
		}
		first := h.first()
		if got := fmt.Sprintf("%02d %s", first.at, first.key); got != list[0] || h.len() != len(list) {
			t.Fatalf("step %d: %q is first of %d, want %q of %d", i, got, h.len(), list[0], len(list))
		}
		h.pop()
		list = list[1:]
	}
}

// buffer opens the store of a suppressed table.
func buffer(t *testing.T) *Buffer {
	t.Helper()
	s, err := statestore.OpenMemory().Store(statestore.Spec{Name: "b", Kind: statestore.PlainKeyValue}, 0)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(s.Close)
	b, err := NewBuffer(s)
	if err != nil {
		t.Fatal(err)
	}
	return b
}

func TestSuppressAllocatesNothing(t *testing.T) {
	var (
		n    = Node{Env: &plan.Env{From: plan.Origin{Topic: "in"}}, Name: "n"}
		s    = Suppression[int64, int64]{Delay: 1, MaxRecords: Unlimited, MaxBytes: Unlimited}
		seen = 0
		r    = &Record[int64, Change[int64]]{Value: Change[int64]{HasNew: true}, Headers: []record.Header{{Key: "h", Value: []byte("v")}}}
	)
	s.Due = func(r *Record[int64, Change[int64]]) int64 { return r.Timestamp }
	f, err := Suppress(n, s, buffer(t), serde.Int64, serde.Int64, Rows[int64, int64]{}, func(r *Record[int64, Change[int64]]) error {
		seen++
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	// Both keys wait and are passed on in turn.
	noAllocs(t, "Suppress", r, func(r *Record[int64, Change[int64]]) error {
		r.Key = 1 - r.Key
		r.Timestamp++
		return f(r)
	})
	if seen != 100 {
		t.Errorf("%d changes were passed on", seen)
	}
}

// A task doesn't start with a buffer that it can't read.
func TestSuppressOfABrokenBuffer(t *testing.T) {
	b := buffer(t)
	if err := b.Put([]byte("k"), []byte("short"), 1); err != nil {
		t.Fatal(err)
	}
	n := Node{Env: &plan.Env{}, Name: "n"}
	_, err := Suppress(n, Suppression[string, string]{}, b, serde.String, serde.String, Rows[string, string]{}, nil)
	if err == nil || !strings.HasPrefix(err.Error(), "n: the waiting change") {
		t.Errorf("got %v", err)
	}
}
