package kafka

import (
	"fmt"
	"strings"

	"github.com/IBM/sarama"
)

// ConnectError says why no broker could be used.
type ConnectError struct {
	// Brokers are the addresses that were tried, and Errs what happened with each.
	Brokers []string
	Errs    []error
}

// Error names each broker and what went wrong with it.
func (e *ConnectError) Error() string {
	var b strings.Builder
	b.WriteString("kafka: no usable broker: ")
	for i, addr := range e.Brokers {
		if i > 0 {
			b.WriteString("; ")
		}
		fmt.Fprintf(&b, "%s: %v", addr, e.Errs[i])
	}
	return b.String()
}

// Unwrap returns the errors of the single brokers.
func (e *ConnectError) Unwrap() []error { return e.Errs }

// probe makes sure that one of the brokers accepts a connection, the
// credentials and a request. sarama's own client would report each of these as
// having run out of brokers.
func probe(brokers []string, conf *sarama.Config) error {
	failed := &ConnectError{}
	for _, addr := range brokers {
		err := probeOne(addr, conf)
		if err == nil {
			return nil
		}
		failed.Brokers = append(failed.Brokers, addr)
		failed.Errs = append(failed.Errs, fmt.Errorf("%s: %w", explain(err, addr, conf), err))
	}
	return failed
}

func probeOne(addr string, conf *sarama.Config) error {
	b := sarama.NewBroker(addr)
	if err := b.Open(conf); err != nil {
		return err
	}
	defer hangUp(b)
	if _, err := b.Connected(); err != nil {
		return err
	}
	// A listener that wants SASL accepts the connection and closes it at the
	// first request that isn't an authentication.
	_, err := b.GetMetadata(sarama.NewMetadataRequest(conf.Version, []string{anyTopic}))
	return err
}
