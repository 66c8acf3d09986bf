package op

import (
	"strings"
	"testing"

	"github.com/oncestream/oncestream/internal/plan"
	"github.com/oncestream/oncestream/internal/record"
	"github.com/oncestream/oncestream/topology/serde"
)

func TestWaitForJoin(t *testing.T) {
	seen := 0
	f, err := WaitForJoin(Node{Env: &plan.Env{From: plan.Origin{Topic: "in"}}, Name: "n"}, 1, buffer(t), serde.Int64, serde.Int64,
		func(*Record[int64, int64]) error { seen++; return nil })
	if err != nil {
		t.Fatal(err)
	}
	w := &Record[int64, int64]{Headers: []record.Header{{Key: "h", Value: []byte("v")}}}
	for range 100 {
		w.Timestamp++
		if err := f(w); err != nil {
			t.Fatal(err)
		}
	}
	if seen != 99 {
		t.Errorf("%d records were joined, want 99", seen)
	}
	late := &Record[int64, int64]{Timestamp: 5}
	noAllocs(t, "a late record", late, f)
}

// What's in the store and wasn't written by a join is an error, and no wrong
// result.
func TestWaitForJoinOfABrokenBuffer(t *testing.T) {
	for want, key := range map[string]string{
		"n: the key 6b of a waiting record is too short": "k",
		"n: the waiting change 73686f7274 is malformed":  "\x00\x00\x00\x00\x00\x00\x00\x00\x01a\x00\x00\x00\x01",
	} {
		b := buffer(t)
		if err := b.Put([]byte(key), []byte("short"), 1); err != nil {
			t.Fatal(err)
		}
		n := Node{Env: &plan.Env{}, Name: "n"}
		f, err := WaitForJoin(n, 0, b, serde.Serde[string](serde.String), serde.Serde[string](serde.String), func(*Record[string, string]) error { return nil })
		if err == nil {
			err = f(&Record[string, string]{Key: "a", Value: "v", Timestamp: 9})
		}
		if err == nil || !strings.HasPrefix(err.Error(), want) {
			t.Errorf("got %v, want %s", err, want)
		}
	}
}
