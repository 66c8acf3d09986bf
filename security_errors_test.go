package oncestream_test

import (
	"crypto/tls"
	"slices"
	"strings"
	"testing"

	"github.com/IBM/sarama"

	"github.com/oncestream/oncestream"
	kafkatest "github.com/oncestream/oncestream/test/kafka"
)

// TestRefusedConnections asserts that each way to be refused ends Run with an
// error that says what to look at.
func TestRefusedConnections(t *testing.T) {
	k := kafkatest.StartSecure(t, "alice")
	trusting := func(conf *tls.Config) *sarama.Config {
		c := sarama.NewConfig()
		c.Net.TLS.Enable, c.Net.TLS.Config = true, conf
		return c
	}
	for _, c := range []struct {
		name, addr string
		conf       *sarama.Config
		want       []string
	}{
		{"wrong password for PLAIN", k.SASL, plain("alice", "guess"), []string{"authentication failed", "Net.SASL"}},
		{"wrong password for SCRAM", k.SASL, scram512("alice", "guess"), []string{"authentication failed", "Net.SASL"}},
		{"unknown user", k.SASL, scram512("eve", kafkatest.Password), []string{"authentication failed", "Net.SASL"}},
		{"no login", k.SASL, nil, []string{"SASL"}},
		{"plaintext to TLS", k.TLS, nil, []string{"Net.TLS"}},
		{"PLAIN to SASL in TLS", k.SASLTLS, plain("alice", kafkatest.Password), []string{"Net.TLS"}},
		{"TLS to plaintext", k.Addr, trusting(k.ClientTLS("")), []string{"doesn't speak", "Net.TLS.Enable"}},
		{"TLS to SASL in plaintext", k.SASL, trusting(k.ClientTLS("")), []string{"doesn't speak", "Net.TLS.Enable"}},
		{"untrusted certificate", k.TLS, trusting(nil), []string{"isn't trusted", "Net.TLS.Config.RootCAs"}},
		{"no client certificate", k.MutualTLS, trusting(k.ClientTLS("")), []string{"certificate", "Net.TLS.Config.Certificates"}},
		{"login at a listener without", k.Addr, plain("alice", kafkatest.Password), []string{"SASL"}},
		{"unreachable", "127.0.0.1:1", nil, []string{"unreachable", "127.0.0.1:1"}},
	} {
		t.Run(c.name, func(t *testing.T) {
			names := []string{"in", "out"}
			err := start(t, wordCount(t, names[0], names[1]), oncestream.Config{
				ApplicationID: "refused", Brokers: []string{c.addr}, Sarama: c.conf,
			}).wait()
			mentions(t, err, append(c.want, c.addr)...)
		})
	}
}

// mentions asserts that an error's text holds all the words, in one line.
func mentions(t *testing.T, err error, words ...string) {
	t.Helper()
	if err == nil {
		t.Fatalf("no error, want one with %q", words)
	}
	t.Log(err)
	missing := slices.DeleteFunc(words, func(w string) bool { return strings.Contains(err.Error(), w) })
	if len(missing) > 0 {
		t.Errorf("the error doesn't mention %q: %v", missing, err)
	}
}
