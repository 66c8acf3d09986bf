package kafkatest

import (
	"crypto/tls"
	"fmt"
	"maps"
	"strings"
	"testing"

	"github.com/oncestream/oncestream/test/kafka/broker"
	"github.com/twmb/franz-go/pkg/kadm"
)

// Password is that of all users of a SecureBroker.
const Password = "open sesame"

// SecureBroker is a broker with an authorizer, that allows nothing by default,
// and with a listener for each way to prove who one is. Addr is the address of
// its plaintext listener, whose clients are nobody in particular and may do
// everything: that's the tests' own way in.
type SecureBroker struct {
	*Broker
	// SASL and SASLTLS are the addresses of SASL listeners without and with TLS.
	// Both take PLAIN, SCRAM-SHA-256 and SCRAM-SHA-512 for the users that the broker
	// was started with, and OAUTHBEARER with an unsecured token of any user.
	SASL, SASLTLS string
	// TLS is the address of a listener that doesn't ask who the client is, and
	// MutualTLS of one that wants a certificate. Its clients are the users that the
	// certificate's common names say.
	TLS, MutualTLS string

	authority *authority
}

// StartSecure starts a broker of the test's own that knows the users, and returns
// when it answers. It's stopped at the end of the test.
func StartSecure(tb testing.TB, users ...string) *SecureBroker {
	tb.Helper()
	skipFast(tb)
	a := newAuthority(tb)
	s := &SecureBroker{authority: a}
	identity := a.properties(tb)
	mutual := maps.Clone(identity)
	mutual["ssl.client.auth"] = "required"
	login := sasl(users)
	both := maps.Clone(login)
	maps.Copy(both, identity)
	s.Broker = Start(tb,
		Property("authorizer.class.name", "org.apache.kafka.metadata.authorizer.StandardAuthorizer"),
		Property("super.users", "User:ANONYMOUS"),
		Property("ssl.principal.mapping.rules", "RULE:^CN=(.*)$/$1/"),
		Property("sasl.enabled.mechanisms", mechanisms),
		broker.Listener("SASL", "SASL_PLAINTEXT", &s.SASL, login),
		broker.Listener("SASLTLS", "SASL_SSL", &s.SASLTLS, both),
		broker.Listener("TLS", "SSL", &s.TLS, identity),
		broker.Listener("MUTUALTLS", "SSL", &s.MutualTLS, mutual),
	)
	s.addSCRAM(users, kadm.ScramSha256)
	s.addSCRAM(users, kadm.ScramSha512)
	return s
}

// mechanisms of the SASL listeners.
const mechanisms = "PLAIN,SCRAM-SHA-256,SCRAM-SHA-512,OAUTHBEARER"

// sasl configures a listener for all mechanisms. The passwords for SCRAM are kept
// by the cluster.
func sasl(users []string) map[string]string {
	plain := "org.apache.kafka.common.security.plain.PlainLoginModule required"
	for _, u := range users {
		plain += fmt.Sprintf(" user_%s=%q", u, Password)
	}
	const scram = "org.apache.kafka.common.security.scram.ScramLoginModule required;"
	return map[string]string{
		"sasl.enabled.mechanisms":        mechanisms,
		"plain.sasl.jaas.config":         plain + ";",
		"scram-sha-256.sasl.jaas.config": scram,
		"scram-sha-512.sasl.jaas.config": scram,
		"oauthbearer.sasl.jaas.config":   `org.apache.kafka.common.security.oauthbearer.OAuthBearerLoginModule required unsecuredLoginStringClaim_sub="broker";`,
	}
}

// addSCRAM makes the users' passwords for SCRAM. A request may name a user once.
func (s *SecureBroker) addSCRAM(users []string, mechanism kadm.ScramMechanism) {
	s.tb.Helper()
	var set []kadm.UpsertSCRAM
	for _, u := range users {
		set = append(set, kadm.UpsertSCRAM{User: u, Mechanism: mechanism, Iterations: 4096, Password: Password})
	}
	got, err := Admin(s.tb, s.Addr).AlterUserSCRAMs(s.tb.Context(), nil, set)
	if err == nil {
		err = got.Error()
	}
	if err != nil {
		s.tb.Fatalf("kafkatest: users %s: %v", strings.Join(users, ", "), err)
	}
}

// ClientTLS returns the settings of a client that trusts the broker. With a
// user it has a certificate of that name.
func (s *SecureBroker) ClientTLS(user string) *tls.Config {
	s.tb.Helper()
	conf := &tls.Config{RootCAs: s.authority.pool()}
	if user != "" {
		conf.Certificates = []tls.Certificate{s.authority.issue(s.tb, user).certificate()}
	}
	return conf
}
