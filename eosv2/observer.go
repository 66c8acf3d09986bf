package eosv2

import "time"

// Phase is a timed part of a transaction.
type Phase uint8

const (
	// PhaseInit is Init until the producer id is granted, waits included.
	PhaseInit Phase = iota
	// PhaseAdd is one AddPartitionsToTxn request with its retries.
	PhaseAdd
	// PhaseFlush is Flush until the last acknowledgement.
	PhaseFlush
	// PhaseOffsets is AddOffsetsToTxn and TxnOffsetCommit.
	PhaseOffsets
	// PhaseEnd is EndTxn.
	PhaseEnd
)

var phaseNames = [...]string{"init", "add_partitions", "flush", "offsets", "end"}

// String returns the phase in lower case, fit for a metric's label.
func (p Phase) String() string {
	if int(p) < len(phaseNames) {
		return phaseNames[p]
	}
	return "unknown"
}

// Observer is told what a Producer does. Nil functions are skipped. They are
// called on the caller's or the sender's goroutine, possibly at the same time;
// they must not block and not call the Producer.
type Observer struct {
	// Phase reports how long a phase took, whether it succeeded or not.
	Phase func(p Phase, d time.Duration)
	// Failed reports the error that ended a transaction, once per transaction:
	// aborts and fences by cause. It returns before any call of the Producer
	// returns the error. The *Error must not be changed.
	Failed func(err *Error)
	// Acked reports an acknowledged batch with its uncompressed size.
	Acked func(topic string, records, bytes int)
	// Retried reports a request that is sent again, and why.
	Retried func(op string, cause error)
}

func (o *Observer) phase(p Phase, since time.Time) {
	if o.Phase != nil {
		o.Phase(p, time.Since(since))
	}
}

func (o *Observer) failed(err *Error) {
	if o.Failed != nil {
		o.Failed(err)
	}
}

func (o *Observer) acked(topic string, records, bytes int) {
	if o.Acked != nil {
		o.Acked(topic, records, bytes)
	}
}

func (o *Observer) retried(op string, cause error) {
	if o.Retried != nil {
		o.Retried(op, cause)
	}
}
