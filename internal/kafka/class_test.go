package kafka

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"io"
	"net"
	"syscall"
	"testing"

	"github.com/IBM/sarama"
)

// classes lists the class of every error code from -1 to 95; what's missing is
// Fatal.
func classes() map[sarama.KError]Class {
	m := map[sarama.KError]Class{sarama.ErrNoError: None, sarama.ErrOffsetOutOfRange: OutOfRange, sarama.ErrUnknownMemberId: Rejoin}
	for class, codes := range map[Class][]int{
		Retry:      {-1, 7, 14, 19, 20, 51, 60, 70, 71, 75, 78, 79, 80, 83, 88, 89},
		Refresh:    {3, 5, 6, 8, 9, 13, 15, 16, 41, 56, 72, 74},
		Generation: {22, 27},
	} {
		for _, c := range codes {
			m[sarama.KError(c)] = class
		}
	}
	return m
}

func TestClassifyCodes(t *testing.T) {
	want := classes()
	// Codes above the highest that the library names are Fatal as well.
	for c := sarama.KError(-1); c <= 140; c++ {
		w, listed := want[c]
		if !listed {
			w = Fatal
		}
		if got := Classify(fmt.Errorf("topic t: %w", c)); got != w && c != sarama.ErrNoError {
			t.Errorf("code %d (%v): %s, want %s", c, c, got, w)
		}
		if got := classifyCode(c); got != w {
			t.Errorf("bare code %d: %s, want %s", c, got, w)
		}
	}
}

func TestClassifyOther(t *testing.T) {
	dial := &net.OpError{Op: "dial", Err: syscall.ECONNREFUSED}
	for _, tc := range []struct {
		err  error
		want Class
	}{
		{nil, None},
		{io.EOF, Refresh},
		{io.ErrUnexpectedEOF, Refresh},
		{dial, Refresh},
		{net.ErrClosed, Refresh},
		{context.DeadlineExceeded, Refresh},
		{ErrPatience, Refresh},
		{sarama.ErrOutOfBrokers, Refresh},
		{sarama.Wrap(sarama.ErrOutOfBrokers, sarama.ErrSASLAuthenticationFailed), Fatal},
		{sarama.ErrNotConnected, Refresh},
		{sarama.ErrIncompleteResponse, Refresh},
		{context.Canceled, Canceled},
		{sarama.ErrClosedClient, Canceled},
		{&tls.CertificateVerificationError{Err: errors.New("unknown authority")}, Fatal},
		{sarama.PacketDecodingError{Info: "CRC"}, Fatal},
		{ErrCorrupt, Fatal},
		{ErrOldFormat, Fatal},
		{&OffsetOutOfRangeError{}, OutOfRange},
		{errors.New("a user's function"), Fatal},
	} {
		if got := Classify(tc.err); got != tc.want {
			t.Errorf("%v: %s, want %s", tc.err, got, tc.want)
		}
	}
}

func TestClassNames(t *testing.T) {
	seen := make(map[string]bool)
	for c := None; c <= Fatal; c++ {
		if seen[c.String()] {
			t.Errorf("two classes are called %s", c)
		}
		seen[c.String()] = true
	}
	if got := (Fatal + 1).String(); got != "unknown" {
		t.Errorf("a value that isn't a class: %s", got)
	}
}
