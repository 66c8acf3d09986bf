package task

import (
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
	commits        prometheus.Counter
	commitSeconds  *prometheus.HistogramVec
	aborts         *prometheus.CounterVec
	fences         *prometheus.CounterVec
	drops          *prometheus.CounterVec
	lags           *prometheus.GaugeVec
	restoreRecords *prometheus.CounterVec
	restoreLeft    *prometheus.GaugeVec
	rebuilds       *prometheus.CounterVec
	rebalances     prometheus.Counter
	stateBytes     *prometheus.GaugeVec
	uncommitted    *prometheus.GaugeVec
	tasks          *prometheus.GaugeVec
}

// NewMetrics makes the collectors and registers them. With a nil registerer they
// exist unregistered. Registering two applications of one id on one registerer
// is an error.
func NewMetrics(reg prometheus.Registerer, applicationID string) (*Metrics, error) {
	opts := func(name, help string) prometheus.Opts {
		return prometheus.Opts{Namespace: "oncestream", Name: name, Help: help, ConstLabels: prometheus.Labels{"application_id": applicationID}}
	}
	counter := func(name, help string, labels ...string) *prometheus.CounterVec {
		return prometheus.NewCounterVec(prometheus.CounterOpts(opts(name, help)), labels)
	}
	gauge := func(name, help string, labels ...string) *prometheus.GaugeVec {
		return prometheus.NewGaugeVec(prometheus.GaugeOpts(opts(name, help)), labels)
	}
	m := &Metrics{
		in:         counter("records_in_total", "Records processed, by sub-topology.", "subtopology"),
		out:        counter("records_out_total", "Records sent, by topic; changelogs and repartition topics included.", "topic"),
		commits:    prometheus.NewCounter(prometheus.CounterOpts(opts("commits_total", "Commits that were decided in our favour."))),
		aborts:     counter("aborts_total", "Transactions given up and redone, by cause.", "cause"),
		fences:     counter("fences_total", "Times that a member or a producer was fenced, by cause.", "cause"),
		drops:      counter("dropped_records_total", "Records dropped by an operator's rules or a handler, by node and reason.", "node", "reason"),
		lags:       gauge("lag_records", "Records between the consumed position and the last stable offset, by input partition.", "topic", "partition"),
		rebuilds:   counter("restore_rebuilds_total", "Stores whose local state couldn't be continued and was rebuilt from the changelog's start.", "store"),
		rebalances: prometheus.NewCounter(prometheus.CounterOpts(opts("rebalances_total", "Assignments received."))),
		restoreRecords: counter("restore_records_total",
			"Changelog records read to restore stores.", "store"),
		restoreLeft: gauge("restore_remaining_records", "Offsets left until a store partition is restored.", "store", "partition"),
		stateBytes:  gauge("state_bytes", "Estimated size of local state on disk or in memory.", "store", "partition"),
		uncommitted: gauge("uncommitted_bytes", "State of the open transaction in memory, at the last commit, by worker.", "worker"),
		tasks:       gauge("tasks", "Tasks by worker and state (starting, running).", "worker", "state"),
	}
	h := opts("commit_seconds", "Duration of a commit's phases.")
	m.commitSeconds = prometheus.NewHistogramVec(prometheus.HistogramOpts{Namespace: h.Namespace, Name: h.Name, Help: h.Help, ConstLabels: h.ConstLabels,
		Buckets: prometheus.ExponentialBuckets(0.0005, 2, 14)}, []string{"phase"})
	if reg == nil {
		return m, nil
	}
	for _, c := range m.collectors() {
		if err := reg.Register(c); err != nil {
			return nil, err
		}
	}
	return m, nil
}

func (m *Metrics) collectors() []prometheus.Collector {
	return []prometheus.Collector{m.in, m.out, m.commits, m.commitSeconds, m.aborts, m.fences, m.drops, m.lags,
		m.restoreRecords, m.restoreLeft, m.rebuilds, m.rebalances, m.stateBytes, m.uncommitted, m.tasks}
}

// Unregister takes the collectors off the registerer again.
func (m *Metrics) Unregister(reg prometheus.Registerer) {
	for _, c := range m.collectors() {
		reg.Unregister(c)
	}
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
