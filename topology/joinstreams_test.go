package topology_test

import (
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/oncestream/oncestream/statestore"
	"github.com/oncestream/oncestream/topology"
)

// joined concatenates both sides, null for none.
func joined(l, r *string) string { return orNull(l) + "|" + orNull(r) }

// leftJoined is joined where the left side is always there.
func leftJoined(l string, r *string) string { return joined(&l, r) }

// sides are the streams of two topics.
func sides(b *builder) (left, right *topology.Stream[string, string]) {
	return b.Stream("left", str, str), b.Stream("right", str, str)
}

func TestStreamStreamJoinsAsKafkaStreams(t *testing.T) {
	for name, write := range map[string]func(b *builder){
		"join-stream-stream-inner": func(b *builder) {
			l, r := sides(b)
			l.Join(r, topology.Within(10*ms).Grace(100*ms), bar, topology.JoinAs("j", str, str, str)).To("out", str, str)
		},
		"join-stream-stream-left": func(b *builder) {
			l, r := sides(b)
			l.LeftJoin(r, topology.Within(10*ms).Grace(5*ms), leftJoined, topology.JoinAs("j", str, str, str)).To("out", str, str)
		},
		"join-stream-stream-outer": func(b *builder) {
			l, r := sides(b)
			w := topology.Within(10 * ms).Grace(5 * ms)
			l.OuterJoin(r, w, joined, topology.JoinAs("j", str, str, str)).To("out", str, str)
			l.OuterJoin(r, w, joined, topology.JoinAs("k", str, str, str, topology.InMemory(), topology.WithoutLogging()),
				topology.Named("mem")).To("mem-out", str, str)
		},
		"join-stream-stream-asymmetric": func(b *builder) {
			l, r := sides(b)
			l.Join(r, topology.Within(0).After(20*ms).Grace(50*ms), bar, topology.JoinAs("j", str, str, str)).To("out", str, str)
			l.LeftJoin(r, topology.Within(20*ms).Before(-5*ms), leftJoined, topology.JoinAs("k", str, str, str)).
				MapValuesWithKey(func(k, v string) string { return k + ":" + v }).To("out2", str, str)
		},
		"join-stream-self": func(b *builder) {
			s := b.Stream("in", str, str)
			s.Join(s, topology.Within(10*ms).Grace(10*ms), bar, topology.JoinAs("j", str, str, str)).To("out", str, str)
		},
		"join-stream-stream-rekeyed": func(b *builder) {
			l := b.Stream("left", text{}, text{}).SelectKey(func(_, v *string) *string { return afterColon(v) })
			r := b.Stream("right", text{}, text{}).Map(func(_, v *string) (*string, *string) { return beforeColon(v), afterColon(v) })
			l.LeftJoin(r, topology.Within(10*ms), func(l *string, r **string) *string {
				if r == nil {
					return ptr(joined(l, nil))
				}
				return ptr(joined(l, *r))
			}, topology.JoinAs("my-join-store", text{}, text{}, text{}, topology.InMemory()), topology.Named("my-join")).
				MapValuesWithKey(func(k, v *string) *string { return ptr(orNull(k) + ":" + *v) }).To("out", text{}, text{})
		},
		"random-stream-joins": func(b *builder) {
			l, r := sides(b)
			l.LeftJoin(r, topology.Within(20*ms).Grace(10*ms), leftJoined, topology.JoinAs("j", str, str, str)).To("left-out", str, str)
			l.OuterJoin(r, topology.Within(0).Before(5*ms).After(15*ms).Grace(10*ms), joined, topology.JoinAs("o", str, str, str)).
				To("outer-out", str, str)
		},
	} {
		t.Run(name, func(t *testing.T) {
			b := topology.NewBuilder()
			write(b)
			runScenario(t, name, b)
		})
	}
}

func beforeColon(v *string) *string {
	if v == nil {
		return nil
	}
	before, _, _ := strings.Cut(*v, ":")
	return &before
}

func afterColon(v *string) *string {
	if v == nil {
		return nil
	}
	if _, after, ok := strings.Cut(*v, ":"); ok {
		return &after
	}
	return nil
}

// The names of nodes, stores and repartition topics are those of Kafka Streams,
// which live on when an application of it is taken over.
func TestStreamStreamJoinNames(t *testing.T) {
	b := topology.NewBuilder()
	l, r := sides(b)
	w := topology.Within(time.Second).Grace(time.Minute)
	l.Join(r, w, bar, topology.JoinAs("i", str, str, str))
	l.LeftJoin(r, w, leftJoined, topology.JoinAs("l", str, str, str))
	rekeyed := l.SelectKey(first)
	rekeyed.OuterJoin(r.SelectKey(first), w, joined, topology.JoinAs("o", str, str, str), topology.Named("n"))
	top := build(t, b)
	var stores, topics []string
	for _, sub := range top.Plan().SubTopologies {
		for _, s := range sub.Stores {
			stores = append(stores, s.Name)
			if want := 62 * time.Second; s.Kind == statestore.DuplicateWindow && s.Retention != want {
				t.Errorf("%s has a retention of %s, want %s", s.Name, s.Retention, want)
			}
		}
		for _, s := range sub.Sinks {
			topics = append(topics, s.Topic)
		}
	}
	slices.Sort(stores)
	if want := []string{
		"i-other-join-store", "i-this-join-store",
		"l-left-shared-join-store", "l-outer-other-join-store", "l-this-join-store",
		"o-outer-other-join-store", "o-outer-shared-join-store", "o-outer-this-join-store",
	}; !slices.Equal(stores, want) {
		t.Errorf("stores %q", stores)
	}
	if want := []string{"n-left-repartition", "n-right-repartition"}; !slices.Equal(topics, want) {
		t.Errorf("topics %q", topics)
	}
	for _, node := range []string{
		"KSTREAM-WINDOWED-0000000002 (stores: [i-this-join-store])",
		"KSTREAM-WINDOWED-0000000003 (stores: [i-other-join-store])",
		"KSTREAM-JOINTHIS-0000000004 (stores: [i-other-join-store])",
		"KSTREAM-JOINOTHER-0000000005 (stores: [i-this-join-store])",
		"KSTREAM-MERGE-0000000006 (stores: [])",
		"KSTREAM-JOINTHIS-0000000009 (stores: [l-left-shared-join-store, l-outer-other-join-store])",
		"KSTREAM-OUTEROTHER-0000000010 (stores: [l-left-shared-join-store, l-this-join-store])",
		"n-this-windowed (stores: [o-outer-this-join-store])",
		"n-outer-this-join (stores: [o-outer-other-join-store, o-outer-shared-join-store])",
		"n-outer-other-join (stores: [o-outer-shared-join-store, o-outer-this-join-store])",
		"n-merge (stores: [])",
	} {
		if !strings.Contains(top.String(), "Processor: "+node+"\n") {
			t.Errorf("no %s in\n%s", node, top)
		}
	}
}

// What waits for a match survives a restart, and so does stream time.
func TestStreamStreamJoinAfterRestart(t *testing.T) {
	db := statestore.OpenMemory()
	start := func() *harness {
		b := topology.NewBuilder()
		l, r := sides(b)
		l.OuterJoin(r, topology.Within(10*ms), joined, topology.JoinAs("j", str, str, str)).To("out", str, str)
		return newHarnessOn(t, b, db)
	}
	h := start()
	h.run(input{"left", "a", "1", 100}, input{"right", "b", "2", 105}, input{"left", "c", "3", 110})
	h.close(db)

	h = start()
	h.run(input{"right", "c", "4", 100}, input{"left", "a", "late", 95}, input{"right", "d", "5", 111}, input{"left", "d", "6", 116})
	h.want("out", "c=3|4@110", "a=late|null@95", "a=1|null@100", "b=null|2@105", "d=6|5@116")
}
