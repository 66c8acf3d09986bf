//go:build unix

package chaos

import (
	"fmt"
	"testing"
	"time"

	"github.com/twmb/franz-go/pkg/kgo"

	kafkatest "github.com/oncestream/oncestream/test/kafka"
)

const metricGlobal = "oncestream_global_records_total"

// TestGlobalStoreSurvivesKill kills a process while it reads a global store's topic for
// the first time, and while it follows it. The store's processor counts what it gets, so
// that a record it gets twice, not at all, or from an aborted transaction would show.
func TestGlobalStoreSurvivesKill(t *testing.T) {
	const keys, perKey = 100, 20
	s := readSettings(t)
	kafkatest.Shared(t)
	r := newGlobalRun(t, s, keys)
	for i := range perKey {
		if i == perKey/2 {
			r.aborted()
		}
		r.global("first")
	}
	p := r.procs[0]
	p.start("ONCESTREAM_KILL=global.applied:2")
	if err := p.gone(); err == nil || p.running() {
		t.Fatalf("the process ended with %v instead of being killed", err)
	}
	p.start()
	r.wantRows(perKey, "first")

	// The first reading has been brought to disk before processing began, so a kill
	// costs what came later at most.
	before := p.metric(metricGlobal)
	r.global("second")
	r.until("the process to read what's new", func() bool { return p.metric(metricGlobal) == before+keys }, nil)
	r.wantRows(perKey+1, "second")
	p.kill()
	p.start()
	r.wantRows(perKey+1, "second")
	if n := p.metric(metricGlobal); n > keys {
		t.Errorf("%.0f records were read after the kill, though only %d weren't on disk", n, keys)
	}
	r.stopOne(p)

	p.start()
	r.wantRows(perKey+1, "second")
	if n := p.metric(metricGlobal); n != 0 {
		t.Errorf("%.0f records were read after a graceful stop", n)
	}
	if n := p.metric(metricRebuilds); n != 0 {
		t.Errorf("the store was rebuilt %.0f times", n)
	}
	r.stopOne(p)
}

// globalRun is an application of one process that answers each record with the row of
// its key in a global store.
type globalRun struct {
	*run
	topic string
	keys  int
	// answers reads the output, committed records alone.
	answers *kgo.Client
}

func newGlobalRun(t *testing.T, s settings, keys int) *globalRun {
	t.Helper()
	addr, app := kafkatest.Shared(t), kafkatest.Unique("chaos-global")
	r := &globalRun{keys: keys, topic: app + "-global", run: &run{
		T: t, settings: s, addr: addr, app: app, watch: newWatcher(t, addr, app), input: app + "-in", output: app + "-out",
		dir: t.TempDir(), bin: buildProgram(t, "failpoint", "test/chaos/app"),
	}}
	for _, topic := range []string{r.topic, r.input, r.output} {
		kafkatest.CreateTopic(t, addr, topic, 2, nil)
	}
	p := r.newProcess("a")
	p.args = []string{"-topology", "global", "-brokers", addr, "-application-id", app, "-input", r.input, "-global", r.topic,
		"-output", r.output, "-state-dir", p.stateDir, "-session-timeout", s.session.String()}
	r.procs = append(r.procs, p)
	r.answers = kafkatest.Client(t, addr, kgo.ConsumeTopics(r.output), kgo.FetchIsolationLevel(kgo.ReadCommitted()),
		kgo.ConsumeResetOffset(kgo.NewOffset().AtStart()))
	return r
}

// records makes a record of each key.
func (r *globalRun) records(topic, value string) []*kgo.Record {
	var rs []*kgo.Record
	for k := range r.keys {
		rs = append(rs, &kgo.Record{Topic: topic, Key: key(k), Value: []byte(value)})
	}
	return rs
}

// global sends a record of each key to the store's topic.
func (r *globalRun) global(value string) {
	r.Helper()
	kafkatest.Produce(r, r.addr, r.records(r.topic, value)...)
}

// aborted sends a record of each key in a transaction that is aborted.
func (r *globalRun) aborted() {
	r.Helper()
	cl := kafkatest.Client(r, r.addr, kgo.TransactionalID(r.app+"-aborted"), kgo.TransactionTimeout(time.Minute))
	if err := cl.BeginTransaction(); err != nil {
		r.Fatal(err)
	}
	if err := cl.ProduceSync(r.Context(), r.records(r.topic, "aborted")...).FirstErr(); err != nil {
		r.Fatal(err)
	}
	if err := cl.EndTransaction(r.Context(), kgo.TryAbort); err != nil {
		r.Fatal(err)
	}
}

// wantRows asks for every row and requires how many records it was made of, and the
// last of them.
func (r *globalRun) wantRows(n int, last string) {
	r.Helper()
	kafkatest.Produce(r, r.addr, r.records(r.input, "?")...)
	want := fmt.Sprint(n, " ", last)
	for left := r.keys; left > 0; {
		fetches := r.answers.PollRecords(r.Context(), left)
		if err := fetches.Err(); err != nil {
			r.Fatal(err)
		}
		for rec := range fetches.RecordsAll() {
			left--
			if string(rec.Value) != want {
				r.Errorf("the row of %s is %q, want %q", rec.Key, rec.Value, want)
			}
		}
	}
}
