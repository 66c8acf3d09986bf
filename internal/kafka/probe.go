package kafka

import (
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"io"
	"net"
	"strings"
	"syscall"

	"github.com/IBM/sarama"
)

// ConnectError says why no broker could be used.
type ConnectError struct {
	// Brokers are the addresses that were tried, and Errs what happened with each.
	Brokers []string
	Errs    []error
}

// Error names each broker and what went wrong with it.
func (e *ConnectError) Error() string {
	var b strings.Builder
	b.WriteString("kafka: no usable broker: ")
	for i, addr := range e.Brokers {
		if i > 0 {
			b.WriteString("; ")
		}
		fmt.Fprintf(&b, "%s: %s", addr, explain(e.Errs[i]))
	}
	return b.String()
}

// Unwrap returns the errors of the single brokers.
func (e *ConnectError) Unwrap() []error { return e.Errs }

// probe makes sure that one of the brokers accepts a connection, the
// credentials and a request. sarama's own client would report each of these as
// having run out of brokers.
func probe(brokers []string, conf *sarama.Config) error {
	failed := &ConnectError{}
	for _, addr := range brokers {
		err := probeOne(addr, conf)
		if err == nil {
			return nil
		}
		failed.Brokers = append(failed.Brokers, addr)
		failed.Errs = append(failed.Errs, err)
	}
	return failed
}

func probeOne(addr string, conf *sarama.Config) error {
	b := sarama.NewBroker(addr)
	if err := b.Open(conf); err != nil {
		return err
	}
	defer hangUp(b)
	if _, err := b.Connected(); err != nil {
		return err
	}
	// A listener that wants SASL accepts the connection and closes it at the
	// first request that isn't an authentication.
	_, err := b.GetMetadata(sarama.NewMetadataRequest(conf.Version, []string{anyTopic}))
	return err
}

// explain puts what a failed attempt to connect most likely means in front of
// the error.
func explain(err error) string {
	_, badRecord := errors.AsType[tls.RecordHeaderError](err)
	_, badCert := errors.AsType[*tls.CertificateVerificationError](err)
	_, badAuthority := errors.AsType[x509.UnknownAuthorityError](err)
	_, dns := errors.AsType[*net.DNSError](err)
	op, isOp := errors.AsType[*net.OpError](err)
	code, isCode := errors.AsType[sarama.KError](err)
	why := "failed"
	switch {
	case isCode && isAuthentication(code):
		why = "authentication failed"
	case badRecord:
		why = "TLS is enabled here but the listener doesn't speak it"
	case badCert, badAuthority:
		why = "the broker's certificate isn't trusted"
	case errors.Is(err, io.EOF), errors.Is(err, io.ErrUnexpectedEOF), errors.Is(err, syscall.ECONNRESET):
		why = "the broker closed the connection (the listener may want TLS or SASL, or not want it, or refuse the credentials)"
	case dns:
		why = "unknown host"
	case isOp && op.Op == "dial":
		why = "unreachable"
	case isOp && op.Timeout():
		why = "connected, but no answer came (the listener may want TLS, or not want it)"
	}
	return fmt.Sprintf("%s: %v", why, err)
}

func isAuthentication(code sarama.KError) bool {
	switch code {
	case sarama.ErrSASLAuthenticationFailed, sarama.ErrUnsupportedSASLMechanism, sarama.ErrIllegalSASLState, sarama.ErrSecurityDisabled:
		return true
	}
	return false
}
