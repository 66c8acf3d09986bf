package eosv2

import "github.com/IBM/sarama"

// Codes that sarama has no name for.
const (
	errTransactionAbortable sarama.KError = 120 // TRANSACTION_ABORTABLE, KIP-890
	errFencedMemberEpoch    sarama.KError = 110 // FENCED_MEMBER_EPOCH, KIP-848
	errStaleMemberEpoch     sarama.KError = 113 // STALE_MEMBER_EPOCH, KIP-848
)

// stage is what kind of request a code answers: the same code means different
// things to a leader and to a coordinator.
type stage uint8

const (
	stageProduce     stage = iota // a partition leader
	stageCoordinator              // the transaction coordinator
	stageGroup                    // the group coordinator (TxnOffsetCommit)
)

// classify says what an error code demands. It is the whole table; codes that
// are not in it are fatal, as going on without understanding is a guess.
func classify(s stage, code sarama.KError) Class {
	if c := classifyCommon(code); c != ClassNone {
		return c
	}
	switch s {
	case stageProduce:
		return classifyProduce(code)
	case stageGroup:
		return classifyGroup(code)
	default:
		return classifyCoordinator(code)
	}
}

func classifyCommon(code sarama.KError) Class {
	switch code {
	case sarama.ErrConcurrentTransactions, sarama.ErrThrottlingQuotaExceeded,
		sarama.ErrUnknownTopicOrPartition, sarama.ErrLeaderNotAvailable, sarama.ErrNotLeaderForPartition:
		return ClassRetry
	case sarama.ErrProducerFenced, sarama.ErrInvalidProducerEpoch:
		return ClassFenced
	case sarama.ErrOutOfOrderSequenceNumber, sarama.ErrUnknownProducerID, sarama.ErrInvalidTxnState,
		sarama.ErrInvalidProducerIDMapping, sarama.ErrTransactionCoordinatorFenced,
		sarama.ErrOperationNotAttempted, sarama.ErrUnknown, errTransactionAbortable:
		return ClassAbort
	}
	return ClassNone
}

// classifyProduce may retry what is indefinite: the broker recognises the
// batch by its sequence number.
func classifyProduce(code sarama.KError) Class {
	switch code {
	case sarama.ErrRequestTimedOut, sarama.ErrNetworkException, sarama.ErrNotEnoughReplicas,
		sarama.ErrNotEnoughReplicasAfterAppend, sarama.ErrKafkaStorageError, sarama.ErrInvalidMessage,
		sarama.ErrBrokerNotAvailable, sarama.ErrReplicaNotAvailable,
		sarama.ErrFencedLeaderEpoch, sarama.ErrUnknownLeaderEpoch:
		return ClassRetry
	}
	return ClassFatal
}

func classifyCoordinator(code sarama.KError) Class {
	switch code {
	case sarama.ErrConsumerCoordinatorNotAvailable, sarama.ErrNotCoordinatorForConsumer, sarama.ErrOffsetsLoadInProgress:
		return ClassRetry
	case sarama.ErrRequestTimedOut, sarama.ErrNetworkException:
		return ClassAbort
	}
	return ClassFatal
}

func classifyGroup(code sarama.KError) Class {
	switch code {
	case sarama.ErrIllegalGeneration, sarama.ErrRebalanceInProgress, errStaleMemberEpoch:
		return ClassGeneration
	case sarama.ErrUnknownMemberId, sarama.ErrFencedInstancedId, errFencedMemberEpoch:
		return ClassRejoin
	}
	return classifyCoordinator(code)
}

// indefinite reports whether a coordinator's answer leaves open whether the
// request took effect.
func indefinite(code sarama.KError) bool {
	return code == sarama.ErrRequestTimedOut || code == sarama.ErrNetworkException || code == sarama.ErrUnknown
}

// codeError says what a code means where sarama has no words for it.
type codeError struct {
	code sarama.KError
	text string
}

func (e codeError) Error() string { return e.text }

func (e codeError) Unwrap() error { return e.code }

// describe returns code as an error fit to be read.
func describe(code sarama.KError) error {
	switch code {
	case sarama.ErrProducerFenced:
		return codeError{code, "kafka server: there is a newer producer with the same transactional id, or the transaction timed out (PRODUCER_FENCED)"}
	case sarama.ErrInvalidRecord:
		return codeError{code, "kafka server: the topic doesn't take such a record, for instance one without a key if it's compacted (INVALID_RECORD)"}
	case errTransactionAbortable:
		return codeError{code, "kafka server: the transaction can only be aborted (TRANSACTION_ABORTABLE)"}
	case errFencedMemberEpoch:
		return codeError{code, "kafka server: the group member was fenced and must rejoin (FENCED_MEMBER_EPOCH)"}
	case errStaleMemberEpoch:
		return codeError{code, "kafka server: the group member has a newer epoch (STALE_MEMBER_EPOCH)"}
	}
	return code
}
