package eosv2

import (
	"cmp"
	"errors"
	"fmt"
	"time"

	"github.com/IBM/sarama"
)

// Mode is the delivery guarantee.
type Mode uint8

const (
	// ExactlyOnce produces in transactions. It is the default.
	ExactlyOnce Mode = iota
	// AtLeastOnce produces with an idempotent producer id and no transaction:
	// Commit only flushes, and the offsets are committed to the group by the
	// caller.
	AtLeastOnce
)

// Config configures a Producer. Client and, for ExactlyOnce, TransactionalID
// are required; every other field has a default for its zero value.
type Config struct {
	// Client reaches the brokers over connections of its own; the caller
	// closes it after the Producer. Its configuration needs Version 2.8 or
	// newer and Net.MaxOpenRequests of at least MaxInFlight.
	Client sarama.Client
	// Mode is the guarantee, ExactlyOnce by default.
	Mode Mode
	// TransactionalID names the producer across restarts. Unused in AtLeastOnce.
	TransactionalID string
	// TransactionTimeout is when the coordinator aborts a transaction on its
	// own, counted from its first partition; default 10 s. It must not exceed
	// the brokers' transaction.max.timeout.ms.
	TransactionTimeout time.Duration
	// MaxInFlight is how many produce requests a broker may have to answer at a
	// time, 1 to 5, default 5: brokers remember five batches per partition to
	// recognise duplicates.
	MaxInFlight int
	// BatchBytes is the largest batch of a partition before compression,
	// default 256 KiB. Keep it below the topics' max.message.bytes. A larger
	// record gets a batch of its own.
	BatchBytes int
	// RequestBytes limits the batches of one request together, default 4 MiB.
	RequestBytes int
	// Linger is how long a batch that isn't full may wait for more records,
	// default 100 ms. Flush and Commit don't wait for it.
	Linger time.Duration
	// Compression is the codec of the batches, none by default.
	Compression sarama.CompressionCodec
	// DeliveryTimeout is how long a batch may take to be acknowledged, retries
	// included; then the transaction fails. Default: TransactionTimeout for
	// ExactlyOnce, 2 minutes for AtLeastOnce.
	DeliveryTimeout time.Duration
	// BufferBytes is how many bytes of records may wait for acknowledgement;
	// Send blocks beyond. Default 32 MiB.
	BufferBytes int
	// Observer is told of phases, failures and traffic.
	Observer Observer
}

const (
	defaultTransactionTimeout = 10 * time.Second
	defaultDeliveryTimeout    = 2 * time.Minute
	defaultLinger             = 100 * time.Millisecond
	maxInFlight               = 5
	defaultBatchBytes         = 256 << 10
	defaultRequestBytes       = 4 << 20
	defaultBufferBytes        = 32 << 20
)

func (c *Config) setDefaults() {
	c.TransactionTimeout = cmp.Or(c.TransactionTimeout, defaultTransactionTimeout)
	c.MaxInFlight = cmp.Or(c.MaxInFlight, maxInFlight)
	c.BatchBytes = cmp.Or(c.BatchBytes, defaultBatchBytes)
	c.RequestBytes = cmp.Or(c.RequestBytes, defaultRequestBytes)
	c.Linger = cmp.Or(c.Linger, defaultLinger)
	c.BufferBytes = cmp.Or(c.BufferBytes, defaultBufferBytes)
	if c.DeliveryTimeout == 0 && c.Mode == AtLeastOnce {
		c.DeliveryTimeout = defaultDeliveryTimeout
	}
	c.DeliveryTimeout = cmp.Or(c.DeliveryTimeout, c.TransactionTimeout)
}

// Validate reports every field that can't work, joined, each by its name.
// Zero values stand for their defaults.
func (c Config) Validate() error {
	c.setDefaults()
	var errs []error
	refuse := func(field, format string, args ...any) {
		errs = append(errs, fmt.Errorf("eosv2: Config.%s: %s", field, fmt.Sprintf(format, args...)))
	}
	if c.Mode > AtLeastOnce {
		refuse("Mode", "%d is not a mode", c.Mode)
	}
	if c.Mode == ExactlyOnce && c.TransactionalID == "" {
		refuse("TransactionalID", "required in ExactlyOnce mode")
	}
	if c.MaxInFlight < 1 || c.MaxInFlight > maxInFlight {
		refuse("MaxInFlight", "%d is not within 1 to %d", c.MaxInFlight, maxInFlight)
	}
	if c.RequestBytes > int(sarama.MaxRequestSize) {
		refuse("RequestBytes", "%d is above the client's limit of %d", c.RequestBytes, sarama.MaxRequestSize)
	}
	for _, f := range []struct {
		name  string
		value int64
	}{
		{"TransactionTimeout", int64(c.TransactionTimeout)}, {"BatchBytes", int64(c.BatchBytes)},
		{"RequestBytes", int64(c.RequestBytes)}, {"Linger", int64(c.Linger)},
		{"DeliveryTimeout", int64(c.DeliveryTimeout)}, {"BufferBytes", int64(c.BufferBytes)},
	} {
		if f.value < 0 {
			refuse(f.name, "must not be negative")
		}
	}
	errs = append(errs, c.validateClient())
	return errors.Join(errs...)
}

func (c *Config) validateClient() error {
	if c.Client == nil {
		return errors.New("eosv2: Config.Client: required")
	}
	cc := c.Client.Config()
	if !cc.Version.IsAtLeast(sarama.V2_8_0_0) {
		return fmt.Errorf("eosv2: Config.Client: its Version is %s, at least 2.8.0 is needed", cc.Version)
	}
	if cc.Net.MaxOpenRequests < c.MaxInFlight {
		return fmt.Errorf("eosv2: Config.Client: its Net.MaxOpenRequests is %d, less than MaxInFlight %d", cc.Net.MaxOpenRequests, c.MaxInFlight)
	}
	return nil
}
