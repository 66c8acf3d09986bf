package kafka

import (
	"context"
	"io"
	"net"
	"sync"

	"github.com/IBM/sarama"
)

// dialer opens the connections of a Client and remembers them by address, so
// that a request under way can be given up: sarama's own Broker.Close waits for
// the answer.
type dialer struct {
	dial func(ctx context.Context, network, addr string) (net.Conn, error)

	mu struct {
		sync.Mutex
		closed bool
		// live holds open connections and attempts to connect.
		live map[string]map[io.Closer]struct{}
	}
}

// contextDialer is what net.Dialer and most proxy dialers also are.
type contextDialer interface {
	DialContext(ctx context.Context, network, addr string) (net.Conn, error)
}

// install puts a dialer into conf, in front of the user's proxy if there is
// one.
func install(conf *sarama.Config) *dialer {
	d := &dialer{}
	d.mu.live = make(map[string]map[io.Closer]struct{})
	plain := &net.Dialer{Timeout: conf.Net.DialTimeout, KeepAlive: conf.Net.KeepAlive, LocalAddr: conf.Net.LocalAddr}
	d.dial = plain.DialContext
	if conf.Net.Proxy.Enable && conf.Net.Proxy.Dialer != nil {
		proxy := conf.Net.Proxy.Dialer
		if cd, ok := proxy.(contextDialer); ok {
			d.dial = cd.DialContext
		} else {
			d.dial = func(_ context.Context, network, addr string) (net.Conn, error) {
				return proxy.Dial(network, addr)
			}
		}
	}
	conf.Net.Proxy.Enable = true
	conf.Net.Proxy.Dialer = d
	return d
}

// fork returns a dialer that connects in the same way and keeps connections of
// its own.
func (d *dialer) fork() *dialer {
	f := &dialer{dial: d.dial}
	f.mu.live = make(map[string]map[io.Closer]struct{})
	return f
}

// Dial implements the dialer interface that sarama asks of a proxy.
func (d *dialer) Dial(network, addr string) (net.Conn, error) {
	ctx, cancel := context.WithCancel(context.Background())
	try := &attempt{cancel: cancel}
	defer cancel()
	if !d.add(addr, try) {
		return nil, net.ErrClosed
	}
	conn, err := d.dial(ctx, network, addr)
	d.remove(addr, try)
	if err != nil {
		return nil, err
	}
	c := &trackedConn{Conn: conn, dialer: d, addr: addr}
	if !d.add(addr, c) {
		return nil, joinClose(net.ErrClosed, conn)
	}
	return c, nil
}

// drop closes the connections to one address and stops attempts to connect.
func (d *dialer) drop(addr string) {
	d.mu.Lock()
	live := d.mu.live[addr]
	delete(d.mu.live, addr)
	d.mu.Unlock()
	closeAll(live)
}

// close drops everything and lets no new connection be made.
func (d *dialer) close() {
	d.mu.Lock()
	d.mu.closed = true
	all := d.mu.live
	d.mu.live = nil
	d.mu.Unlock()
	for _, live := range all {
		closeAll(live)
	}
}

func closeAll(live map[io.Closer]struct{}) {
	for c := range live {
		// The connection is being given up; who uses it sees the error.
		_ = c.Close()
	}
}

func (d *dialer) add(addr string, c io.Closer) bool {
	d.mu.Lock()
	defer d.mu.Unlock()
	if d.mu.closed {
		return false
	}
	if d.mu.live[addr] == nil {
		d.mu.live[addr] = make(map[io.Closer]struct{})
	}
	d.mu.live[addr][c] = struct{}{}
	return true
}

func (d *dialer) remove(addr string, c io.Closer) {
	d.mu.Lock()
	defer d.mu.Unlock()
	delete(d.mu.live[addr], c)
	if len(d.mu.live[addr]) == 0 {
		delete(d.mu.live, addr)
	}
}

// attempt is a connection that's being made.
type attempt struct{ cancel context.CancelFunc }

// Close gives the attempt up.
func (a *attempt) Close() error {
	a.cancel()
	return nil
}

// trackedConn takes itself off the list when it's closed.
type trackedConn struct {
	net.Conn
	dialer *dialer
	addr   string
}

// Close closes the connection.
func (c *trackedConn) Close() error {
	c.dialer.remove(c.addr, c)
	return c.Conn.Close()
}
