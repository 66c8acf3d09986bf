package kafka

import (
	"bytes"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"net"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/IBM/sarama"
	"github.com/twmb/franz-go/pkg/kerr"
	"github.com/twmb/franz-go/pkg/kfake"
	"github.com/twmb/franz-go/pkg/kmsg"
)

// closedAddr returns an address on which nothing listens.
func closedAddr(t *testing.T) string {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	return l.Addr().String()
}

func saslConfig(password string) *sarama.Config {
	conf := sarama.NewConfig()
	conf.Net.SASL.Enable = true
	conf.Net.SASL.Mechanism = sarama.SASLTypePlaintext
	conf.Net.SASL.User, conf.Net.SASL.Password = "u", password
	return conf
}

// saslBroker starts a broker that answers a wrong password as Kafka does.
func saslBroker(t *testing.T) string {
	t.Helper()
	cl := newCluster(t, kfake.EnableSASL(), kfake.Superuser("PLAIN", "u", "right"))
	cl.ControlKey(int16(kmsg.SASLAuthenticate), func(kreq kmsg.Request) (kmsg.Response, error, bool) {
		cl.KeepControl()
		if bytes.HasSuffix(kreq.(*kmsg.SASLAuthenticateRequest).SASLAuthBytes, []byte("right")) {
			return nil, nil, false
		}
		resp := kreq.ResponseKind().(*kmsg.SASLAuthenticateResponse)
		resp.ErrorCode = kerr.SaslAuthenticationFailed.Code
		return resp, nil, true
	})
	return cl.ListenAddrs()[0]
}

func TestConnectErrors(t *testing.T) {
	plain := newCluster(t).ListenAddrs()[0]
	sasl := saslBroker(t)
	withTLS := sarama.NewConfig()
	withTLS.Net.ReadTimeout = 200 * time.Millisecond
	withTLS.Net.TLS.Enable = true
	withTLS.Net.TLS.Config = &tls.Config{InsecureSkipVerify: true}
	nobody := closedAddr(t)
	for _, tc := range []struct {
		name string
		addr string
		conf *sarama.Config
		want string
	}{
		{"nobody listens", nobody, nil, "unreachable"},
		{"unknown host", "no-such-host.invalid:9092", nil, "unknown host"},
		{"wrong password", sasl, saslConfig("wrong"), "authentication failed"},
		{"credentials missing", sasl, nil, "Net.SASL.Enable is false"},
		{"TLS to a plain listener", plain, withTLS, "TLS"},
	} {
		t.Run(tc.name, func(t *testing.T) {
			c, err := NewClient([]string{tc.addr}, tc.conf, "test")
			if err == nil {
				t.Fatal(errors.Join(errors.New("connected"), c.Close()))
			}
			e, ok := errors.AsType[*ConnectError](err)
			if !ok || len(e.Errs) != 1 || !strings.Contains(err.Error(), tc.addr) || !strings.Contains(err.Error(), tc.want) {
				t.Errorf("got %v, want %q and the address", err, tc.want)
			}
		})
	}
	c, err := NewClient([]string{nobody, sasl}, saslConfig("right"), "test")
	if err != nil {
		t.Fatal(err)
	}
	if err := c.Close(); err != nil {
		t.Error(err)
	}
}

// TestTLS uses the certificate that the standard library has for tests.
func TestTLS(t *testing.T) {
	srv := httptest.NewTLSServer(nil)
	defer srv.Close()
	addr := newCluster(t, kfake.TLS(srv.TLS), kfake.NumBrokers(1)).ListenAddrs()[0]
	roots := x509.NewCertPool()
	roots.AddCert(srv.Certificate())
	for _, tc := range []struct {
		name string
		tls  *tls.Config
		want string
	}{
		{"trusted", &tls.Config{RootCAs: roots}, ""},
		{"not trusted", &tls.Config{RootCAs: x509.NewCertPool()}, "isn't trusted"},
		{"without TLS", nil, "Net.TLS.Enable is false"},
	} {
		t.Run(tc.name, func(t *testing.T) {
			conf := sarama.NewConfig()
			conf.Net.TLS.Enable, conf.Net.TLS.Config = tc.tls != nil, tc.tls
			conf.Net.ReadTimeout = 5 * time.Second
			c, err := NewClient([]string{addr}, conf, "test")
			if err == nil {
				err = c.Close()
			}
			if (err == nil) != (tc.want == "") || err != nil && !strings.Contains(err.Error(), tc.want) {
				t.Errorf("got %v, want %q", err, tc.want)
			}
		})
	}
}

func TestNoBrokers(t *testing.T) {
	if _, err := NewClient(nil, nil, "test"); err == nil {
		t.Error("no error without brokers")
	}
}

func TestBaseConfigIsCopied(t *testing.T) {
	base := sarama.NewConfig()
	base.Producer.Idempotent = true
	base.Producer.RequiredAcks = sarama.WaitForAll
	base.Net.MaxOpenRequests = 1
	base.Version = sarama.V2_8_0_0
	before := *base
	conf := deriveConfig(base, "id")
	install(conf)
	if base.ClientID != before.ClientID || base.Net.Proxy.Enable || base.Version != before.Version || !base.Producer.Idempotent {
		t.Error("the user's configuration was changed")
	}
	if err := conf.Validate(); err != nil {
		t.Error(err)
	}
	if !conf.Version.IsAtLeast(sarama.V4_0_0_0) || conf.Consumer.IsolationLevel != sarama.ReadCommitted || conf.Metadata.AllowAutoTopicCreation {
		t.Errorf("derived: version %s, isolation %d, creates topics %t", conf.Version, conf.Consumer.IsolationLevel, conf.Metadata.AllowAutoTopicCreation)
	}
	base.Version = sarama.V4_1_0_0
	if v := deriveConfig(base, "id").Version; v != sarama.V4_1_0_0 {
		t.Errorf("a newer version became %s", v)
	}
}

// proxyDialer counts what goes through the user's own proxy.
type proxyDialer struct{ dialed int }

func (p *proxyDialer) Dial(network, addr string) (net.Conn, error) {
	p.dialed++
	return net.DialTimeout(network, addr, time.Second)
}

func TestUserProxyIsKept(t *testing.T) {
	cl := newCluster(t, kfake.NumBrokers(1))
	proxy := &proxyDialer{}
	base := sarama.NewConfig()
	base.Net.Proxy.Enable = true
	base.Net.Proxy.Dialer = proxy
	c, err := NewClient(cl.ListenAddrs(), base, "test")
	if err != nil {
		t.Fatal(err)
	}
	if err := c.Close(); err != nil {
		t.Error(err)
	}
	if proxy.dialed == 0 {
		t.Error("the proxy wasn't used")
	}
}

// TestDeadSeed gives an address on which nobody listens first or last: the
// client mustn't stay with it.
func TestDeadSeed(t *testing.T) {
	cl := newCluster(t, kfake.SeedTopics(2, "in"), kfake.NumBrokers(1))
	// sarama takes the addresses in random order.
	for range 8 {
		c, err := NewClient([]string{closedAddr(t), cl.ListenAddrs()[0], closedAddr(t)}, nil, "test")
		if err != nil {
			t.Fatal(err)
		}
		got, err := c.Partitions(testContext(t), "in")
		if err != nil || got["in"] != 2 {
			t.Errorf("got %v, %v", got, err)
		}
		if err := c.Close(); err != nil {
			t.Error(err)
		}
	}
}
