package audit_test

import (
	"encoding/binary"
	"testing"

	"github.com/oncestream/oncestream/test/chaos/audit"
)

// topics are the records of a run, made by hand.
type topics struct {
	table, input, output, changelog []audit.Record
}

// rec makes a record of partition p.
func rec(p int32, key, value string, ts int64) audit.Record {
	return audit.Record{Partition: p, Key: []byte(key), Value: []byte(value), Timestamp: ts}
}

// null makes a record of partition p with a null value.
func null(p int32, key string, ts int64) audit.Record {
	return audit.Record{Partition: p, Key: []byte(key), Timestamp: ts}
}

// num makes a record whose value is a counter.
func num(p int32, key string, n, ts int64) audit.Record {
	return rec(p, key, string(binary.BigEndian.AppendUint64(nil, uint64(n))), ts)
}

// judge runs the audit of a workload over the topics.
func judge(t *testing.T, workload string, tp topics) *audit.Report {
	t.Helper()
	w, err := audit.Lookup(workload)
	if err != nil {
		t.Fatal(err)
	}
	m := w.New()
	for _, r := range tp.table {
		if err := m.Table(r); err != nil {
			t.Fatal(err)
		}
	}
	for _, r := range tp.input {
		if err := m.Input(r); err != nil {
			t.Fatal(err)
		}
	}
	for _, r := range tp.output {
		m.Output(r)
	}
	for _, r := range tp.changelog {
		m.Changelog(r)
	}
	return m.Report()
}

// found is the number of violations by kind.
type found map[audit.Kind]int64

// check fails the test unless the report holds exactly these violations.
func check(t *testing.T, got *audit.Report, want found) {
	t.Helper()
	for k := audit.Lost; k <= audit.Misplaced; k++ {
		if got.Count(k) != want[k] {
			t.Errorf("%d violations of kind %v, want %d", got.Count(k), k, want[k])
		}
	}
	if t.Failed() {
		t.Log(got)
	}
}
