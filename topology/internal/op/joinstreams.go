package op

import (
	"math"

	"github.com/oncestream/oncestream/internal/plan"
	"github.com/oncestream/oncestream/internal/record"
	"github.com/oncestream/oncestream/statestore"
)

// StreamJoiner is what a join of two streams makes of its records. Left and Right are
// for those without a match, and nil where such a side gives no results.
type StreamJoiner[V, V2, R any] struct {
	Both  func(V, V2) R
	Left  func(V) R
	Right func(V2) R
}

// Inner joins matches alone.
func Inner[V, V2, R any](f func(V, V2) R) StreamJoiner[V, V2, R] {
	return StreamJoiner[V, V2, R]{Both: f}
}

// Left shows matches of the left side by a pointer that's valid during the call,
// and nil for none.
func Left[V, V2, R any](f func(V, *V2) R) StreamJoiner[V, V2, R] {
	var right V2
	return StreamJoiner[V, V2, R]{
		Both: func(v V, v2 V2) R {
			right = v2
			return f(v, &right)
		},
		Left: func(v V) R { return f(v, nil) },
	}
}

// Outer shows both sides by pointers as Left does, one of which may be nil.
func Outer[V, V2, R any](f func(*V, *V2) R) StreamJoiner[V, V2, R] {
	var (
		left  V
		right V2
	)
	return StreamJoiner[V, V2, R]{
		Both: func(v V, v2 V2) R {
			left, right = v, v2
			return f(&left, &right)
		},
		Left: func(v V) R {
			left = v
			return f(&left, nil)
		},
		Right: func(v2 V2) R {
			right = v2
			return f(nil, &right)
		},
	}
}

// flip exchanges the sides.
func (j StreamJoiner[V, V2, R]) flip() StreamJoiner[V2, V, R] {
	return StreamJoiner[V2, V, R]{Both: func(v2 V2, v V) R { return j.Both(v, v2) }, Left: j.Right, Right: j.Left}
}

// StreamJoin is what both sides of a join of two streams share in a task.
type StreamJoin[K, V, V2, R any] struct {
	// Before and After say which right records a left one is joined with, Grace how
	// long both wait for late ones, in milliseconds.
	Before, After, Grace int64
	Joiner               StreamJoiner[V, V2, R]
	Left                 *statestore.JoinWindow[K, V]
	Right                *statestore.JoinWindow[K, V2]
	// Waiting are the records without a match, nil for an inner join.
	Waiting *statestore.OuterJoin[K, V, V2]
	// Now is stream time: the highest timestamp of both sides. It must start with
	// what the stores have seen.
	Now int64

	// Oldest is the timestamp that a waiting record may have at least, as the Value of
	// a note with the side that has changed it. It may be higher where several are
	// waiting: then the earlier ones are sent with the latest one. So it must start
	// with what the stores have seen, too.
	Oldest statestore.Note
}

// Never is the timestamp of the oldest waiting record where there's none.
const Never = math.MaxInt64

// JoinLeft joins the records of the left side with those that the right side has
// kept.
func JoinLeft[K, V, V2, R any](n Node, j *StreamJoin[K, V, V2, R], out Func[K, R]) Func[K, V] {
	remember(n, &j.Now) // for both sides
	remember(n, &j.Oldest)
	j.keepTime(n, j.Left, out)
	s := &joinSide[K, V, V2, R]{Node: n, joiner: j.Joiner, other: j.Right, before: j.Before, after: j.After, now: &j.Now, out: out}
	if j.Waiting != nil {
		s.expire = func(headers []record.Header) error { return j.expire(n, j.Left, j.After, headers, out) }
		s.wait = func(key K, ts int64, v V) error {
			j.setOldest(j.Left, min(j.Oldest.Value, ts))
			return j.Waiting.PutLeft(key, ts, v)
		}
		s.matched = j.Waiting.DeleteRight
	}
	return s.process
}

// JoinRight is JoinLeft for the other side.
func JoinRight[K, V, V2, R any](n Node, j *StreamJoin[K, V, V2, R], out Func[K, R]) Func[K, V2] {
	j.keepTime(n, j.Right, out)
	s := &joinSide[K, V2, V, R]{Node: n, joiner: j.Joiner.flip(), other: j.Left, before: j.After, after: j.Before, now: &j.Now, out: out}
	if j.Waiting != nil {
		s.expire = func(headers []record.Header) error { return j.expire(n, j.Right, j.Before, headers, out) }
		s.wait = func(key K, ts int64, v V2) error {
			j.setOldest(j.Right, min(j.Oldest.Value, ts))
			return j.Waiting.PutRight(key, ts, v)
		}
		s.matched = j.Waiting.DeleteLeft
	}
	return s.process
}

// joinSide is a side of a join as it sees it.
type joinSide[K, V, V2, R any] struct {
	Node
	joiner        StreamJoiner[V, V2, R]
	other         *statestore.JoinWindow[K, V2]
	before, after int64
	now           *int64
	out           Func[K, R]
	o             Record[K, R]
	// expire sends waiting records whose windows have closed, wait keeps a record
	// without a match, and matched takes one of the other side away that has found
	// one. They're nil for an inner join.
	expire  func([]record.Header) error
	wait    func(key K, ts int64, v V) error
	matched func(key K, ts, record int64) error
}

func (s *joinSide[K, V, V2, R]) process(r *Record[K, V]) error {
	*s.now = max(*s.now, r.Timestamp)
	switch {
	case r.NullValue:
		return s.drop(plan.DropNullValue)
	case r.NullKey && s.joiner.Left == nil:
		return s.drop(plan.DropNullKey)
	case r.NullKey:
		return s.sendAlone(r)
	}
	s.at()
	if s.expire != nil && r.Timestamp == *s.now {
		if err := s.expire(r.Headers); err != nil {
			return err
		}
	}
	found, err := s.match(r)
	if err != nil || found || s.joiner.Left == nil {
		return err
	}
	// Stream time is beyond the record's window: it's not kept, because it might be
	// older than all that has been sent already.
	if shift(r.Timestamp, s.after) < *s.now {
		return s.sendAlone(r)
	}
	if err := s.wait(r.Key, r.Timestamp, r.Value); err != nil {
		return s.fail(err)
	}
	return nil
}

// match joins the record with those of the other side.
func (s *joinSide[K, V, V2, R]) match(r *Record[K, V]) (found bool, err error) {
	results := nullsOf[R]()
	for e, err := range s.other.Fetch(r.Key, max(0, shift(r.Timestamp, -s.before)), shift(r.Timestamp, s.after)) {
		if err != nil {
			return false, s.fail(err)
		}
		found = true
		if s.matched != nil {
			if err := s.matched(r.Key, e.Timestamp, r.Timestamp); err != nil {
				return false, s.fail(err)
			}
		}
		s.enter()
		v := s.joiner.Both(r.Value, e.Value)
		s.leave()
		s.o = Record[K, R]{
			Key: r.Key, Value: v, NullValue: results.is(v),
			Timestamp: max(r.Timestamp, e.Timestamp), Headers: r.Headers,
		}
		if err := s.out(&s.o); err != nil {
			return false, err
		}
	}
	return found, nil
}

// sendAlone passes on the result of a record without a match.
func (s *joinSide[K, V, V2, R]) sendAlone(r *Record[K, V]) error {
	s.enter()
	v := s.joiner.Left(r.Value)
	s.leave()
	s.o = Record[K, R]{
		Key: r.Key, NullKey: r.NullKey, Value: v, NullValue: nullsOf[R]().is(v),
		Timestamp: r.Timestamp, Headers: r.Headers,
	}
	return s.out(&s.o)
}

// expire sends the waiting records whose windows have closed, in the order of
// time, with the headers of the record that moved stream time on. That one is of
// the given side, and after is how far ahead the records of that side look.
func (j *StreamJoin[K, V, V2, R]) expire(n Node, side noted, after int64, headers []record.Header, out Func[K, R]) error {
	if j.open(j.Oldest.Value, after) {
		return nil
	}
	return j.sendClosed(n, side, headers, out)
}

// sendClosed is expire where the oldest waiting record isn't looked at.
func (j *StreamJoin[K, V, V2, R]) sendClosed(n Node, side noted, headers []record.Header, out Func[K, R]) error {
	oldest := int64(Never)
	leftOpen, rightOpen := false, false
	for e, err := range j.Waiting.All() {
		if err != nil {
			return n.fail(err)
		}
		oldest = e.Timestamp
		if leftOpen && rightOpen {
			break
		}
		if e.IsLeft && j.open(e.Timestamp, j.After) {
			leftOpen = true
			continue
		}
		if !e.IsLeft && j.open(e.Timestamp, j.Before) {
			rightOpen = true
			continue
		}
		if err := j.send(n, &e, headers, out); err != nil {
			return err
		}
	}
	j.setOldest(side, oldest)
	return nil
}

// noted is the store of a side of the join.
type noted interface{ SetNote(statestore.Note) }

// setOldest keeps what oldest has become with the side whose record has changed it,
// so that it's there after a restart. That record is stored next.
func (j *StreamJoin[K, V, V2, R]) setOldest(side noted, oldest int64) {
	if oldest != j.Oldest.Value {
		j.Oldest = statestore.Note{Number: j.Oldest.Number + 1, Value: oldest}
		side.SetNote(j.Oldest)
	}
}

// keepTime has idle timeouts of the sources of one side move stream time on.
func (j *StreamJoin[K, V, V2, R]) keepTime(n Node, side noted, out Func[K, R]) {
	moved := n.keepTime(plan.Timed{Due: j.next, Advance: func(to int64) error {
		j.Now = max(j.Now, to)
		if j.Waiting == nil {
			return nil
		}
		return j.sendClosed(n, side, nil, out)
	}})
	j.Now = max(j.Now, moved)
}

// next returns the stream time at which the window of a waiting record has closed.
func (j *StreamJoin[K, V, V2, R]) next() int64 {
	due := plan.Never
	if j.Waiting == nil {
		return due
	}
	left, right := j.Joiner.Left != nil, j.Joiner.Right != nil // to be looked for
	for e, err := range j.Waiting.All() {
		if err != nil {
			return 0 // it fails as well when it's sent
		}
		switch {
		case e.IsLeft && left:
			left = false
			due = min(due, plus(shift(e.Timestamp, j.After+j.Grace), 1))
		case !e.IsLeft && right:
			right = false
			due = min(due, plus(shift(e.Timestamp, j.Before+j.Grace), 1))
		}
		if !left && !right {
			break
		}
	}
	return due
}

// open returns whether a window isn't closed yet that ends some time after a
// record.
func (j *StreamJoin[K, V, V2, R]) open(ts, after int64) bool {
	return ts == Never || shift(ts, after+j.Grace) >= j.Now
}

// send passes on the result of a waiting record, which waits no longer. If that
// fails it's not the fault of the record at hand, which is joined still; and the
// waiting one is gone, or it would fail again with every record to come.
func (j *StreamJoin[K, V, V2, R]) send(n Node, e *statestore.OuterEntry[K, V, V2], headers []record.Header, out Func[K, R]) error {
	var err error
	if e.IsLeft {
		err = j.Waiting.DeleteLeft(e.Key, e.Timestamp, j.Now)
	} else {
		err = j.Waiting.DeleteRight(e.Key, e.Timestamp, j.Now)
	}
	if err != nil {
		return n.fail(err)
	}
	if n.Env.Failed == nil {
		return j.alone(n, e, headers, out)
	}
	return n.Attempt(e.Timestamp, headers, func() error { return j.alone(n, e, headers, out) })
}

// alone passes on what the joiner makes of a record without a match.
func (j *StreamJoin[K, V, V2, R]) alone(n Node, e *statestore.OuterEntry[K, V, V2], headers []record.Header, out Func[K, R]) error {
	n.enter()
	var v R
	if e.IsLeft {
		v = j.Joiner.Left(e.Left)
	} else {
		v = j.Joiner.Right(e.Right)
	}
	n.leave()
	return sendDue(n, out, &Record[K, R]{Key: e.Key, Value: v, NullValue: nullsOf[R]().is(v), Timestamp: e.Timestamp, Headers: headers})
}

// shift adds to a timestamp, up to the end of time.
func shift(ts, by int64) int64 {
	if by > 0 {
		return plus(ts, by)
	}
	return ts + by
}
