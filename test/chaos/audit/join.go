package audit

import "fmt"

// join is the model of the workload tablejoin. The table is complete before the
// first record of the stream, with lower timestamps, so each record of the
// stream meets the table's last value for its key.
type join struct {
	passage
	table map[string]cell
	maxTS int64
	log   snapshot
}

func newJoin() Model {
	return &join{passage: newPassage(), table: map[string]cell{}, log: newSnapshot()}
}

// Table takes a record of the table's topic. A null value deletes.
func (m *join) Table(r Record) error {
	if err := keyed(r); err != nil {
		return err
	}
	m.maxTS = max(m.maxTS, r.Timestamp)
	if r.Value == nil {
		delete(m.table, string(r.Key))
		return nil
	}
	m.table[string(r.Key)] = cell{value: string(r.Value), timestamp: r.Timestamp}
	return nil
}

// Input expects a record with its table value in the output, if there is one.
func (m *join) Input(r Record) error {
	if r.Timestamp <= m.maxTS {
		return fmt.Errorf("%s: timestamp %d isn't after the table's, %d", r.At(), r.Timestamp, m.maxTS)
	}
	row, ok := m.table[string(r.Key)]
	if !ok || r.Value == nil {
		return nil
	}
	return m.expect(r, fmt.Appendf(nil, "%s|%s", r.Value, row.value))
}

// Changelog takes a record of the table's changelog.
func (m *join) Changelog(r Record) { m.log.put(r) }

// Report returns what's wrong.
func (m *join) Report() *Report {
	m.lost()
	m.report.Changelog = m.log.records
	m.log.compare(&m.report, m.table)
	return &m.report
}
