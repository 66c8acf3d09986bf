package cache

import (
	"fmt"
	"maps"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"

	"github.com/oncestream/oncestream/internal/plan"
	"github.com/oncestream/oncestream/internal/record"
)

// rows is a store in which a deleted row is "-".
type rows struct {
	m         map[string]string
	forgotten []string
}

func (s *rows) Row(key []byte) ([]byte, bool, error) {
	v, ok := s.m[string(key)]
	return []byte(v), ok && v != "-", nil
}

func (s *rows) Forget(key []byte) error {
	s.forgotten = append(s.forgotten, string(key))
	return nil
}

// fixture is a cache over rows, and what it has passed on.
type fixture struct {
	*Cache
	rows   *rows
	budget *plan.CacheBudget
	passed []string
}

func newFixture(max int64, o Options) *fixture {
	f := &fixture{rows: &rows{m: map[string]string{}}, budget: plan.NewCacheBudget(max)}
	o.Send = func(u *Update) error {
		line := fmt.Sprintf("%s=%s", u.Key, u.Row)
		if u.HasOld {
			line += fmt.Sprintf("(%s)", u.Old)
		}
		for _, h := range u.Headers {
			line += fmt.Sprintf("[%s %s]", h.Key, h.Value)
		}
		f.passed = append(f.passed, line+fmt.Sprintf("@%d", u.From.Offset))
		return nil
	}
	f.Cache = New(f.rows, f.budget.Share(), o)
	return f
}

// write changes a row as an operator does. The bytes are overwritten afterwards:
// they belong to the record.
func (f *fixture) write(t *testing.T, key, value string, offset int64, headers ...record.Header) {
	t.Helper()
	k := []byte(key)
	if err := f.Before(k, Unknown); err != nil {
		t.Fatal(err)
	}
	f.rows.m[key] = value
	if err := f.Changed(k, headers, plan.Origin{Topic: "in", Offset: offset}); err != nil {
		t.Fatal(err)
	}
	clear(k)
	for _, h := range headers {
		clear(h.Value)
	}
}

func (f *fixture) expect(t *testing.T, want ...string) {
	t.Helper()
	if !slices.Equal(f.passed, want) {
		t.Errorf("passed on %q, want %q", f.passed, want)
	}
	f.passed = nil
}

func (f *fixture) flush(t *testing.T) {
	t.Helper()
	if err := f.Flush(); err != nil {
		t.Fatal(err)
	}
}

func TestLastChangeOfEachRowIsPassedOn(t *testing.T) {
	f := newFixture(1<<20, Options{Old: true})
	f.write(t, "a", "1", 0, record.Header{Key: "h", Value: []byte("x")})
	f.write(t, "b", "1", 1)
	f.write(t, "a", "2", 2, record.Header{Key: "h", Value: []byte("y")}, record.Header{Key: "i"})
	f.expect(t)
	f.flush(t)
	f.expect(t, "b=1@1", "a=2[h y][i ]@2")
	f.flush(t)
	f.expect(t)
	f.write(t, "a", "3", 3)
	f.write(t, "a", "4", 4)
	f.write(t, "b", "-", 5)
	f.flush(t)
	f.expect(t, "a=4(2)@4", "b=-(1)@5")
	if len(f.index) != 1 {
		t.Errorf("the entries are %v, want that of a", slices.Collect(maps.Keys(f.index)))
	}
}

// A row that comes and goes between two flushes has never been there for others.
func TestPassingRowsAreForgotten(t *testing.T) {
	f := newFixture(1<<20, Options{})
	f.write(t, "a", "1", 0)
	f.write(t, "a", "-", 1)
	f.write(t, "b", "-", 2)
	f.flush(t)
	f.expect(t)
	if want := []string{"a", "b"}; !slices.Equal(f.rows.forgotten, want) || f.budget.Used() != 0 {
		t.Errorf("forgotten are %q, want %q; %d bytes are in use", f.rows.forgotten, want, f.budget.Used())
	}
}

// An entry of one byte of key and one of value counts 49 bytes.
func TestEvictionPassesAllOnThatWaits(t *testing.T) {
	f := newFixture(3*49, Options{})
	for i, key := range []string{"a", "b", "c"} {
		f.write(t, key, "1", int64(i))
	}
	f.expect(t)
	f.write(t, "a", "2", 3) // a is the most recent one now
	f.write(t, "d", "1", 4)
	f.expect(t, "b=1@1", "c=1@2", "a=2@3", "d=1@4")
	f.write(t, "e", "1", 5) // c was passed on, it goes without notice
	f.flush(t)
	f.expect(t, "e=1@5")
	if got := f.budget.Used(); got != 3*49 {
		t.Errorf("%d bytes are in use, want %d", got, 3*49)
	}
	f.share.Release()
	if f.budget.Used() != 0 {
		t.Errorf("%d bytes are in use after the release", f.budget.Used())
	}
}

// Where even one entry is too much, everything is passed on at once.
func TestTinyBudget(t *testing.T) {
	f := newFixture(1, Options{Old: true, Reads: true})
	f.write(t, "a", "1", 0)
	f.write(t, "a", "2", 1)
	f.write(t, "a", "-", 2)
	f.expect(t, "a=1@0", "a=2(1)@1", "a=-(2)@2")
	if f.budget.Used() != 0 || len(f.index) != 0 {
		t.Errorf("%d bytes in %d entries", f.budget.Used(), len(f.index))
	}
}

// What's passed on adds up: with any budget, whoever applies the changes has the
// rows, and each old value is what was passed on before.
func TestRandomChanges(t *testing.T) {
	for seed := range uint64(50) {
		rng := rand.New(rand.NewPCG(seed, 0))
		f := newFixture(rng.Int64N(1000)+1, Options{Old: true, Reads: seed%2 == 0})
		seen := map[string]string{}
		f.Send = func(u *Update) error {
			if old, ok := seen[string(u.Key)]; ok != u.HasOld || old != string(u.Old) {
				t.Errorf("seed %d: %s was %q (%v), want %q (%v)", seed, u.Key, u.Old, u.HasOld, old, ok)
			}
			seen[string(u.Key)] = string(u.Row)
			if u.Deleted {
				delete(seen, string(u.Key))
			}
			return nil
		}
		for range 300 {
			key, value := string(rune('a'+rng.IntN(12))), strings.Repeat("v", rng.IntN(30)+1)
			switch rng.IntN(10) {
			case 0:
				f.flush(t)
			case 1, 2:
				value = "-"
				fallthrough
			default:
				f.write(t, key, value, 0)
			}
			var sum int64
			for i := f.recent.first(); i != 0; i = f.recent.links[i].next {
				sum += f.slots[i].size
			}
			if used := f.budget.Used(); used != sum || used > f.budget.Max && len(f.index) > 0 {
				t.Fatalf("seed %d: %d bytes of %d are in use, the entries have %d", seed, used, f.budget.Max, sum)
			}
		}
		f.flush(t)
		maps.DeleteFunc(f.rows.m, func(_, v string) bool { return v == "-" })
		if !maps.Equal(seen, f.rows.m) {
			t.Fatalf("seed %d: passed on %v, the store has %v", seed, seen, f.rows.m)
		}
	}
}

func TestKnownRowsAreNotRead(t *testing.T) {
	f := newFixture(1<<20, Options{})
	f.write(t, "a", "1", 0)
	f.flush(t)
	f.store = nil // reading would panic
	for _, known := range []Known{Absent, Present} {
		if err := f.Before([]byte("a"), known); err != nil || f.was.had != (known == Present) {
			t.Errorf("%v, had %v", err, f.was.had)
		}
	}
}

func TestNoAllocationForRowsThatWereThere(t *testing.T) {
	f := newFixture(1<<20, Options{Old: true})
	f.Send = func(*Update) error { return nil }
	headers := []record.Header{{Key: "h", Value: []byte("x")}}
	key := []byte("a")
	f.rows.m["a"] = "1"
	row := []byte("1")
	f.store = fixed{row}
	if n := testing.AllocsPerRun(100, func() {
		_ = f.Before(key, Unknown)
		_ = f.Changed(key, headers, plan.Origin{Topic: "in"})
		_ = f.Flush()
	}); n != 0 {
		t.Errorf("%v allocations per change", n)
	}
}

// fixed is a store that has the same row under every key.
type fixed struct{ row []byte }

func (s fixed) Row([]byte) ([]byte, bool, error) { return s.row, true, nil }

func (fixed) Forget([]byte) error { return nil }
