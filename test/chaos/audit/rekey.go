package audit

// rekey is the model of the workload rekey: records by the last 3 bytes of
// their key. The records of a new key come from several partitions, and in
// which order they're counted isn't determined.
type rekey struct{ *tally }

func newRekey() Model { return rekey{newTally(false)} }

// Input counts a record under the last bytes of its key.
func (m rekey) Input(r Record) error {
	if err := keyed(r); err != nil {
		return err
	}
	if r.Value != nil {
		m.add(string(r.Key[max(0, len(r.Key)-3):]), r.Timestamp)
	}
	return nil
}
