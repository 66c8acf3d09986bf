package kafka

import "github.com/IBM/sarama"

// classifyCode is the one table of broker error codes.
func classifyCode(code sarama.KError) Class {
	switch code {
	case sarama.ErrNoError:
		return None

	case sarama.ErrUnknown, // the broker's own trouble; every request sent from here may be repeated
		sarama.ErrRequestTimedOut,
		sarama.ErrOffsetsLoadInProgress,
		sarama.ErrNotEnoughReplicas,
		sarama.ErrNotEnoughReplicasAfterAppend,
		sarama.ErrConcurrentTransactions,
		sarama.ErrUnknownLeaderEpoch, // the broker's metadata is behind ours
		sarama.ErrOffsetNotAvailable,
		sarama.ErrFetchSessionIDNotFound,
		sarama.ErrInvalidFetchSessionEpoch,
		sarama.ErrPreferredLeaderNotAvailable,
		sarama.ErrEligibleLeadersNotAvailable,
		sarama.ErrUnstableOffsetCommit,
		sarama.ErrThrottlingQuotaExceeded,
		sarama.ErrReassignmentInProgress,
		sarama.ErrMemberIdRequired: // the answer carries the id to ask again with
		return Retry

	case sarama.ErrUnknownTopicOrPartition, // also while metadata propagates
		sarama.ErrLeaderNotAvailable,
		sarama.ErrNotLeaderForPartition,
		sarama.ErrBrokerNotAvailable,
		sarama.ErrReplicaNotAvailable,
		sarama.ErrNetworkException,
		sarama.ErrConsumerCoordinatorNotAvailable,
		sarama.ErrNotCoordinatorForConsumer,
		sarama.ErrNotController,
		sarama.ErrKafkaStorageError, // the replica's disk is gone, another will lead
		sarama.ErrListenerNotFound,
		sarama.ErrFencedLeaderEpoch:
		return Refresh

	case sarama.ErrIllegalGeneration,
		sarama.ErrRebalanceInProgress:
		return Generation

	case sarama.ErrUnknownMemberId:
		return Rejoin

	case sarama.ErrOffsetOutOfRange:
		return OutOfRange
	}
	return Fatal
}
