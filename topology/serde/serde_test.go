package serde_test

import (
	"encoding/hex"
	"math"
	"reflect"
	"strings"
	"testing"
	"time"

	"github.com/oncestream/oncestream/topology/serde"
)

type point struct{ X, Y int }

// check tests that v is written as the given hex behind what is there already,
// and read again as v.
func check[T any](t *testing.T, s serde.Serde[T], v T, want string) {
	t.Helper()
	b, err := s.Append([]byte{0xee}, v)
	if err != nil {
		t.Fatalf("append %v: %v", v, err)
	}
	if got := hex.EncodeToString(b); got != "ee"+want {
		t.Errorf("%v is written as %s, want ee%s", v, got, want)
	}
	back, err := s.Decode(b[1:])
	if err != nil {
		t.Fatalf("decode %v: %v", v, err)
	}
	for i := range b { // what was read must not share memory with the bytes
		b[i] = 0xff
	}
	if !reflect.DeepEqual(back, v) {
		t.Errorf("%v is read as %v", v, back)
	}
}

func TestBytesOfSerdes(t *testing.T) {
	check(t, serde.String, "", "")
	check(t, serde.String, "a\xffb", "61ff62")
	check(t, serde.Bytes, []byte{}, "")
	check(t, serde.Bytes, []byte{1, 2}, "0102")
	check(t, serde.Int64, 1, "0000000000000001")
	check(t, serde.Int64, -2, "fffffffffffffffe")
	check(t, serde.Int64, math.MinInt64, "8000000000000000")
	check(t, serde.Int32, 1, "00000001")
	check(t, serde.Int32, -2, "fffffffe")
	check(t, serde.Float64, 1.5, "3ff8000000000000")
	check(t, serde.Float64, math.Inf(-1), "fff0000000000000")
	check(t, serde.JSON[point](), point{1, 2}, hex.EncodeToString([]byte(`{"X":1,"Y":2}`)))
	check(t, serde.JSON[*point](), &point{1, 2}, hex.EncodeToString([]byte(`{"X":1,"Y":2}`)))
	check(t, serde.JSON[[]string](), []string{"a"}, hex.EncodeToString([]byte(`["a"]`)))
	check(t, serde.WindowedKey(serde.String, 10*time.Millisecond),
		serde.Windowed[string]{Key: "a", Start: 1000, End: 1010}, "6100000000000003e8")
	check(t, serde.WindowedKey(serde.String, time.Second),
		serde.Windowed[string]{Key: "", Start: 0, End: 1000}, "0000000000000000")
}

func refuse[T any](t *testing.T, s serde.Serde[T], b, want string) {
	t.Helper()
	v, err := s.Decode([]byte(b))
	if err == nil {
		t.Fatalf("%q is read as %v", b, v)
	}
	if !strings.Contains(err.Error(), want) {
		t.Errorf("%q: %v, want %q", b, err, want)
	}
}

func TestDecodeRefuses(t *testing.T) {
	refuse(t, serde.Int64, "1234567", "an int64 has 8 bytes, got 7")
	refuse(t, serde.Int64, "123456789", "got 9")
	refuse(t, serde.Int64, "", "got 0")
	refuse(t, serde.Int32, "12345678", "an int32 has 4 bytes, got 8")
	refuse(t, serde.Float64, "1234", "a float64 has 8 bytes, got 4")
	refuse(t, serde.JSON[point](), `{"X":"text"}`, "X")
	refuse(t, serde.JSON[point](), ``, "end of JSON")
	refuse(t, serde.JSON[point](), `{} {}`, "after top-level value")
	windowed := serde.WindowedKey(serde.Int32, time.Second)
	refuse(t, windowed, "1234567", "at least 8 bytes, got 7")
	refuse(t, windowed, "12345678", "an int32 has 4 bytes, got 0")
	refuse(t, windowed, "1234\xff2345678", "before the epoch")
}

func TestWindowedKeyAtTheEndOfTime(t *testing.T) {
	s := serde.WindowedKey(serde.String, time.Second)
	w, err := s.Decode([]byte("a\x7f\xff\xff\xff\xff\xff\xff\xff"))
	if err != nil || w.End != math.MaxInt64 {
		t.Errorf("got %v, %v", w, err)
	}
}

func TestWindowedKeyPassesErrorsOn(t *testing.T) {
	s := serde.WindowedKey(serde.JSON[float64](), time.Second)
	if b, err := s.Append(nil, serde.Windowed[float64]{Key: math.NaN()}); err == nil {
		t.Errorf("NaN is written as %q", b)
	}
}

func TestPartitionKey(t *testing.T) {
	p, ok := serde.WindowedKey(serde.String, time.Second).(serde.PartitionKeyer)
	if !ok {
		t.Fatal("windowed keys aren't placed by a part")
	}
	if got := string(p.PartitionKey([]byte("abc12345678"))); got != "abc" {
		t.Errorf("got %q", got)
	}
	if got := p.PartitionKey([]byte("123")); len(got) != 0 {
		t.Errorf("got %q of a key that is too short", got)
	}
}
