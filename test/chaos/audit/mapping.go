package audit

// mapping is the model of the workload map: what isn't empty passes.
type mapping struct {
	noTable
	passage
}

func newMapping() Model { return &mapping{passage: newPassage()} }

// Input expects a record with a value in the output.
func (m *mapping) Input(r Record) error {
	if len(r.Value) == 0 {
		return nil
	}
	return m.expect(r, r.Value)
}

// Changelog reports the record: there's no store.
func (m *mapping) Changelog(r Record) {
	m.report.add(Unexpected, "%s: the workload has no store", r.At())
}

// Report returns what's wrong.
func (m *mapping) Report() *Report {
	m.lost()
	return &m.report
}
