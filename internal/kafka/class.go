package kafka

import (
	"context"
	"crypto/tls"
	"errors"
	"io"
	"net"
	"syscall"

	"github.com/IBM/sarama"
)

// Class says what must happen after an error.
type Class uint8

// The classes.
const (
	// None is the class of a nil error.
	None Class = iota
	// Retry: ask the same broker again after a while.
	Retry
	// Refresh: find out anew which broker is responsible (the
	// partition's leader, the coordinator, the controller), then ask again. Lost
	// connections and answers that didn't come belong here; what the broker did
	// with the request isn't known.
	Refresh
	// Generation: the group refuses the generation, because a rebalance has begun
	// or is over. That says nothing about the membership, and the partitions stay
	// owned until the next assignment.
	Generation
	// Rejoin: the group doesn't know the member any more. Its partitions may be
	// another's by now; it has to join as a new one.
	Rejoin
	// OutOfRange: the position isn't in the log.
	OutOfRange
	// Canceled: the caller's context ended, or the client was closed.
	Canceled
	// Fatal: repeating won't help. Somebody has to act: credentials, access
	// rights, configuration, damaged data, or a second instance under this one's
	// name.
	Fatal
)

// String returns the name of the class.
func (c Class) String() string {
	names := [...]string{"none", "retry", "refresh", "generation", "rejoin", "out_of_range", "canceled", "fatal"}
	if int(c) < len(names) {
		return names[c]
	}
	return "unknown"
}

// Transient tells whether the same request may succeed later.
func (c Class) Transient() bool { return c == Retry || c == Refresh }

// Classify tells the class of an error of this package or of sarama. An error
// code of the broker decides, wherever in the chain it is; a code that isn't
// known is Fatal.
func Classify(err error) Class {
	if err == nil {
		return None
	}
	if _, ok := errors.AsType[*OffsetOutOfRangeError](err); ok {
		return OutOfRange
	}
	if code, ok := errors.AsType[sarama.KError](err); ok {
		return classifyCode(code)
	}
	_, untrusted := errors.AsType[*tls.CertificateVerificationError](err)
	switch {
	case errors.Is(err, context.Canceled), errors.Is(err, sarama.ErrClosedClient):
		return Canceled
	case untrusted:
		return Fatal
	case isTransport(err), errors.Is(err, ErrPatience):
		return Refresh
	}
	return Fatal
}

// isTransport tells whether the request didn't reach the broker, or the answer
// didn't arrive.
func isTransport(err error) bool {
	if _, ok := errors.AsType[net.Error](err); ok {
		return true
	}
	for _, e := range []error{
		io.EOF, io.ErrUnexpectedEOF, io.ErrClosedPipe, net.ErrClosed,
		syscall.ECONNRESET, syscall.ECONNABORTED, syscall.EPIPE, syscall.ENOTCONN,
		sarama.ErrOutOfBrokers, sarama.ErrNotConnected, sarama.ErrBrokerNotFound,
		sarama.ErrIncompleteResponse, sarama.ErrControllerNotAvailable,
	} {
		if errors.Is(err, e) {
			return true
		}
	}
	return false
}
