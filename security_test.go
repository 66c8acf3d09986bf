package oncestream_test

import (
	"maps"
	"testing"

	"github.com/IBM/sarama"

	"github.com/oncestream/oncestream"
	kafkatest "github.com/oncestream/oncestream/test/kafka"
)

// TestSecurity runs the word count with each way to log in. The broker refuses
// every connection that isn't made as the user's configuration says, and the user
// has no right that the documentation doesn't name.
func TestSecurity(t *testing.T) {
	k := kafkatest.StartSecure(t, "alice")
	mutual := sarama.NewConfig()
	mutual.Net.TLS.Enable, mutual.Net.TLS.Config = true, k.ClientTLS("alice")
	trusting := sarama.NewConfig()
	trusting.Net.TLS.Enable, trusting.Net.TLS.Config = true, k.ClientTLS("")
	both := scram512("alice", kafkatest.Password)
	both.Net.TLS.Enable, both.Net.TLS.Config = true, k.ClientTLS("")
	for _, c := range []struct {
		name, addr string
		conf       *sarama.Config
	}{
		{"TLS", k.TLS, trusting},
		{"mutual TLS", k.MutualTLS, mutual},
		{"PLAIN", k.SASL, plain("alice", kafkatest.Password)},
		{"SCRAM-SHA-512", k.SASL, scram512("alice", kafkatest.Password)},
		{"SCRAM-SHA-512 in TLS", k.SASLTLS, both},
		{"OAUTHBEARER", k.SASL, token("alice")},
	} {
		t.Run(c.name, func(t *testing.T) { testSecurity(t, k, c.addr, c.conf, oncestream.ExactlyOnceV2) })
	}
	t.Run("at least once", func(t *testing.T) {
		testSecurity(t, k, k.SASL, token("alice"), oncestream.AtLeastOnce)
	})
}

func testSecurity(t *testing.T, k *kafkatest.SecureBroker, addr string, conf *sarama.Config, g oncestream.Guarantee) {
	names := topics(t, k.Addr, 2, "lines", "counts")
	in, out, id := names[0], names[1], kafkatest.Unique("secure")
	for _, r := range rights(id, in, out) {
		if g == oncestream.ExactlyOnceV2 || r.name != "transactional id" {
			k.Grant("alice", r.acl)
		}
	}
	cfg := oncestream.Config{ApplicationID: id, Brokers: []string{addr}, Sarama: conf, Guarantee: g, CommitInterval: commitSoon}
	r := newReader(t, k.Addr, out)
	// The second round restores the counts of the first.
	for round := range int64(2) {
		cfg.StateDir = t.TempDir()
		p := start(t, wordCount(t, in, out), cfg)
		p.await(oncestream.Running)
		kafkatest.ProduceTo(t, k.Addr, lines(in, "to be or not", "to be")...)
		got := lastCounts(t, r.take(6))
		if want := map[string]int64{"to": 2*round + 2, "be": 2*round + 2, "or": round + 1, "not": round + 1}; !maps.Equal(got, want) {
			t.Errorf("round %d: counts %v, want %v", round, got, want)
		}
		if err := p.halt(); err != nil {
			t.Fatal(err)
		}
	}
}
