package topology_test

import (
	"errors"
	"fmt"
	"strings"
	"testing"

	"github.com/oncestream/oncestream/statestore"
	"github.com/oncestream/oncestream/test/driver"
	"github.com/oncestream/oncestream/topology"
	"github.com/oncestream/oncestream/topology/serde"
)

// lookupKey returns what's before a colon; false without one.
func lookupKey(_, v string) (string, bool) {
	key, _, ok := strings.Cut(v, ":")
	return key, ok
}

// globalJoins writes inner and left joins of a stream with a global table.
func globalJoins(b *builder, options ...topology.StoreOption) {
	s := b.Stream("in", str, str)
	g := b.GlobalTable("glob", str, topology.StoreAs("rows", str, options...), topology.Named("g"))
	s.JoinGlobal(g, lookupKey, bar, topology.Named("ij")).To("inner", str, str)
	s.LeftJoinGlobal(g, lookupKey, leftBar, topology.Named("lj")).To("left", str, str)
}

// printed prints records as key=value@timestamp.
func printed(records []driver.Record[string, string]) string {
	var all []string
	for _, r := range records {
		all = append(all, r.String())
	}
	return strings.Join(all, " ")
}

func TestGlobalJoins(t *testing.T) {
	b := topology.NewBuilder()
	globalJoins(b)
	// The stream has two partitions, the table three: nothing is co-partitioned.
	d := driver.ForTest(t, build(t, b), driver.WithPartitions("in", 2), driver.WithPartitions("glob", 3))
	in, glob := d.Input("in", str, str), d.Input("glob", str, str)
	for n := range int32(3) {
		glob.Partition(n).PipeAt(500, fmt.Sprint("g", n), fmt.Sprint("G", n))
	}
	in.Partition(0).PipeAt(10, "a", "g0:")
	in.Partition(1).PipeAt(20, "b", "g1:")
	in.Partition(0).PipeAt(30, "c", "g2:")
	in.PipeAt(40, "d", "nothing:")
	in.PipeAt(50, "e", "no key")
	in.PipeRecord(driver.Record[string, string]{NullKey: true, Value: "g0:", Timestamp: 60})
	in.PipeRecord(driver.Record[string, string]{Key: "f", NullValue: true, Timestamp: 70})
	glob.Partition(1).PipeRecord(driver.Record[string, string]{Key: "g0", NullValue: true, Timestamp: 5})
	glob.PipeRecord(driver.Record[string, string]{NullKey: true, Value: "x", Timestamp: 5})
	in.PipeAt(80, "g", "g0:")

	if got, want := printed(d.Output("inner", str, str).ReadAll()),
		"a=g0:|G0@10 b=g1:|G1@20 c=g2:|G2@30 null=g0:|G0@60"; got != want {
		t.Errorf("inner\n got %s\nwant %s", got, want)
	}
	if got, want := printed(d.Output("left", str, str).ReadAll()),
		"a=g0:|G0@10 b=g1:|G1@20 c=g2:|G2@30 d=nothing:|nil@40 e=no key|nil@50 null=g0:|G0@60 g=g0:|nil@80"; got != want {
		t.Errorf("left\n got %s\nwant %s", got, want)
	}
	drops := d.Drops()
	for drop, n := range map[driver.Drop]int64{
		{Node: "ij", Reason: "null_key"}: 1, {Node: "ij", Reason: "null_value"}: 1,
		{Node: "lj", Reason: "null_value"}: 1, {Node: "g", Reason: "null_key"}: 1,
	} {
		if drops[drop] != n {
			t.Errorf("%d drops of %v, want %d", drops[drop], drop, n)
		}
	}
	if len(drops) != 4 {
		t.Errorf("drops %v", drops)
	}
}

// A null lookup key of a type with a nil is null as well, and keys and values may be
// of other types than the stream's.
func TestGlobalJoinTypes(t *testing.T) {
	b := topology.NewBuilder()
	g := b.GlobalTable("glob", text{}, topology.StoreAs("rows", serde.Int64))
	s := b.Stream("in", str, str)
	key := func(k, _ string) (*string, bool) {
		if k == "" {
			return nil, true
		}
		return &k, true
	}
	s.JoinGlobal(g, key, func(_ string, n int64) *int64 { return &n }).MapValues(func(n *int64) int64 { return *n + 1 }).To("inner", str, serde.Int64)
	s.LeftJoinGlobal(g, key, func(_ string, n *int64) bool { return n != nil }).
		MapValues(func(found bool) string { return fmt.Sprint(found) }).To("left", str, str)
	d := driver.ForTest(t, build(t, b))
	d.Input("glob", str, serde.Int64).PipeAt(1, "a", 41)
	in := d.Input("in", str, str)
	in.PipeAt(2, "a", "x")
	in.PipeAt(3, "", "x")
	if got := fmt.Sprint(d.Output("inner", str, serde.Int64).ReadAll()); got != "[a=42@2]" {
		t.Errorf("inner %s", got)
	}
	if got := printed(d.Output("left", str, str).ReadAll()); got != "a=true@2 =false@3" {
		t.Errorf("left %s", got)
	}
}

// A rekeyed stream needs no repartition topic for the join, but does behind it.
func TestGlobalJoinOfARekeyedStream(t *testing.T) {
	b := topology.NewBuilder()
	g := b.GlobalTable("glob", str, topology.StoreAs("rows", str))
	b.Stream("in", str, str).SelectKey(first).
		LeftJoinGlobal(g, lookupKey, leftBar).
		GroupByKey(str, str).Count(topology.StoreAs("counts", serde.Int64))
	top := build(t, b)
	if n := len(top.Plan().SubTopologies); n != 2 {
		t.Errorf("%d sub-topologies, want 2: a repartition topic before the count", n)
	}
	d := driver.ForTest(t, top)
	d.Input("in", str, str).PipeAt(1, "k", "xyz")
	if n, ok := d.KeyValue("counts", str, serde.Int64).Get("x"); n != 1 || !ok {
		t.Errorf("count %d, %v", n, ok)
	}
}

// The store of a global table can't be written by a task.
func TestGlobalStoreIsReadOnly(t *testing.T) {
	b := topology.NewBuilder()
	globalJoins(b)
	d := driver.ForTest(t, build(t, b))
	s, err := d.Store("rows", 0)
	if err != nil {
		t.Fatal(err)
	}
	rows, err := statestore.NewKeyValue(s, str, str)
	if err != nil {
		t.Fatal(err)
	}
	if err := rows.Put("a", "b", 1); err == nil || !strings.Contains(err.Error(), "send a record to it") {
		t.Errorf("put: %v", err)
	}
}

func TestGlobalTableErrorsNameTheRecord(t *testing.T) {
	bad := errors.New("bad value")
	b := topology.NewBuilder()
	b.GlobalTable("glob", str, topology.StoreAs("rows", serde.Serde[string](refusing{bad})), topology.Named("g"))
	d, err := driver.New(build(t, b))
	if err != nil {
		t.Fatal(err)
	}
	d.Input("glob", str, str).PipeAt(1, "a", "x")
	err = d.Err()
	if !errors.Is(err, bad) || !strings.Contains(err.Error(), "node g-source, record glob-0 at offset 0") {
		t.Errorf("got %v", err)
	}
	if err := d.Close(); err != nil {
		t.Error(err)
	}
}

// refusing is a serde that decodes nothing.
type refusing struct{ err error }

func (refusing) Append(dst []byte, v string) ([]byte, error) { return append(dst, v...), nil }

func (r refusing) Decode([]byte) (string, error) { return "", r.err }
