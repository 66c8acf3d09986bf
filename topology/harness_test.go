package topology_test

import (
	"fmt"
	"maps"
	"slices"
	"testing"

	"github.com/oncestream/oncestream/internal/plan"
	"github.com/oncestream/oncestream/internal/record"
	"github.com/oncestream/oncestream/statestore"
	"github.com/oncestream/oncestream/topology"
)

// null stands for Kafka's null in the texts of these tests.
const null = "<null>"

// noHeaders stands for a record without headers.
const noHeaders = "<no headers>"

// input is a record for a topic.
type input struct {
	topic, key, value string
	ts                int64
}

// harness runs a topology with one partition of everything. What is written to
// repartition topics is processed at once.
type harness struct {
	t      *testing.T
	inputs map[string]plan.Input
	envs   []*plan.Env
	stores map[string]*statestore.Store
	// outputs are the records written by topic, as key=value@timestamp.
	outputs map[string][]string
	// headers are the values of the first headers of these records.
	headers map[string][]string
	dropped []string
	// refuse makes all writes to outputs fail.
	refuse error
	// decode answers for records that can't be deserialized.
	decode func(error) error
	offset int64
	// partitions is the count of all outputs, chosen the partitions of sent records.
	partitions int32
	chosen     []int32
}

func build(t *testing.T, b *topology.Builder) *topology.Topology {
	t.Helper()
	top, err := b.Build()
	if err != nil {
		t.Fatal(err)
	}
	return top
}

func newHarness(t *testing.T, b *topology.Builder) *harness {
	t.Helper()
	return newHarnessOn(t, b, statestore.OpenMemory())
}

// newHarnessOn runs a topology over stores that may have been used before.
func newHarnessOn(t *testing.T, b *topology.Builder, db *statestore.DB) *harness {
	t.Helper()
	h := &harness{
		t:          t,
		inputs:     map[string]plan.Input{},
		stores:     map[string]*statestore.Store{},
		outputs:    map[string][]string{},
		headers:    map[string][]string{},
		partitions: 1,
		decode:     func(err error) error { return err },
	}
	for _, sub := range build(t, b).Plan().SubTopologies {
		h.addTask(sub, db)
	}
	return h
}

func (h *harness) addTask(sub *plan.SubTopology, db *statestore.DB) {
	h.t.Helper()
	stores := map[string]*statestore.Store{}
	for _, spec := range sub.Stores {
		s, err := db.Store(spec, 0)
		if err != nil {
			h.t.Fatal(err)
		}
		h.t.Cleanup(s.Close)
		stores[spec.Name], h.stores[spec.Name] = s, s
	}
	env := &plan.Env{
		Task: plan.TaskID{SubTopology: sub.ID},
		Store: func(name string) (*statestore.Store, error) {
			if stores[name] == nil {
				return nil, fmt.Errorf("no store %q in task %d", name, sub.ID)
			}
			return stores[name], nil
		},
		Output:       func(topic string) (plan.Output, error) { return &output{h, topic}, nil },
		DecodeFailed: func(_ string, _ *record.Record, err error) error { return h.decode(err) },
		Dropped: func(node string, reason plan.DropReason) {
			h.dropped = append(h.dropped, node+" "+string(reason))
		},
	}
	chain, err := sub.Build(env)
	if err != nil {
		h.t.Fatal(err)
	}
	h.envs = append(h.envs, env)
	maps.Copy(h.inputs, chain.Inputs)
}

// send processes one record.
func (h *harness) send(in input) error {
	h.t.Helper()
	if h.inputs[in.topic].Process == nil {
		h.t.Fatalf("no source reads %q", in.topic)
	}
	h.offset++
	return h.process(&record.Record{
		Topic: in.topic, Offset: h.offset, Key: bytesOf(in.key), Value: bytesOf(in.value), Timestamp: in.ts,
		Headers: []record.Header{{Key: "h", Value: []byte(in.value)}},
	})
}

// process takes a record of a partition without others before it.
func (h *harness) process(r *record.Record) error {
	in := h.inputs[r.Topic]
	if in.Timestamp != nil {
		in.Timestamp(r, -1)
	}
	return in.Process(r)
}

// run processes records, which must not fail.
func (h *harness) run(ins ...input) {
	h.t.Helper()
	for _, in := range ins {
		if err := h.send(in); err != nil {
			h.t.Fatalf("process %v: %v", in, err)
		}
	}
}

// close commits the state and gives it up.
func (h *harness) close(db *statestore.DB) {
	h.t.Helper()
	for _, s := range h.stores {
		commit(h.t, db, s)
		s.Close()
	}
}

// want checks all that was written to a topic so far.
func (h *harness) want(topic string, want ...string) {
	h.t.Helper()
	if got := h.outputs[topic]; !slices.Equal(got, want) {
		h.t.Errorf("topic %s\n got %q\nwant %q", topic, got, want)
	}
}

// wantRows checks what a key-value store holds, in the order of the keys.
func (h *harness) wantRows(store string, want ...string) {
	h.t.Helper()
	if h.stores[store] == nil {
		h.t.Fatalf("no store %q", store)
	}
	rows, err := statestore.NewKeyValue(h.stores[store], str, str)
	if err != nil {
		h.t.Fatal(err)
	}
	var got []string
	for e, err := range rows.All() {
		if err != nil {
			h.t.Fatal(err)
		}
		got = append(got, fmt.Sprintf("%s=%s@%d", e.Key, e.Value, e.Timestamp))
	}
	if !slices.Equal(got, want) {
		h.t.Errorf("store %s\n got %q\nwant %q", store, got, want)
	}
}

// wantDropped checks all drops so far.
func (h *harness) wantDropped(want ...string) {
	h.t.Helper()
	if !slices.Equal(h.dropped, want) {
		h.t.Errorf("dropped\n got %q\nwant %q", h.dropped, want)
	}
}

func bytesOf(s string) []byte {
	if s == null {
		return nil
	}
	return []byte(s)
}

func textOf(b []byte) string {
	if b == nil {
		return null
	}
	return string(b)
}

// output is a topic that keeps what is written to it.
type output struct {
	h     *harness
	topic string
}

func (o *output) Partitions() int32 { return o.h.partitions }

func (o *output) Send(partition int32, key, value []byte, ts int64, headers []record.Header) error {
	if o.h.refuse != nil {
		return o.h.refuse
	}
	o.h.chosen = append(o.h.chosen, partition)
	o.h.outputs[o.topic] = append(o.h.outputs[o.topic], fmt.Sprintf("%s=%s@%d", textOf(key), textOf(value), ts))
	first := noHeaders
	if len(headers) > 0 {
		first = textOf(headers[0].Value)
	}
	o.h.headers[o.topic] = append(o.h.headers[o.topic], first)
	if _, ok := o.h.inputs[o.topic]; ok {
		return o.h.process(&record.Record{
			Topic: o.topic, Key: slices.Clone(key), Value: slices.Clone(value), Timestamp: ts, Headers: headers,
		})
	}
	return nil
}

func recordOf(topic, value string) *record.Record {
	return &record.Record{Topic: topic, Key: []byte("k"), Value: []byte(value), Headers: []record.Header{{Key: "h"}}}
}
