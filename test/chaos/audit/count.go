package audit

// count is the model of the workload count: records by key.
type count struct{ *tally }

func newCount() Model { return count{newTally(true)} }

// Input counts a record under its key. A null value isn't counted.
func (m count) Input(r Record) error {
	if err := keyed(r); err != nil {
		return err
	}
	if r.Value != nil {
		m.add(string(r.Key), r.Timestamp)
	}
	return nil
}
