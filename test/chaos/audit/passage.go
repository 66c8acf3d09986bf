package audit

import "fmt"

// passage judges workloads that turn an input record into one output record or
// none: the output of each partition must be what the input of the same
// partition leads to, each record once and in order.
type passage struct {
	report Report
	// want finds an expected output record by its contents, which makes that it
	// must be unique.
	want map[result]place
	// lanes are the partitions.
	lanes map[int32]*lane
}

// result is what an output record holds.
type result struct {
	key, value string
	timestamp  int64
}

// place is where a result belongs.
type place struct {
	partition int32
	index     int
}

// lane is one partition of the output.
type lane struct {
	want []result
	seq  sequence
}

func newPassage() passage {
	return passage{want: map[result]place{}, lanes: map[int32]*lane{}}
}

// expect notes that input record r leads to the value in the output.
func (p *passage) expect(r Record, value []byte) error {
	if err := keyed(r); err != nil {
		return err
	}
	res := result{string(r.Key), string(value), r.Timestamp}
	if _, ok := p.want[res]; ok {
		return fmt.Errorf("%s: two input records lead to the same output, %q: one can't be told from the other", r.At(), value)
	}
	l := p.lanes[r.Partition]
	if l == nil {
		l = &lane{}
		p.lanes[r.Partition] = l
	}
	p.want[res] = place{r.Partition, len(l.want)}
	l.want = append(l.want, res)
	p.report.Expected++
	return nil
}

// Output takes a record of the output topic.
func (p *passage) Output(r Record) {
	p.report.Output++
	at, ok := p.want[result{string(r.Key), string(r.Value), r.Timestamp}]
	if !ok || r.Key == nil || r.Value == nil {
		p.report.add(Unexpected, "%s: key %q, value %q, timestamp %d: no input leads to it", r.At(), r.Key, r.Value, r.Timestamp)
		return
	}
	if at.partition != r.Partition {
		p.report.add(Misplaced, "%s: key %q belongs to partition %d", r.At(), r.Key, at.partition)
	}
	l := p.lanes[at.partition]
	if k, ok := l.seq.see(at.index); !ok {
		p.report.add(k, "%s: key %q, value %q is result %d of its partition, after result %d", r.At(), r.Key, r.Value, at.index, l.seq.next-1)
	}
}

// lost reports what's missing from the output.
func (p *passage) lost() {
	for n, l := range p.lanes {
		l.seq.missing(len(l.want), func(i int) {
			p.report.add(Lost, "partition %d: key %q, value %q is missing from the output", n, l.want[i].key, l.want[i].value)
		})
	}
}
