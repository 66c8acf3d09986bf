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
	// RefreshAndRetry: find out anew which broker is responsible (the
	// partition's leader, the coordinator, the controller), then ask again. Lost
	// connections and answers that didn't come belong here; what the broker did
	// with the request isn't known.
	RefreshAndRetry
	// Rejoin: the group membership is over or outdated; join again.
	Rejoin
	// Fenced: another instance has taken this one's place, and must not be
	// fought.
	Fenced
	// OutOfRange: the position isn't in the log.
	OutOfRange
	// Denied: authentication or authorization failed. Repeating won't help, a
	// person has to act.
	Denied
	// Corrupt: the broker's data or answer couldn't be decoded.
	Corrupt
	// Canceled: the caller's context ended.
	Canceled
	// Fatal: repeating won't help.
	Fatal
)

// String returns the name of the class.
func (c Class) String() string {
	names := [...]string{"none", "retry", "refresh_and_retry", "rejoin", "fenced", "out_of_range", "denied", "corrupt", "canceled", "fatal"}
	if int(c) < len(names) {
		return names[c]
	}
	return "unknown"
}

// Transient tells whether the same request may succeed later.
func (c Class) Transient() bool { return c == Retry || c == RefreshAndRetry }

// Classify tells the class of an error of this package or of sarama. An error
// code of the broker decides, wherever in the chain it is; a code that isn't
// known is Fatal.
func Classify(err error) Class {
	if err == nil {
		return None
	}
	if _, ok := errors.AsType[*ErrOffsetOutOfRange](err); ok {
		return OutOfRange
	}
	if code, ok := errors.AsType[sarama.KError](err); ok {
		return classifyCode(code)
	}
	_, encoding := errors.AsType[sarama.PacketEncodingError](err)
	_, decoding := errors.AsType[sarama.PacketDecodingError](err)
	_, cert := errors.AsType[*tls.CertificateVerificationError](err)
	switch {
	case errors.Is(err, context.Canceled), errors.Is(err, sarama.ErrClosedClient):
		return Canceled
	case cert:
		return Denied
	case decoding, errors.Is(err, sarama.ErrInsufficientData), errors.Is(err, ErrCorrupt):
		return Corrupt
	case encoding:
		return Fatal
	case isTransport(err):
		return RefreshAndRetry
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
