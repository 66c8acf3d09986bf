package eosv2

import (
	"encoding/binary"
	"net"
	"sync"
	"sync/atomic"

	"github.com/IBM/sarama"
)

// lossy dials connections that lose the answer to one chosen request: the
// broker has processed it, the client never learns. That is the outcome which
// nobody may guess.
type lossy struct {
	key  atomic.Int32 // API key of the request to lose, -1 for none
	lost atomic.Int32

	mu    sync.Mutex
	conns []net.Conn
}

// use has a client dial through l.
func (l *lossy) use(c *sarama.Config) {
	l.key.Store(-1)
	c.Net.Proxy.Enable = true
	c.Net.Proxy.Dialer = l
}

// lose arms the loss of the next request's answer.
func (l *lossy) lose(key int16) { l.key.Store(int32(key)) }

// Dial implements proxy.Dialer.
func (l *lossy) Dial(network, addr string) (net.Conn, error) {
	c, err := net.Dial(network, addr)
	if err != nil {
		return nil, err
	}
	l.mu.Lock()
	l.conns = append(l.conns, c)
	l.mu.Unlock()
	return &lossyConn{Conn: c, l: l}, nil
}

// closeAll closes the connections without a word to who uses them.
func (l *lossy) closeAll() {
	l.mu.Lock()
	defer l.mu.Unlock()
	for _, c := range l.conns {
		_ = c.Close() // some are closed already
	}
	l.conns = nil
}

type lossyConn struct {
	net.Conn
	l      *lossy
	losing atomic.Bool
}

// Write looks at the API key behind the request's length.
func (c *lossyConn) Write(b []byte) (int, error) {
	if len(b) >= 6 {
		key := int32(binary.BigEndian.Uint16(b[4:6]))
		if c.l.key.CompareAndSwap(key, -1) {
			c.losing.Store(true)
		}
	}
	return c.Conn.Write(b)
}

// Read waits for the answer to lose, so that the request was processed.
func (c *lossyConn) Read(b []byte) (int, error) {
	n, err := c.Conn.Read(b)
	if err == nil && c.losing.Load() {
		c.l.lost.Add(1)
		_ = c.Conn.Close()
		return 0, net.ErrClosed
	}
	return n, err
}
