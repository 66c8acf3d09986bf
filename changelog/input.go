package changelog

import (
	"fmt"

	"github.com/oncestream/oncestream/internal/record"
	"github.com/oncestream/oncestream/statestore"
)

// ApplyInput applies records of an input as Apply does with those of a changelog:
// what take makes of them, up to the offset until. It returns the offset behind
// them.
func ApplyInput(db *statestore.DB, s *statestore.Store, records Reader, next, until int64, take func(*record.Record) (bool, error)) (n int, at int64, err error) {
	in := &input{records: records, until: until, take: take}
	at = min(next, until)
	n, err = Apply(db, s, in, at)
	return n, at, err
}

// apply applies a part of the topic that ends before the offset next.
func (p Partition) apply(db *statestore.DB, records Reader, next, target int64) (n int, at int64, err error) {
	if p.Take != nil {
		return ApplyInput(db, p.Store, records, next, target, p.Take)
	}
	n, err = Apply(db, p.Store, records, next)
	return n, next, err
}

// input reads the records of an input that a store takes.
type input struct {
	records Reader
	until   int64
	take    func(*record.Record) (bool, error)
	err     error
}

// Read implements Reader.
func (in *input) Read(r *record.Record) bool {
	for in.err == nil && in.records.Read(r) && r.Offset < in.until {
		taken, err := in.take(r)
		if err != nil {
			in.err = fmt.Errorf("offset %d: %w", r.Offset, err)
		}
		if taken {
			return true
		}
	}
	return false
}

// Err returns why no more could be read.
func (in *input) Err() error { return in.err }
