package op

import (
	"strings"
	"testing"

	"github.com/oncestream/oncestream/internal/plan"
	"github.com/oncestream/oncestream/internal/record"
	"github.com/oncestream/oncestream/statestore"
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

// A record that's taken back leaves nothing behind: what it had sent waits again,
// and it doesn't wait itself.
func TestWaitForJoinTakenBack(t *testing.T) {
	s, err := statestore.OpenMemory().Store(statestore.Spec{Name: "b", Kind: statestore.PlainKeyValue}, 0)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(s.Close)
	b, err := NewBuffer(s)
	if err != nil {
		t.Fatal(err)
	}
	var memories []plan.Memory
	var joined []string
	env := &plan.Env{Remember: func(m plan.Memory) { memories = append(memories, m) }}
	f, err := WaitForJoin(Node{Env: env, Name: "n"}, 10, b, serde.Serde[string](serde.String), serde.Serde[string](serde.String),
		func(r *Record[string, string]) error { joined = append(joined, r.Value); return nil })
	if err != nil {
		t.Fatal(err)
	}
	take := func(value string, ts int64) {
		t.Helper()
		s.Mark()
		for _, m := range memories {
			m.Mark()
		}
		if err := f(&Record[string, string]{Key: "a", Value: value, Timestamp: ts}); err != nil {
			t.Fatal(err)
		}
	}
	take("1", 20)
	take("2", 90)
	s.Rollback()
	for _, m := range memories {
		if err := m.Undo(); err != nil {
			t.Fatal(err)
		}
	}
	take("3", 15) // not late
	take("4", 30)
	if got := strings.Join(joined, " "); got != "1 3 1" {
		t.Errorf("joined %q, want 1, and then 3 and 1 again", got)
	}
}
