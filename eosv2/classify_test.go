package eosv2

import (
	"testing"

	"github.com/IBM/sarama"
)

// TestErrorClasses goes over every code that a broker can answer. What is not
// named here must be fatal.
func TestErrorClasses(t *testing.T) {
	type row struct{ produce, coordinator, group Class }
	all := func(c Class) row { return row{c, c, c} }
	want := map[sarama.KError]row{
		sarama.ErrUnknown:                         all(ClassAbort),
		sarama.ErrUnknownTopicOrPartition:         all(ClassRetry),
		sarama.ErrLeaderNotAvailable:              all(ClassRetry),
		sarama.ErrNotLeaderForPartition:           all(ClassRetry),
		sarama.ErrConcurrentTransactions:          all(ClassRetry),
		sarama.ErrThrottlingQuotaExceeded:         all(ClassRetry),
		sarama.ErrOutOfOrderSequenceNumber:        all(ClassAbort),
		sarama.ErrUnknownProducerID:               all(ClassAbort),
		sarama.ErrInvalidTxnState:                 all(ClassAbort),
		sarama.ErrInvalidProducerIDMapping:        all(ClassAbort),
		sarama.ErrTransactionCoordinatorFenced:    all(ClassAbort),
		sarama.ErrOperationNotAttempted:           all(ClassAbort),
		errTransactionAbortable:                   all(ClassAbort),
		sarama.ErrProducerFenced:                  all(ClassFenced),
		sarama.ErrInvalidProducerEpoch:            all(ClassFenced),
		sarama.ErrRequestTimedOut:                 {ClassRetry, ClassAbort, ClassAbort},
		sarama.ErrNetworkException:                {ClassRetry, ClassAbort, ClassAbort},
		sarama.ErrNotEnoughReplicas:               {ClassRetry, ClassFatal, ClassFatal},
		sarama.ErrNotEnoughReplicasAfterAppend:    {ClassRetry, ClassFatal, ClassFatal},
		sarama.ErrKafkaStorageError:               {ClassRetry, ClassFatal, ClassFatal},
		sarama.ErrInvalidMessage:                  {ClassRetry, ClassFatal, ClassFatal},
		sarama.ErrBrokerNotAvailable:              {ClassRetry, ClassFatal, ClassFatal},
		sarama.ErrReplicaNotAvailable:             {ClassRetry, ClassFatal, ClassFatal},
		sarama.ErrFencedLeaderEpoch:               {ClassRetry, ClassFatal, ClassFatal},
		sarama.ErrUnknownLeaderEpoch:              {ClassRetry, ClassFatal, ClassFatal},
		sarama.ErrConsumerCoordinatorNotAvailable: {ClassFatal, ClassRetry, ClassRetry},
		sarama.ErrNotCoordinatorForConsumer:       {ClassFatal, ClassRetry, ClassRetry},
		sarama.ErrOffsetsLoadInProgress:           {ClassFatal, ClassRetry, ClassRetry},
		sarama.ErrIllegalGeneration:               {ClassFatal, ClassFatal, ClassGeneration},
		sarama.ErrRebalanceInProgress:             {ClassFatal, ClassFatal, ClassGeneration},
		errStaleMemberEpoch:                       {ClassFatal, ClassFatal, ClassGeneration},
		sarama.ErrUnknownMemberId:                 {ClassFatal, ClassFatal, ClassRejoin},
		sarama.ErrFencedInstancedId:               {ClassFatal, ClassFatal, ClassRejoin},
		errFencedMemberEpoch:                      {ClassFatal, ClassFatal, ClassRejoin},
	}
	for code := sarama.KError(-1); code <= 150; code++ {
		if code == sarama.ErrNoError {
			continue
		}
		w, ok := want[code]
		if !ok {
			w = all(ClassFatal)
		}
		got := row{classify(stageProduce, code), classify(stageCoordinator, code), classify(stageGroup, code)}
		if got != w {
			t.Errorf("%d (%v): got %v, want %v", code, code, got, w)
		}
	}
}

func TestClassOf(t *testing.T) {
	if got := ClassOf(nil); got != ClassNone {
		t.Error(got)
	}
	if got := ClassOf(sarama.ErrProducerFenced); got != ClassNone {
		t.Error(got)
	}
	e := &Error{Op: "produce", Class: ClassFenced, Topic: "t", Partition: 3, Unknown: true, Err: sarama.ErrProducerFenced}
	if got := ClassOf(e); got != ClassFenced || got.String() != "fenced" {
		t.Error(got)
	}
	want := "eosv2: produce t-3: outcome unknown: " + sarama.ErrProducerFenced.Error()
	if e.Error() != want {
		t.Errorf("%q, want %q", e.Error(), want)
	}
}
