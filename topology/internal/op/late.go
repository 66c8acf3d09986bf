package op

import (
	"github.com/oncestream/oncestream/internal/plan"
	"github.com/oncestream/oncestream/internal/record"
)

// Lateness is what an operator does with records for closed windows, beside
// counting them.
type Lateness struct {
	// DeadLetters has the input record written to the dead-letter topic, once for each
	// window that it was too late for.
	DeadLetters bool
}

// late drops a record with the timestamp and the headers for the window from start
// to end.
func (l Lateness) late(n Node, timestamp int64, headers []record.Header, why plan.LateError) error {
	if l.DeadLetters {
		n.at()
		if err := n.Env.Late(&plan.Failure{Node: n.Name, Timestamp: timestamp, Headers: headers, Err: &why}); err != nil {
			return n.fail(err)
		}
	}
	return n.drop(plan.DropLate)
}
