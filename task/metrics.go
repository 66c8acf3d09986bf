package task

import (
	"errors"
	"strconv"
	"time"

	"github.com/oncestream/oncestream/changelog"
	"github.com/oncestream/oncestream/internal/record"
	"github.com/prometheus/client_golang/prometheus"
)

// Metrics are the collectors of an application. Names begin with oncestream_.
type Metrics struct {
	in             *prometheus.CounterVec
	out            *prometheus.CounterVec
	commits        *prometheus.CounterVec
	commitSeconds  *prometheus.HistogramVec
	aborts         *prometheus.CounterVec
	fences         *prometheus.CounterVec
	retries        *prometheus.CounterVec
	drops          *prometheus.CounterVec
	lags           *prometheus.GaugeVec
	restoreRecords *prometheus.CounterVec
	restoreLeft    *prometheus.GaugeVec
	rebuilds       *prometheus.CounterVec
	rebalances     *prometheus.CounterVec
	stateBytes     *prometheus.GaugeVec
	uncommitted    *prometheus.GaugeVec
	tasks          *prometheus.GaugeVec
	unread         *prometheus.GaugeVec
	globalRecords  *prometheus.CounterVec
}

// NewMetrics makes the collectors and registers them. With a nil registerer they
// exist unregistered. An App that is made anew with the same application id and
// registerer goes on with the collectors of its predecessor.
func NewMetrics(reg prometheus.Registerer, applicationID string) (*Metrics, error) {
	r := registry{Registerer: reg, labels: prometheus.Labels{"application_id": applicationID}}
	m := &Metrics{
		in:             r.counter("records_in_total", "Records processed, by sub-topology.", "subtopology"),
		out:            r.counter("records_out_total", "Records sent, by topic; changelogs and repartition topics included.", "topic"),
		commits:        r.counter("commits_total", "Commits, by worker.", "worker"),
		aborts:         r.counter("aborts_total", "Transactions given up and redone, by cause.", "cause"),
		fences:         r.counter("fences_total", "Times that a membership or a producer was lost to a successor or a timeout, by cause.", "cause"),
		retries:        r.counter("producer_retries_total", "Requests of the producer that were repeated, by request.", "request"),
		drops:          r.counter("dropped_records_total", "Records dropped by an operator's rules or a handler, by node and reason.", "node", "reason"),
		restoreRecords: r.counter("restore_records_total", "Changelog records read to restore stores.", "store"),
		rebuilds:       r.counter("restore_rebuilds_total", "Stores whose local state couldn't be continued and was rebuilt from the changelog's start.", "store"),
		globalRecords:  r.counter("global_records_total", "Records read into global stores.", "store"),
		rebalances:     r.counter("rebalances_total", "Assignments received, by worker.", "worker"),
		lags:           r.gauge("lag_records", "Offsets between the consumed position and the last stable offset, by input partition.", "topic", "partition"),
		restoreLeft:    r.gauge("restore_remaining_records", "Offsets left until a store partition is restored.", "store", "partition"),
		stateBytes:     r.gauge("state_bytes", "Estimated size of local state.", "store", "partition"),
		unread:         r.gauge("unread_partitions", "Partitions added to an input topic since the start, which nobody reads.", "topic"),
		uncommitted:    r.gauge("uncommitted_bytes", "State of the last transaction in memory, by worker.", "worker"),
		tasks:          r.gauge("tasks", "Tasks by worker and state (starting, running).", "worker", "state"),
	}
	o := r.opts("commit_seconds", "Duration of a commit's phases, and of the producer's init and add-partitions requests.")
	m.commitSeconds = register(&r, prometheus.NewHistogramVec(prometheus.HistogramOpts{
		Namespace: o.Namespace, Name: o.Name, Help: o.Help, ConstLabels: o.ConstLabels,
		Buckets: prometheus.ExponentialBuckets(0.0005, 2, 14),
	}, []string{"phase"}))
	return m, r.err
}

// registry makes and registers collectors, and keeps the first failure.
type registry struct {
	prometheus.Registerer
	labels prometheus.Labels
	err    error
}

func (r *registry) opts(name, help string) prometheus.Opts {
	return prometheus.Opts{Namespace: "oncestream", Name: name, Help: help, ConstLabels: r.labels}
}

func (r *registry) counter(name, help string, labels ...string) *prometheus.CounterVec {
	return register(r, prometheus.NewCounterVec(prometheus.CounterOpts(r.opts(name, help)), labels))
}

func (r *registry) gauge(name, help string, labels ...string) *prometheus.GaugeVec {
	return register(r, prometheus.NewGaugeVec(prometheus.GaugeOpts(r.opts(name, help)), labels))
}

// register returns the collector, or the one that's registered already.
func register[C prometheus.Collector](r *registry, c C) C {
	if r.Registerer == nil || r.err != nil {
		return c
	}
	err := r.Register(c)
	if already, ok := errors.AsType[prometheus.AlreadyRegisteredError](err); ok {
		if same, ok := already.ExistingCollector.(C); ok {
			return same
		}
	}
	r.err = err
	return c
}

func (m *Metrics) recordsIn(sub int32, n int64) {
	if n > 0 {
		m.in.WithLabelValues(strconv.Itoa(int(sub))).Add(float64(n))
	}
}

func (m *Metrics) recordsOut(topic string, n int64) {
	if n > 0 {
		m.out.WithLabelValues(topic).Add(float64(n))
	}
}

func (m *Metrics) dropped(k dropKey, n int64) {
	m.drops.WithLabelValues(k.node, string(k.reason)).Add(float64(n))
}

func (m *Metrics) lag(tp record.TopicPartition, n int64) {
	m.lags.WithLabelValues(tp.Topic, strconv.Itoa(int(tp.Partition))).Set(float64(n))
}

// forget removes the gauges of a partition that was given up.
func (m *Metrics) forget(tp record.TopicPartition) {
	m.lags.DeleteLabelValues(tp.Topic, strconv.Itoa(int(tp.Partition)))
}

func (m *Metrics) phase(name string, d time.Duration) {
	m.commitSeconds.WithLabelValues(name).Observe(d.Seconds())
}

func (m *Metrics) restoring(p changelog.Partition, records int, left int64) {
	m.restoreRecords.WithLabelValues(p.Store.Name()).Add(float64(records))
	m.restoreLeft.WithLabelValues(p.Store.Name(), strconv.Itoa(int(p.Store.Partition()))).Set(float64(max(0, left)))
}

// restored ends the progress of a store partition.
func (m *Metrics) restored(p changelog.Partition) {
	m.restoreLeft.DeleteLabelValues(p.Store.Name(), strconv.Itoa(int(p.Store.Partition())))
}

// global counts what was read of a global store's partition. The last stable offset
// is -1 where it's not known.
func (m *Metrics) global(p *globalPart, records int, lastStable int64) {
	m.globalRecords.WithLabelValues(p.store.Name()).Add(float64(records))
	m.lag(p.tp, max(0, lastStable-p.next))
	left := m.restoreLeft.MustCurryWith(prometheus.Labels{"store": p.store.Name()})
	if n := strconv.Itoa(int(p.tp.Partition)); p.restored() {
		left.DeleteLabelValues(n)
	} else {
		left.WithLabelValues(n).Set(float64(p.target - p.next))
	}
	for k, dropped := range p.store.drops {
		m.dropped(k, dropped)
	}
	clear(p.store.drops)
}
