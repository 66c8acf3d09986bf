package topology_test

import (
	"slices"
	"testing"
	"time"

	"github.com/oncestream/oncestream/changelog"
	"github.com/oncestream/oncestream/statestore"
	"github.com/oncestream/oncestream/topology"
)

func TestEmitOnCloseAsKafkaStreams(t *testing.T) {
	for name, write := range map[string]func(b *builder){
		"window-emit-on-close-tumbling": func(b *builder) {
			toText(windowed(b, topology.Tumbling(100*ms).Grace(20*ms)).EmitOnClose().
				Aggregate(empty, appendText, topology.StoreAs("win", str)), "out")
		},
		"window-emit-on-close-sliding": func(b *builder) {
			toText(windowed(b, topology.Sliding(10*ms).Grace(5*ms)).EmitOnClose().
				Aggregate(empty, appendText, topology.StoreAs("win", str)), "out")
		},
		"window-emit-on-close-session": func(b *builder) {
			toText(sessions(b, topology.Sessions(10*ms).Grace(10*ms)).EmitOnClose().
				Aggregate(empty, appendText, joinTexts, topology.StoreAs("ses", str)), "out")
		},
	} {
		t.Run(name, func(t *testing.T) {
			b := topology.NewBuilder()
			write(b)
			runScenario(t, name, b)
		})
	}
}

// Stream time may jump by more than the store keeps: the closed windows are sent
// before.
func TestEmitOnCloseLosesNothing(t *testing.T) {
	b := topology.NewBuilder()
	s := windowed(b, topology.Tumbling(100*ms)).EmitOnClose()
	countsToText(s.Count(topology.StoreAs("mem", number, topology.InMemory())), "mem")
	countsToText(s.Count(topology.StoreAs("disk", number)), "disk")
	countsToText(sessions(b, topology.Sessions(10*ms)).EmitOnClose().Count(topology.StoreAs("ses", number)), "sessions")
	h := newHarness(t, b)
	h.run(input{"in", "a", "1", 10}, input{"in", "b", "2", 110}, input{"in", "a", "3", 5000}, input{"in", "a", "4", 5010}, input{"in", "b", "5", 5020}, input{"in", "b", "6", 5021})
	want := []string{"a@0/100=1@10", "b@100/200=1@110"}
	h.want("mem", want...)
	h.want("disk", want...)
	// At 5020 the session of a is just a gap away, and still open.
	h.want("sessions", "a@10/10=1@10", "b@110/110=1@110", "a@5000/5010=2@5010")
}

// After a restart a window is neither sent again nor forgotten.
func TestEmitOnCloseAfterRestart(t *testing.T) {
	db := statestore.OpenMemory()
	start := func() *harness {
		b := topology.NewBuilder()
		countsToText(windowed(b, topology.Hopping(100*ms, 50*ms).Grace(20*ms)).EmitOnClose().
			Count(topology.StoreAs("c", number, topology.WithRetention(time.Hour))), "out")
		return newHarnessOn(t, b, db)
	}
	h := start()
	h.run(input{"in", "a", "1", 60}, input{"in", "a", "2", 125})
	h.want("out", "a@0/100=1@60")
	h.close(db)

	h = start()
	h.run(input{"in", "b", "3", 110}, input{"in", "a", "4", 170})
	h.want("out", "a@50/150=2@125", "b@50/150=1@110")
	if got := h.headers["out"]; !slices.Equal(got, []string{"4", "4"}) {
		t.Errorf("headers %q, want those of the record that closed the windows", got)
	}
}

// The store of sessions that are sent on close keeps them for a moment longer, but
// the changelog topic is that of Kafka Streams.
func TestEmitOnCloseKeepsTheTopicsRetention(t *testing.T) {
	b := topology.NewBuilder()
	s := sessions(b, topology.Sessions(10*ms).Grace(5*ms)).EmitOnClose()
	s.Count(topology.StoreAs("a", number))
	s.Count(topology.StoreAs("b", number, topology.TopicConfig(map[string]string{"retention.ms": "7"})))
	for i, want := range []string{"86400015", "7"} {
		spec := build(t, b).Plan().SubTopologies[0].Stores[i]
		if spec.Retention != 16*ms || changelog.Configs(spec)["retention.ms"] != want {
			t.Errorf("store %s: %s and %v", spec.Name, spec.Retention, changelog.Configs(spec))
		}
	}
}
