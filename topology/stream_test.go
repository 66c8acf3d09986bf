package topology_test

import (
	"errors"
	"iter"
	"maps"
	"strings"
	"testing"

	"github.com/oncestream/oncestream/internal/plan"
	"github.com/oncestream/oncestream/topology"
	"github.com/oncestream/oncestream/topology/serde"
)

// text writes *string, so that functions see and return nulls.
type text struct{}

func (text) Append(dst []byte, v *string) ([]byte, error) { return append(dst, *v...), nil }

func (text) Decode(b []byte) (*string, error) {
	s := string(b)
	return &s, nil
}

func ptr(s string) *string { return &s }

func shown(s *string) string {
	if s == nil {
		return "nil"
	}
	return *s
}

type (
	strStream = topology.Stream[string, string]
	ptrStream = topology.Stream[*string, *string]
)

// stateless are the records that stateless operators are tried with: also with a
// null key, a null value, and both.
var stateless = []input{
	{"in", "k", "apple", 10},
	{"in", null, "berry", 20},
	{"in", "k", null, 30},
	{"in", null, null, 40},
	{"in", "", "", 5},
}

func TestStatelessOnTypesWithoutNil(t *testing.T) {
	for _, c := range []struct {
		name string
		do   func(*strStream) *strStream
		want []string
	}{
		{"nothing", func(s *strStream) *strStream { return s },
			[]string{"k=apple@10", "<null>=berry@20", "k=<null>@30", "<null>=<null>@40", "=@5"}},
		{"Filter", func(s *strStream) *strStream {
			return s.Filter(func(k, v string) bool { return k == "" || v == "" })
		}, []string{"<null>=berry@20", "k=<null>@30", "<null>=<null>@40", "=@5"}},
		{"FilterNot", func(s *strStream) *strStream {
			return s.FilterNot(func(_, v string) bool { return v == "" })
		}, []string{"k=apple@10", "<null>=berry@20"}},
		{"Map: keys are never null, null values stay", func(s *strStream) *strStream {
			return s.Map(func(k, v string) (string, string) { return "j" + k, "w" + v })
		}, []string{"jk=wapple@10", "j=wberry@20", "jk=<null>@30", "j=<null>@40", "j=w@5"}},
		{"SelectKey: keys are never null, null values stay", func(s *strStream) *strStream {
			return s.SelectKey(func(k, v string) string { return v + k })
		}, []string{"applek=apple@10", "berry=berry@20", "k=<null>@30", "=<null>@40", "=@5"}},
		{"MapValues isn't called for null", func(s *strStream) *strStream {
			return s.MapValues(func(v string) string { return v + "!" })
		}, []string{"k=apple!@10", "<null>=berry!@20", "k=<null>@30", "<null>=<null>@40", "=!@5"}},
		{"MapValuesWithKey isn't called for null", func(s *strStream) *strStream {
			return s.MapValuesWithKey(func(k, v string) string { return k + v })
		}, []string{"k=kapple@10", "<null>=berry@20", "k=<null>@30", "<null>=<null>@40", "=@5"}},
		{"FlatMapValuesWithKey gets zero values", func(s *strStream) *strStream {
			return s.FlatMapValuesWithKey(func(k, v string) []string { return []string{k, v} })
		}, []string{"k=k@10", "k=apple@10", "<null>=@20", "<null>=berry@20", "k=k@30", "k=@30", "<null>=@40", "<null>=@40", "=@5", "=@5"}},
		{"FlatMap gets zero values", func(s *strStream) *strStream {
			return s.FlatMap(func(k, v string) iter.Seq2[string, string] {
				return func(yield func(string, string) bool) { _ = yield("1"+k, v) && yield("2"+k, v) }
			})
		}, []string{"1k=apple@10", "2k=apple@10", "1=berry@20", "2=berry@20", "1k=@30", "2k=@30", "1=@40", "2=@40", "1=@5", "2=@5"}},
		{"FlatMap with nil and empty sequences", func(s *strStream) *strStream {
			return s.FlatMap(func(k, v string) iter.Seq2[string, string] {
				if v == "" {
					return nil
				}
				return maps.All(map[string]string{})
			})
		}, nil},
		{"FlatMapValues gets the zero value", func(s *strStream) *strStream {
			return s.FlatMapValues(func(v string) []string {
				if v == "berry" {
					return nil
				}
				return []string{v, "x"}
			})
		}, []string{"k=apple@10", "k=x@10", "k=@30", "k=x@30", "<null>=@40", "<null>=x@40", "=@5", "=x@5"}},
		{"Merge with itself", func(s *strStream) *strStream { return s.Merge(s) },
			[]string{"k=apple@10", "<null>=berry@20", "k=<null>@30", "<null>=<null>@40", "=@5"}},
		{"Merge of two branches, depth first", func(s *strStream) *strStream {
			return s.MapValues(func(v string) string { return v + "1" }).
				Merge(s.Filter(func(_, v string) bool { return v == "apple" }))
		}, []string{"k=apple1@10", "k=apple@10", "<null>=berry1@20", "k=<null>@30", "<null>=<null>@40", "=1@5"}},
		{"Repartition leaves out null keys", func(s *strStream) *strStream {
			return s.Repartition("r", str, str)
		}, []string{"k=apple@10", "k=<null>@30", "=@5"}},
	} {
		t.Run(c.name, func(t *testing.T) {
			b := topology.NewBuilder()
			c.do(b.Stream("in", str, str)).To("out", str, str)
			h := newHarness(t, b)
			h.run(stateless...)
			h.want("out", c.want...)
			h.wantDropped()
		})
	}
}

func TestStatelessOnTypesWithNil(t *testing.T) {
	for _, c := range []struct {
		name string
		do   func(*ptrStream) *ptrStream
		want []string
	}{
		{"Map sees nil and returns it", func(s *ptrStream) *ptrStream {
			return s.Map(func(k, v *string) (*string, *string) { return v, ptr(shown(k)) })
		}, []string{"apple=k@10", "berry=nil@20", "<null>=k@30", "<null>=nil@40", "=@5"}},
		{"SelectKey", func(s *ptrStream) *ptrStream {
			return s.SelectKey(func(k, v *string) *string { return v })
		}, []string{"apple=apple@10", "berry=berry@20", "<null>=<null>@30", "<null>=<null>@40", "=@5"}},
		{"MapValues is called with nil", func(s *ptrStream) *ptrStream {
			return s.MapValues(func(v *string) *string {
				if v == nil {
					return ptr("was nil")
				}
				return nil
			})
		}, []string{"k=<null>@10", "<null>=<null>@20", "k=was nil@30", "<null>=was nil@40", "=<null>@5"}},
		{"MapValuesWithKey is called with nil", func(s *ptrStream) *ptrStream {
			return s.MapValuesWithKey(func(k, v *string) *string {
				if v == nil || k == nil {
					return k
				}
				return ptr(*k + *v)
			})
		}, []string{"k=kapple@10", "<null>=<null>@20", "k=k@30", "<null>=<null>@40", "=@5"}},
		{"FlatMap and FlatMapValues return nil", func(s *ptrStream) *ptrStream {
			return s.
				FlatMap(func(k, v *string) iter.Seq2[*string, *string] {
					return func(yield func(*string, *string) bool) { yield(v, k) }
				}).
				FlatMapValues(func(v *string) []*string { return []*string{v, nil} })
		}, []string{"apple=k@10", "apple=<null>@10", "berry=<null>@20", "berry=<null>@20", "<null>=k@30", "<null>=<null>@30",
			"<null>=<null>@40", "<null>=<null>@40", "=@5", "=<null>@5"}},
	} {
		t.Run(c.name, func(t *testing.T) {
			b := topology.NewBuilder()
			c.do(b.Stream("in", text{}, text{})).To("out", text{}, text{})
			h := newHarness(t, b)
			h.run(stateless...)
			h.want("out", c.want...)
		})
	}
}

// A type with a nil answers for itself; a type without one can't, so what was
// null stays null.
func TestMapBetweenKindsOfTypes(t *testing.T) {
	b := topology.NewBuilder()
	s := b.Stream("in", str, str)
	s.Map(func(k, v string) (*string, *string) { return nil, ptr("of " + v) }).To("pointers", text{}, text{})
	s.MapValues(func(v string) *string { return ptr("of " + v) }).To("values", str, text{})
	h := newHarness(t, b)
	h.run(input{"in", "k", null, 1}, input{"in", "k", "v", 2})
	h.want("pointers", "<null>=of @1", "<null>=of v@2")
	h.want("values", "k=<null>@1", "k=of v@2")
}

func TestPeekAndSplit(t *testing.T) {
	b := topology.NewBuilder()
	var seen []string
	is := func(want string) func(string, string) bool {
		return func(_, v string) bool { return strings.HasPrefix(v, want) }
	}
	split := b.Stream("in", str, str).
		Peek(func(k, v string) { seen = append(seen, k+v) }).
		Split(is("a"), is("ap"), is("b"))
	split[0].To("a", str, str)
	split[1].To("ap", str, str)
	split[3].To("rest", str, str)
	h := newHarness(t, b)
	h.run(input{"in", "1", "apple", 1}, input{"in", "2", "berry", 2}, input{"in", "3", "cherry", 3}, input{"in", "4", null, 4})
	h.want("a", "1=apple@1")
	h.want("ap")
	h.want("rest", "3=cherry@3", "4=<null>@4")
	if got := strings.Join(seen, " "); got != "1apple 2berry 3cherry 4" {
		t.Errorf("peeked %q", got)
	}
}

func TestDecodeErrorsGoToTheTask(t *testing.T) {
	for _, in := range []input{{"in", "short", "12345678", 1}, {"in", "12345678", "short", 1}} {
		b := topology.NewBuilder()
		b.Stream("in", serde.Int64, serde.Int64).To("out", serde.Int64, serde.Int64)
		h := newHarness(t, b)
		var asked error
		h.decode = func(err error) error {
			asked = err
			return nil
		}
		h.run(in)
		h.want("out")
		if asked == nil || !strings.Contains(asked.Error(), "int64") {
			t.Errorf("the task was asked about %v", asked)
		}
		stop := errors.New("stop")
		h.decode = func(error) error { return stop }
		if err := h.send(in); err != stop {
			t.Errorf("the task's answer became %v", err)
		}
	}
}

// failing is a serde that can't write.
type failing struct{ serde.Serde[string] }

var errSerde = errors.New("no bytes for this")

func (failing) Append([]byte, string) ([]byte, error) { return nil, errSerde }

func TestSinkErrorsNameTheNode(t *testing.T) {
	b := topology.NewBuilder()
	s := b.Stream("in", str, str)
	s.To("bad-key", failing{}, str, topology.Named("key-sink"))
	s.To("bad-value", str, failing{}, topology.Named("value-sink"))
	s.To("out", str, str, topology.Named("sink"))
	h := newHarness(t, b)
	err := h.send(input{"in", "k", "v", 1})
	if !errors.Is(err, errSerde) || !strings.HasPrefix(err.Error(), "key-sink: serialize the key: ") {
		t.Errorf("key: %v", err)
	}
	err = h.send(input{"in", null, "v", 1})
	if !errors.Is(err, errSerde) || !strings.HasPrefix(err.Error(), "value-sink: serialize the value: ") {
		t.Errorf("value: %v", err)
	}
	h.refuse = errors.New("refused")
	err = h.send(input{"in", null, null, 1})
	if !errors.Is(err, h.refuse) || !strings.HasPrefix(err.Error(), "key-sink: ") {
		t.Errorf("send: %v", err)
	}
}

// An error ends a record at once: nothing is shown to what comes behind.
func TestErrorsStopFlatMaps(t *testing.T) {
	b := topology.NewBuilder()
	calls := 0
	s := b.Stream("in", str, str)
	s.FlatMap(func(k, v string) iter.Seq2[string, string] {
		return func(yield func(string, string) bool) {
			calls++
			if yield(k, v) {
				t.Error("yield asks for more after an error")
			}
			yield(k, v) // breaks the protocol of iterators
		}
	}).Peek(func(_, _ string) { calls++ }).FlatMapValues(func(v string) []string { return []string{v, v} }).To("out", str, str)
	h := newHarness(t, b)
	h.refuse = errors.New("refused")
	if err := h.send(input{"in", "k", "v", 1}); !errors.Is(err, h.refuse) {
		t.Errorf("got %v", err)
	}
	if calls != 2 {
		t.Errorf("%d calls, want 2", calls)
	}
	h.want("out")
}

func TestWindowedKeysArePlacedByTheInnerKey(t *testing.T) {
	b := topology.NewBuilder()
	b.Stream("in", str, str).
		SelectKey(func(k, _ string) topology.Windowed[string] {
			return topology.Windowed[string]{Key: k, Start: 1000, End: 1010}
		}).
		To("out", serde.WindowedKey(str, 10e6), str)
	b.Stream("in", str, str).To("plain", str, str)
	h := newHarness(t, b)
	h.partitions = 10
	h.run(input{"in", "a", "v", 1})
	if want := plan.Partition([]byte("a"), 10); h.chosen[0] != want || want != 4 {
		t.Errorf("partition %d, want 4", h.chosen[0])
	}
	if h.chosen[1] != -1 {
		t.Errorf("partition %d of a plain key, want the default partitioner's", h.chosen[1])
	}
}

func TestEnvNamesTheNodeOfUserCode(t *testing.T) {
	b := topology.NewBuilder()
	var h *harness
	var got []string
	note := func() { got = append(got, h.envs[0].Node) }
	b.Stream("in", str, str, topology.Named("source")).
		FlatMap(func(k, v string) iter.Seq2[string, string] {
			return func(yield func(string, string) bool) {
				note()
				yield(k, v)
				note()
			}
		}, topology.Named("flat")).
		Filter(func(_, _ string) bool { note(); return true }, topology.Named("filter")).
		To("out", str, str)
	h = newHarness(t, b)
	h.run(input{"in", "k", "v", 1})
	if want := "flat filter flat"; strings.Join(got, " ") != want {
		t.Errorf("got %q, want %q", got, want)
	}
}

// The topic that a table of rekeyed records needs has the name that was given, as
// another application of the same shape may have left records in it.
func TestToTableNamesItsTopic(t *testing.T) {
	for want, options := range map[string][]topology.Option{
		"rows-repartition":  nil,
		"given-repartition": {topology.Named("given")},
	} {
		b := topology.NewBuilder()
		b.Stream("in", str, str).
			SelectKey(func(_, v string) string { return v }).
			ToTable(str, topology.StoreAs("rows", str), options...)
		if got := build(t, b).Plan().SubTopologies[0].Sinks[0].Topic; got != want {
			t.Errorf("got %s, want %s", got, want)
		}
	}
}
