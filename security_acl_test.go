package oncestream_test

import (
	"testing"

	"github.com/twmb/franz-go/pkg/kadm"

	"github.com/oncestream/oncestream"
	kafkatest "github.com/oncestream/oncestream/test/kafka"
)

// TestMissingRights leaves out one access right at a time. Run must return, and
// say which operation on what has to be allowed.
func TestMissingRights(t *testing.T) {
	k := kafkatest.StartSecure(t)
	for _, c := range []struct {
		without string
		instead []kadm.ACLOperation // operations that are allowed all the same
		// want is what the error names, where ID, IN and OUT stand for the names.
		want []string
	}{
		{"input", nil, []string{"topic IN", "Describe"}},
		{"input", []kadm.ACLOperation{kadm.OpDescribe}, []string{"topic IN", "Read"}},
		{"output", nil, []string{"topic OUT", "Describe"}},
		{"output", []kadm.ACLOperation{kadm.OpDescribe}, []string{"topic OUT", "Write"}},
		{"create", nil, []string{"topic ID-", "Create"}},
		{"changelog", nil, []string{"topic ID-counts-changelog", "Describe"}},
		{"changelog", []kadm.ACLOperation{kadm.OpRead}, []string{"topic ID-counts-changelog", "Write"}},
		{"repartition", []kadm.ACLOperation{kadm.OpRead, kadm.OpDelete}, []string{"topic ID-words-repartition", "Write"}},
		{"repartition", []kadm.ACLOperation{kadm.OpWrite, kadm.OpDelete}, []string{"topic ID-words-repartition", "Read"}},
		{"group", nil, []string{"group ID", "Describe"}},
		{"group", []kadm.ACLOperation{kadm.OpDescribe}, []string{"group ID", "Read"}},
		{"transactional id", nil, []string{"transactional id ID-", "Describe"}},
		{"transactional id", []kadm.ACLOperation{kadm.OpDescribe}, []string{"transactional id ID-", "Write"}},
	} {
		name := c.without
		for _, op := range c.instead {
			name += " but " + op.String()
		}
		t.Run(name, func(t *testing.T) {
			names := topics(t, k.Addr, 1, "lines", "counts")
			in, out, id := names[0], names[1], kafkatest.Unique("denied")
			for _, r := range rights(id, in, out) {
				if r.name == c.without {
					r.acl.Operations = c.instead
				}
				k.Grant(id, r.acl)
			}
			kafkatest.ProduceTo(t, k.Addr, lines(in, "a b")...)
			err := start(t, wordCount(t, in, out), oncestream.Config{
				ApplicationID: id, Brokers: []string{k.SASL}, Sarama: token(id), CommitInterval: commitSoon,
			}).wait()
			mentions(t, err, named(c.want, id, in, out)...)
		})
	}
	t.Run("idempotent write", func(t *testing.T) {
		// A producer without transactions is also allowed to whoever may write to any
		// topic, as every application may that has one (KIP-679).
		names := topics(t, k.Addr, 1, "lines", "counts")
		in, out, id := names[0], names[1], kafkatest.Unique("denied")
		for _, r := range rights(id, in, out) {
			if r.name == "output" || r.name == "changelog" || r.name == "repartition" {
				r.acl.Operations = []kadm.ACLOperation{kadm.OpRead}
			}
			k.Grant(id, r.acl)
		}
		err := start(t, wordCount(t, in, out), oncestream.Config{
			ApplicationID: id, Brokers: []string{k.SASL}, Sarama: token(id), Guarantee: oncestream.AtLeastOnce,
		}).wait()
		mentions(t, err, "cluster", "IdempotentWrite", "Write")
	})
}
