package task

import "time"

// choose returns the queue whose head has the lowest timestamp, and among equals
// the one that has waited longest, so that none starves; or nil where the task
// has to wait: nothing is buffered, or a partition without buffered records is
// known to have some, or may get some within the time that the task idles
// (max.task.idle.ms in Kafka Streams, KIP-695).
func (t *Task) choose() *queue {
	t.idleUntil = time.Time{}
	best, empty := t.lowest()
	if empty {
		t.noteIdle()
	}
	if best == nil || !empty || t.maxIdle < 0 {
		return best
	}
	wait := false
	for _, q := range t.queues {
		switch {
		case q.has:
		case q.lagging():
			q.idleSince = time.Time{} // it doesn't idle: its records are on their way
			wait = true
		case t.maxIdle > 0:
			wait = t.idles(q) || wait
		}
	}
	if wait {
		return nil
	}
	return best
}

// lowest returns the queue to be processed next, nil where nothing is buffered, and
// whether a queue is empty.
func (t *Task) lowest() (best *queue, empty bool) {
	for _, q := range t.queues {
		switch {
		case !q.has:
			empty = true
		case best == nil || q.before(best):
			best = q
		}
	}
	return best, empty
}

// idles returns whether the task still waits for a queue that is empty, to its
// partition's end. The wait begins when it's first seen while another queue has
// records, and is over until it has had records again.
func (t *Task) idles(q *queue) bool {
	now := t.env.Now()
	if q.idleSince.IsZero() {
		q.idleSince = now
	}
	until := q.idleSince.Add(t.maxIdle)
	if !now.Before(until) {
		return false
	}
	if t.idleUntil.IsZero() || until.Before(t.idleUntil) {
		t.idleUntil = until
	}
	return true
}
