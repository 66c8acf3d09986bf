package parity

import (
	"bytes"
	"fmt"
	"maps"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/twmb/franz-go/pkg/kerr"
	"github.com/twmb/franz-go/pkg/kgo"

	kafkatest "github.com/oncestream/oncestream/test/kafka"
)

// patience is how long an application may take for a half of the input.
const patience = 3 * time.Minute

// snapshot is what an application left on the brokers, without the names that
// only its own run has.
type snapshot struct {
	results results
	// changelogs have the last record of each key of each partition, as text.
	changelogs map[string][]string
	// metadata is that of the committed offsets, by topic and partition. It holds
	// the partition's time.
	metadata map[string]string
}

// await waits until everything is processed and committed.
func (r *run) await(t *testing.T, p *running) {
	t.Helper()
	tick := time.NewTicker(100 * time.Millisecond)
	defer tick.Stop()
	deadline := time.After(patience)
	for r.behind(t) {
		p.check()
		select {
		case <-tick.C:
		case <-deadline:
			t.Fatalf("the input isn't processed after %s", patience)
		}
	}
}

// behind says whether a topic has committed records that the group's offsets
// aren't past. The offsets are asked for first: what the last transaction in
// them wrote is waited for.
func (r *run) behind(t *testing.T) bool {
	t.Helper()
	committed, err := kafkatest.Admin(t, r.addr).FetchOffsets(t.Context(), r.id)
	if kerr.IsRetriable(err) {
		return true // the group's coordinator isn't up yet
	}
	if err != nil {
		t.Fatal(err)
	}
	for _, topic := range r.sources(t) {
		for _, rec := range kafkatest.ConsumeAll(t, r.addr, topic) {
			if o, ok := committed.Lookup(topic, rec.Partition); !ok || rec.Offset >= o.At {
				return true
			}
		}
	}
	return false
}

// sources returns the topics that the application reads, those of its own
// included as soon as they exist.
func (r *run) sources(t *testing.T) []string {
	t.Helper()
	all, err := kafkatest.Admin(t, r.addr).ListTopics(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	topics := slices.Clone(r.in)
	for name := range all {
		if strings.HasPrefix(name, r.id+"-") && !strings.HasSuffix(name, "-changelog") {
			topics = append(topics, name)
		}
	}
	return topics
}

func (r *run) snapshot(t *testing.T, start time.Time) snapshot {
	t.Helper()
	s := snapshot{results: results{}, changelogs: map[string][]string{}, metadata: map[string]string{}}
	for _, rec := range kafkatest.ConsumeAll(t, r.addr, r.out) {
		add := s.results.add
		if r.shape.lastOnly {
			add = s.results.set
		}
		add(string(rec.Key), value(rec), seconds(rec, start))
	}
	if r.shape.anyOrder {
		s.results.sort()
	}
	for _, store := range r.shape.stores {
		records := kafkatest.ConsumeAll(t, r.addr, r.id+"-"+store+"-changelog")
		for _, rec := range records {
			r.blur(rec, store, start)
		}
		s.changelogs[store] = compacted(records, start, store == r.shape.versioned)
	}
	offsets, err := kafkatest.Admin(t, r.addr).FetchOffsets(t.Context(), r.id)
	if err != nil {
		t.Fatal(err)
	}
	for topic, ps := range offsets {
		if strings.HasSuffix(topic, "-response-topic") {
			continue // it depends on a race which answers there are, though not what comes of them
		}
		for p, o := range ps {
			s.metadata[fmt.Sprintf("%s-%d", r.role(topic), p)] = o.Metadata
		}
	}
	return s
}

// role names a topic alike for all runs.
func (r *run) role(topic string) string {
	if i := slices.Index(r.in, topic); i >= 0 {
		return fmt.Sprint("in", i)
	}
	return strings.TrimPrefix(topic, r.id+"-")
}

// blur takes out of a changelog record what two runs can't have in common.
func (r *run) blur(rec *kgo.Record, store string, start time.Time) {
	if r.shape.buffer == store {
		rec.Timestamp = start
		for _, topic := range r.in {
			rec.Value = bytes.ReplaceAll(rec.Value, []byte(topic), []byte("in"))
		}
	}
	if slices.Contains(r.shape.numbered, store) {
		// Kafka Streams begins to count again after a restart, oncestream goes on.
		rec.Key = rec.Key[:len(rec.Key)-4]
	}
	if strings.HasSuffix(store, "-subscription-store") && len(rec.Value) > 1 {
		// How a subscription is to be answered: oncestream asks again where an answer came
		// too late, and then for an answer in any case.
		rec.Value[1] = 0
	}
	// What an outer join of oncestream knows beside its rows, and Kafka Streams passes over.
	rec.Headers = slices.DeleteFunc(rec.Headers, func(h kgo.RecordHeader) bool { return h.Key == "note" })
	if r.shape.anyOrder && rec.Value == nil {
		rec.Timestamp = start
	}
}

// compacted returns the last record of each key as text, sorted; of versions the
// last record of each key and time.
func compacted(records []*kgo.Record, start time.Time, versions bool) []string {
	last := map[string]string{}
	for _, rec := range records {
		key := fmt.Sprintf("%d %q", rec.Partition, rec.Key)
		id := key
		if versions {
			id += rec.Timestamp.String()
		}
		last[id] = fmt.Sprintf("%s = %q at %d, headers %v", key, value(rec), seconds(rec, start), rec.Headers)
	}
	return slices.Sorted(maps.Values(last))
}

func value(rec *kgo.Record) string {
	if rec.Value == nil {
		return null
	}
	return string(rec.Value)
}

func seconds(rec *kgo.Record, start time.Time) int {
	return int(rec.Timestamp.Sub(start) / time.Second)
}
