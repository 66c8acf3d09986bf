package broker

import (
	"errors"
	"fmt"
	"math/rand/v2"
	"net"
)

// The ports lie below those that operating systems give to outgoing
// connections, so that none of these takes a broker's port while it's restarted.
const (
	lowPort  = 20000
	highPort = 32000
)

// freePort returns a port on loopback that nobody listens on.
func freePort() (int, error) {
	var last error
	for range 100 {
		port := lowPort + rand.IntN(highPort-lowPort)
		l, err := net.Listen("tcp", fmt.Sprintf("127.0.0.1:%d", port))
		if err == nil {
			return port, l.Close()
		}
		last = errors.Join(last, err)
	}
	return 0, fmt.Errorf("no free port for a broker: %w", last)
}
