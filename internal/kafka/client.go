package kafka

import (
	"context"
	"errors"
	"fmt"
	"io"
	"sync"

	"github.com/IBM/sarama"
)

// anyTopic is asked for where only the list of brokers is of interest: asking
// for no topic at all means all topics in the protocol that sarama writes. It
// doesn't matter whether it exists.
const anyTopic = "__consumer_offsets"

// Client is a set of connections to one Kafka cluster. It's safe for use by
// several goroutines, but requests to one broker wait for each other.
type Client struct {
	sc      sarama.Client
	conf    *sarama.Config
	brokers []string
	dialer  *dialer

	mu struct {
		sync.Mutex
		// coordinators are connections to group coordinators, by group. They're
		// kept apart from the others, so that group requests wait for nothing else.
		coordinators map[string]*sarama.Broker
	}
}

// NewClient connects to the first of the brokers (host:port) that answers. Base
// holds the user's security and network settings; it's copied, never changed,
// and may be nil. The error names all brokers and says for each whether it
// couldn't be reached, refused the credentials, or speaks another protocol.
func NewClient(brokers []string, base *sarama.Config, clientID string) (*Client, error) {
	if len(brokers) == 0 {
		return nil, errors.New("kafka: no broker addresses given")
	}
	conf := deriveConfig(base, clientID)
	d := install(conf)
	if err := conf.Validate(); err != nil {
		return nil, fmt.Errorf("kafka: client configuration: %w", err)
	}
	if err := probe(brokers, conf); err != nil {
		return nil, err
	}
	sc, err := sarama.NewClient(brokers, conf)
	if err != nil {
		return nil, fmt.Errorf("kafka: connect to %v: %w", brokers, err)
	}
	c := &Client{sc: sc, conf: conf, brokers: brokers, dialer: d}
	c.mu.coordinators = make(map[string]*sarama.Broker)
	return c, nil
}

// Close closes all connections. Requests under way fail at once.
func (c *Client) Close() error {
	c.dialer.close()
	c.mu.Lock()
	coordinators := c.mu.coordinators
	c.mu.coordinators = nil
	c.mu.Unlock()
	for _, b := range coordinators {
		hangUp(b)
	}
	if err := c.sc.Close(); err != nil && !errors.Is(err, sarama.ErrClosedClient) {
		return fmt.Errorf("kafka: close client: %w", err)
	}
	return nil
}

// Sarama returns the client of the library, for requests that this package
// doesn't make. It's closed by Close.
func (c *Client) Sarama() sarama.Client { return c.sc }

// call makes one request to b. When ctx ends before the answer, the connection
// is closed under the request, so that no caller waits for a broker that hangs.
func (c *Client) call(ctx context.Context, b *sarama.Broker, f func() error) error {
	return callOn(ctx, c.dialer, b, f)
}

func callOn(ctx context.Context, d *dialer, b *sarama.Broker, f func() error) error {
	if ctx.Err() != nil {
		return context.Cause(ctx)
	}
	stop := context.AfterFunc(ctx, func() { d.drop(b.Addr()) })
	err := f()
	interrupted := !stop()
	if err == nil {
		return nil
	}
	// sarama keeps a connection on which an answer timed out or couldn't be
	// decoded, and every later request on it fails the same way.
	if _, ok := errors.AsType[sarama.KError](err); !ok {
		hangUp(b)
	}
	if interrupted {
		return context.Cause(ctx)
	}
	return fmt.Errorf("broker %s: %w", b.Addr(), err)
}

// hangUp closes a connection that's of no more use. Its error says at most that
// it was closed already.
func hangUp(b *sarama.Broker) { _ = b.Close() }

// onAny makes one request that every broker answers. sarama hands out the same
// seed broker until a refresh of its metadata has found it dead, so one is made
// after an error.
func (c *Client) onAny(ctx context.Context, f func(*sarama.Broker) error) error {
	b := c.sc.LeastLoadedBroker()
	err := error(sarama.ErrOutOfBrokers)
	if b != nil {
		err = c.call(ctx, b, func() error { return f(b) })
	}
	if Classify(err) == Refresh && ctx.Err() == nil {
		if rerr := c.refresh(anyTopic); rerr != nil {
			return fmt.Errorf("%w (refreshing metadata: %w)", err, rerr)
		}
	}
	return err
}

// refresh asks for the metadata of topics. That a topic doesn't exist, has no
// leader or may not be seen isn't an error here: whoever looks for its leader
// will be told, and the other topics aren't held up.
func (c *Client) refresh(topics ...string) error {
	err := c.sc.RefreshMetadata(topics...)
	if err == nil {
		return nil
	}
	if code, ok := errors.AsType[sarama.KError](err); ok && code != sarama.ErrSASLAuthenticationFailed {
		return nil
	}
	return err
}

func joinClose(err error, c io.Closer) error { return errors.Join(err, c.Close()) }
