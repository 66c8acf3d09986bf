package audit

// snapshot is the last value of each key of a changelog.
type snapshot struct {
	cells   map[string]cell
	records int64
	moved   []Record
}

// cell is a value with the timestamp it was written with.
type cell struct {
	value     string
	timestamp int64
	partition int32
}

func newSnapshot() snapshot { return snapshot{cells: map[string]cell{}} }

// put takes the next record of a changelog. A null value deletes.
func (s *snapshot) put(r Record) {
	s.records++
	old, ok := s.cells[string(r.Key)]
	if ok && old.partition != r.Partition {
		s.moved = append(s.moved, r)
		return
	}
	if r.Value == nil {
		delete(s.cells, string(r.Key))
		return
	}
	s.cells[string(r.Key)] = cell{string(r.Value), r.Timestamp, r.Partition}
}

// compare reports where the snapshot isn't what's wanted.
func (s *snapshot) compare(rep *Report, want map[string]cell) {
	for _, r := range s.moved {
		rep.add(Misplaced, "%s: changelog key %q is in partition %d as well", r.At(), r.Key, s.cells[string(r.Key)].partition)
	}
	for key, w := range want {
		g, ok := s.cells[key]
		switch {
		case !ok:
			rep.add(Lost, "changelog key %q is missing, its value should be %q", key, w.value)
		case g.value != w.value || g.timestamp != w.timestamp:
			rep.add(Wrong, "changelog key %q ends with %q at %d, not with %q at %d", key, g.value, g.timestamp, w.value, w.timestamp)
		}
	}
	for key, g := range s.cells {
		if _, ok := want[key]; !ok {
			rep.add(Unexpected, "changelog key %q has value %q: no input leads to it", key, g.value)
		}
	}
}
