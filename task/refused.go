package task

import (
	"bytes"
	"errors"
	"fmt"
	"slices"

	"github.com/oncestream/oncestream/eosv2"
	"github.com/oncestream/oncestream/internal/plan"
	"go.uber.org/zap"
)

// refusal is a record that a broker has refused for what it is.
type refusal struct {
	topic      string
	key, value []byte
	err        error
	// seen says that the record came up again since the transaction was redone last,
	// and unseen counts how often it didn't.
	seen   bool
	unseen int
}

// maxUnseen is how often a transaction is redone without a refused record coming up
// again. Another one may be refused before it does, but if that goes on, the record
// differs each time it's made.
const maxUnseen = 4

// remember keeps a record that a broker has refused, if a handler may decide on
// it. The answer comes long after the record was sent, and the transaction is
// lost: so it's redone, and when the same record is sent again it's refused at
// once, with everything at hand that the handler needs. It's forgotten with the next
// commit.
//
// Changelogs aren't asked about: without the record a store would come back
// otherwise than it is. The error tells why a record can't be asked about.
func (w *Worker) remember(err error) (bool, error) {
	e, ok := errors.AsType[*eosv2.Error](err)
	if !ok || e.Refused == nil || w.Production == nil || w.Layout.changelog(e.Topic) || e.Topic == w.DeadLetterTopic {
		return false, err
	}
	r := refusal{topic: e.Topic, key: e.Refused.Key, value: e.Refused.Value, err: e.Err}
	if w.refused.find(r.topic, r.key, r.value) != nil {
		return false, err
	}
	if !w.refused.comeUp() {
		return false, fmt.Errorf("a record for topic %s was refused and differs each time it's made, so that no handler can be asked about it: %w", e.Topic, err)
	}
	w.log.Warn("record refused, going back to ask the handler about it", zap.String("topic", e.Topic), zap.Error(e.Err))
	w.refused = append(w.refused, r)
	return true, nil
}

// refusals are the records that brokers have refused since the last commit.
type refusals []refusal

// comeUp returns whether the records still come up when the transaction is redone,
// which it's about to be once more.
func (rs refusals) comeUp() bool {
	for i := range rs {
		r := &rs[i]
		if !r.seen {
			r.unseen++
		}
		if r.seen = false; r.unseen > maxUnseen {
			return false
		}
	}
	return true
}

func (rs refusals) find(topic string, key, value []byte) *refusal {
	i := slices.IndexFunc(rs, func(r refusal) bool {
		return r.topic == topic && same(r.key, key) && same(r.value, value)
	})
	if i < 0 {
		return nil
	}
	return &rs[i]
}

// same tells null from an empty value.
func same(a, b []byte) bool { return bytes.Equal(a, b) && (a == nil) == (b == nil) }

// check returns an error for a record that was refused before.
func (rs refusals) check(topic string, key, value []byte) error {
	if r := rs.find(topic, key, value); r != nil {
		r.seen = true
		return &plan.Refused{Err: fmt.Errorf("topic %s: %w", topic, r.err)}
	}
	return nil
}

// refusedBySend marks the producer's error about one record alone, which leaves the
// transaction as it was.
func refusedBySend(err error) error {
	if e, ok := err.(*eosv2.Error); ok && e.Op == "send" && e.Class == eosv2.ClassFatal {
		return &plan.Refused{Err: err}
	}
	return err
}
