package kafkatest

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/pem"
	"math/big"
	"net"
	"testing"
	"time"
)

// validity of the certificates, about the time of the test: clocks may differ a
// little.
const validity = 24 * time.Hour

// authority issues the certificates of a test.
type authority struct{ identity }

// identity is a certificate with its key.
type identity struct {
	cert *x509.Certificate
	key  *ecdsa.PrivateKey
}

func newAuthority(tb testing.TB) *authority {
	tb.Helper()
	template := template("authority")
	template.IsCA, template.BasicConstraintsValid = true, true
	template.KeyUsage = x509.KeyUsageCertSign
	key := newKey(tb)
	return &authority{sign(tb, template, key, identity{template, key})}
}

// issue makes a certificate for loopback in the given name.
func (a *authority) issue(tb testing.TB, name string) identity {
	tb.Helper()
	template := template(name)
	template.IPAddresses = []net.IP{net.IPv4(127, 0, 0, 1)}
	template.KeyUsage = x509.KeyUsageDigitalSignature
	template.ExtKeyUsage = []x509.ExtKeyUsage{x509.ExtKeyUsageServerAuth, x509.ExtKeyUsageClientAuth}
	return sign(tb, template, newKey(tb), a.identity)
}

// pool holds the authority alone.
func (a *authority) pool() *x509.CertPool {
	p := x509.NewCertPool()
	p.AddCert(a.cert)
	return p
}

// properties are those of a listener with a certificate of the authority's, that
// trusts its clients' by the same authority.
func (a *authority) properties(tb testing.TB) map[string]string {
	tb.Helper()
	id := a.issue(tb, "broker")
	key, err := x509.MarshalPKCS8PrivateKey(id.key)
	if err != nil {
		tb.Fatalf("kafkatest: key: %v", err)
	}
	return map[string]string{
		"ssl.keystore.type":              "PEM",
		"ssl.keystore.key":               encode("PRIVATE KEY", key),
		"ssl.keystore.certificate.chain": encode("CERTIFICATE", id.cert.Raw),
		"ssl.truststore.type":            "PEM",
		"ssl.truststore.certificates":    encode("CERTIFICATE", a.cert.Raw),
	}
}

func (i identity) certificate() tls.Certificate {
	return tls.Certificate{Certificate: [][]byte{i.cert.Raw}, PrivateKey: i.key}
}

func template(name string) *x509.Certificate {
	return &x509.Certificate{
		SerialNumber: big.NewInt(time.Now().UnixNano()), Subject: pkix.Name{CommonName: name},
		NotBefore: time.Now().Add(-validity), NotAfter: time.Now().Add(validity),
	}
}

func newKey(tb testing.TB) *ecdsa.PrivateKey {
	tb.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		tb.Fatalf("kafkatest: key: %v", err)
	}
	return key
}

func sign(tb testing.TB, template *x509.Certificate, key *ecdsa.PrivateKey, by identity) identity {
	tb.Helper()
	der, err := x509.CreateCertificate(rand.Reader, template, by.cert, &key.PublicKey, by.key)
	if err != nil {
		tb.Fatalf("kafkatest: certificate: %v", err)
	}
	cert, err := x509.ParseCertificate(der)
	if err != nil {
		tb.Fatalf("kafkatest: certificate: %v", err)
	}
	return identity{cert, key}
}

func encode(kind string, der []byte) string {
	return string(pem.EncodeToMemory(&pem.Block{Type: kind, Bytes: der}))
}
