package kafka

import (
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"io"
	"net"
	"syscall"
	"time"

	"github.com/IBM/sarama"
)

// closerLook bounds the handshake that finds out what a listener speaks.
const closerLook = 2 * time.Second

// explain says what a failed attempt to connect means, and which field of the
// user's sarama.Config it's about.
func explain(err error, addr string, conf *sarama.Config) string {
	if why := explainLogin(err, conf); why != "" {
		return why
	}
	if why := explainTLS(err); why != "" {
		return why
	}
	_, dns := errors.AsType[*net.DNSError](err)
	op, isOp := errors.AsType[*net.OpError](err)
	switch {
	case errors.Is(err, io.EOF), errors.Is(err, io.ErrUnexpectedEOF), errors.Is(err, syscall.ECONNRESET):
		return "the broker closed the connection: " + diagnose(addr, conf)
	case dns:
		return "unknown host"
	case isOp && op.Op == "dial":
		return "unreachable"
	case isOp && op.Timeout():
		return "connected, but no answer came: " + diagnose(addr, conf)
	}
	return "failed"
}

// explainLogin knows the answers to a login. The library keeps a failed login's
// code from those who ask for any code.
func explainLogin(err error, conf *sarama.Config) string {
	switch {
	case errors.Is(err, sarama.ErrSASLAuthenticationFailed):
		return "authentication failed, check the credentials in Net.SASL"
	case errors.Is(err, sarama.ErrUnsupportedSASLMechanism):
		return fmt.Sprintf("the listener doesn't offer the mechanism of Net.SASL.Mechanism, %s", conf.Net.SASL.Mechanism)
	case errors.Is(err, sarama.ErrIllegalSASLState), errors.Is(err, sarama.ErrSecurityDisabled):
		return "the listener takes no login, but Net.SASL.Enable is true"
	}
	return ""
}

func explainTLS(err error) string {
	_, badRecord := errors.AsType[tls.RecordHeaderError](err)
	_, badCert := errors.AsType[*tls.CertificateVerificationError](err)
	_, badAuthority := errors.AsType[x509.UnknownAuthorityError](err)
	op, isOp := errors.AsType[*net.OpError](err)
	switch {
	case badRecord:
		return "the listener doesn't speak TLS, but Net.TLS.Enable is true"
	case badCert, badAuthority:
		return "the broker's certificate isn't trusted, see Net.TLS.Config.RootCAs and ServerName"
	case isOp && op.Op == "remote error":
		return "the broker refuses the TLS handshake, most often because it wants a client certificate that it trusts: see Net.TLS.Config.Certificates"
	}
	return ""
}

// diagnose finds out why a listener hangs up or stays silent, which is all that
// Kafka does about a client that speaks another protocol.
func diagnose(addr string, conf *sarama.Config) string {
	login := "the listener may refuse the login in Net.SASL, or want none"
	if !conf.Net.SASL.Enable {
		login = "the listener may want a login with SASL, but Net.SASL.Enable is false"
	}
	encrypted, err := speaksTLS(addr, conf)
	op, isOp := errors.AsType[*net.OpError](err)
	silent := isOp && op.Timeout()
	switch {
	case silent && !conf.Net.TLS.Enable:
		// It waits for the rest of what it takes for a request, or it's slow.
		return login + "; or it speaks TLS, but Net.TLS.Enable is false"
	case err != nil && !silent:
		return fmt.Sprintf("the listener may want TLS or SASL, or not want it, or refuse the credentials (looking closer: %v)", err)
	case encrypted && !conf.Net.TLS.Enable:
		return "the listener speaks TLS, but Net.TLS.Enable is false"
	case !encrypted && conf.Net.TLS.Enable:
		return "the listener doesn't speak TLS, but Net.TLS.Enable is true"
	}
	return login
}

// speaksTLS tries a handshake. It's no matter of trust: the connection carries
// nothing else. One that comes to no end tells nothing.
func speaksTLS(addr string, conf *sarama.Config) (bool, error) {
	conn, err := conf.Net.Proxy.Dialer.Dial("tcp", addr)
	if err != nil {
		return false, err
	}
	if err := conn.SetDeadline(time.Now().Add(closerLook)); err != nil {
		return false, joinClose(err, conn)
	}
	err = tls.Client(conn, &tls.Config{InsecureSkipVerify: true}).Handshake()
	// Whether it was closed properly doesn't matter any more.
	_ = conn.Close()
	op, isOp := errors.AsType[*net.OpError](err)
	if isOp && op.Timeout() {
		return false, err
	}
	return err == nil || isOp && op.Op == "remote error", nil
}
