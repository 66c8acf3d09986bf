package oncestream_test

import (
	"slices"
	"testing"

	"github.com/IBM/sarama"
	"github.com/twmb/franz-go/pkg/kadm"

	"github.com/oncestream/oncestream"
	kafkatest "github.com/oncestream/oncestream/test/kafka"
)

// counting is a word count that has counted a first line.
func counting(t *testing.T, bootstrap, addr, id, dir string, conf *sarama.Config, grant func(in, out string)) (p *process, in, out string) {
	t.Helper()
	names := topics(t, bootstrap, 1, "lines", "counts")
	in, out = names[0], names[1]
	grant(in, out)
	p = start(t, wordCount(t, in, out), oncestream.Config{
		ApplicationID: id, Brokers: []string{addr}, Sarama: conf, StateDir: dir, CommitInterval: commitSoon,
	})
	kafkatest.ProduceTo(t, bootstrap, lines(in, "a b")...)
	newReader(t, bootstrap, out).take(2)
	return p, in, out
}

// TestRightsTakenAway asserts that a running application ends with the error that
// it would have had at its start.
func TestRightsTakenAway(t *testing.T) {
	k := kafkatest.StartSecure(t)
	for _, c := range []struct {
		without string
		want    []string
	}{
		{"input", []string{"topic IN", "Read"}},
		{"output", []string{"topic OUT", "Write"}},
		{"changelog", []string{"topic ID-counts-changelog", "Write"}},
		{"group", []string{"group ID", "Read"}},
		{"transactional id", []string{"transactional id ID-", "Write"}},
	} {
		t.Run(c.without, func(t *testing.T) {
			id, dir := kafkatest.Unique("revoked"), t.TempDir()
			var all []right
			p, in, out := counting(t, k.Addr, k.SASL, id, dir, token(id), func(in, out string) {
				all = rights(id, in, out)
				for _, r := range all {
					k.Grant(id, r.acl)
				}
			})
			for _, r := range all {
				if r.name == c.without {
					k.Revoke(id, r.acl)
				}
			}
			kafkatest.ProduceTo(t, k.Addr, lines(in, "a b")...)
			mentions(t, p.wait(), named(c.want, id, in, out)...)
		})
	}
}

// TestMissingRightsToRestore needs a start with something to restore, or with
// local state whose age the changelog's configuration decides on.
func TestMissingRightsToRestore(t *testing.T) {
	k := kafkatest.StartSecure(t)
	for _, c := range []struct {
		op   kadm.ACLOperation
		keep bool // the local state
		want string
	}{
		{kadm.OpRead, false, "Read"},
		{kadm.OpDescribeConfigs, true, "DescribeConfigs"},
	} {
		t.Run(c.want, func(t *testing.T) {
			id, dir := kafkatest.Unique("unreadable"), t.TempDir()
			var all []right
			p, in, out := counting(t, k.Addr, k.SASL, id, dir, token(id), func(in, out string) {
				all = rights(id, in, out)
				for _, r := range all {
					k.Grant(id, r.acl)
				}
			})
			if err := p.halt(); err != nil {
				t.Fatal(err)
			}
			changelog := all[slices.IndexFunc(all, func(r right) bool { return r.name == "changelog" })].acl
			changelog.Operations = []kadm.ACLOperation{c.op}
			k.Revoke(id, changelog)
			cfg := oncestream.Config{ApplicationID: id, Brokers: []string{k.SASL}, Sarama: token(id), CommitInterval: commitSoon}
			if c.keep {
				cfg.StateDir = dir
			}
			mentions(t, start(t, wordCount(t, in, out), cfg).wait(), changelog.Name, c.want)
		})
	}
}

// TestTopicDeleted deletes a topic under a running application. Run must return.
func TestTopicDeleted(t *testing.T) {
	addr := kafkatest.Shared(t)
	for _, which := range []string{"IN", "OUT", "ID-counts-changelog", "ID-words-repartition"} {
		t.Run(which, func(t *testing.T) {
			t.Parallel()
			id := kafkatest.Unique("deleted")
			p, in, out := counting(t, addr, addr, id, t.TempDir(), nil, func(string, string) {})
			topic := named([]string{which}, id, in, out)[0]
			if _, err := kafkatest.Admin(t, addr).DeleteTopics(t.Context(), topic); err != nil {
				t.Fatal(err)
			}
			if topic != in {
				kafkatest.ProduceTo(t, addr, lines(in, "a b")...)
			}
			mentions(t, p.wait(), topic, "exist")
		})
	}
}
