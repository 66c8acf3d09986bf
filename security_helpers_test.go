package oncestream_test

import (
	"context"
	"encoding/base64"
	"fmt"
	"strings"
	"time"

	"github.com/IBM/sarama"
	"github.com/twmb/franz-go/pkg/kadm"
	"github.com/twmb/franz-go/pkg/kmsg"
	"github.com/twmb/franz-go/pkg/sasl"
	"github.com/twmb/franz-go/pkg/sasl/scram"

	kafkatest "github.com/oncestream/oncestream/test/kafka"
)

// commitSoon keeps tests from waiting for output.
const commitSoon = 50 * time.Millisecond

// plain, scram512 and token are the configurations of users who log in.
func plain(user, password string) *sarama.Config {
	conf := sarama.NewConfig()
	conf.Net.SASL.Enable = true
	conf.Net.SASL.Mechanism = sarama.SASLTypePlaintext
	conf.Net.SASL.User, conf.Net.SASL.Password = user, password
	return conf
}

func scram512(user, password string) *sarama.Config {
	conf := plain(user, password)
	conf.Net.SASL.Mechanism = sarama.SASLTypeSCRAMSHA512
	conf.Net.SASL.SCRAMClientGeneratorFunc = func() sarama.SCRAMClient { return &scramClient{} }
	return conf
}

func token(user string) *sarama.Config {
	conf := sarama.NewConfig()
	conf.Net.SASL.Enable = true
	conf.Net.SASL.Mechanism = sarama.SASLTypeOAuth
	conf.Net.SASL.TokenProvider = unsecured(user)
	return conf
}

// scramClient fits another client's SCRAM-SHA-512 to sarama's interface.
type scramClient struct {
	auth    scram.Auth
	session sasl.Session
	done    bool
}

func (c *scramClient) Begin(user, password, authzID string) error {
	c.auth = scram.Auth{User: user, Pass: password, Zid: authzID}
	return nil
}

func (c *scramClient) Step(challenge string) (string, error) {
	if c.session == nil {
		session, first, err := c.auth.AsSha512Mechanism().Authenticate(context.Background(), "")
		c.session = session
		return string(first), err
	}
	done, answer, err := c.session.Challenge([]byte(challenge))
	c.done = done
	return string(answer), err
}

func (c *scramClient) Done() bool { return c.done }

// unsecured makes tokens without a signature for the user that it names.
type unsecured string

func (u unsecured) Token() (*sarama.AccessToken, error) {
	now := time.Now()
	claims := fmt.Sprintf(`{"sub":%q,"iat":%d,"exp":%d}`, string(u), now.Unix(), now.Add(time.Hour).Unix())
	enc := base64.RawURLEncoding.EncodeToString
	return &sarama.AccessToken{Token: enc([]byte(`{"alg":"none"}`)) + "." + enc([]byte(claims)) + "."}, nil
}

// right is one row of the access rights that an application needs, and the
// name by which a test leaves it out.
type right struct {
	name string
	acl  kafkatest.ACL
}

// rights are all that the word count needs.
func rights(id, in, out string) []right {
	topic, group, tx := kmsg.ACLResourceTypeTopic, kmsg.ACLResourceTypeGroup, kmsg.ACLResourceTypeTransactionalId
	acl := func(kind kmsg.ACLResourceType, name string, ops ...kadm.ACLOperation) kafkatest.ACL {
		return kafkatest.ACL{Resource: kind, Name: name, Operations: ops}
	}
	return []right{
		{"input", acl(topic, in, kadm.OpRead)},
		{"output", acl(topic, out, kadm.OpWrite)},
		{"create", acl(topic, id+"-*", kadm.OpCreate)},
		{"changelog", acl(topic, id+"-counts-changelog", kadm.OpRead, kadm.OpWrite, kadm.OpDescribeConfigs)},
		{"repartition", acl(topic, id+"-words-repartition", kadm.OpRead, kadm.OpWrite, kadm.OpDelete, kadm.OpDescribeConfigs)},
		{"group", acl(group, id, kadm.OpRead)},
		{"transactional id", acl(tx, id+"-*", kadm.OpWrite)},
	}
}

// named puts the names of a test into words that stand for them.
func named(words []string, id, in, out string) []string {
	r := strings.NewReplacer("ID", id, "IN", in, "OUT", out)
	named := make([]string, len(words))
	for i, w := range words {
		named[i] = r.Replace(w)
	}
	return named
}
