package broker

import (
	"fmt"
	"strings"
)

// Listener adds a listener with a port of its own to the plaintext one, and
// writes its address to addr before the broker starts. protocol is one of
// Kafka's: SSL, SASL_PLAINTEXT or SASL_SSL. The properties are those of the
// listener, without their prefix.
func Listener(name, protocol string, addr *string, properties map[string]string) Option {
	return func(s *settings) error {
		port, err := freePort()
		if err != nil {
			return err
		}
		s.ports = append(s.ports, port)
		*addr = fmt.Sprintf("127.0.0.1:%d", port)
		s.properties["listeners"] += fmt.Sprintf(",%s://%s:%d", name, s.listen, port)
		s.properties["advertised.listeners"] += fmt.Sprintf(",%s://%s", name, *addr)
		s.mapProtocol(name, protocol)
		for k, v := range properties {
			s.properties["listener.name."+strings.ToLower(name)+"."+k] = v
		}
		return nil
	}
}

// mapProtocol names a listener's protocol. Naming one replaces the brokers'
// defaults, so those of the first listeners are named as well.
func (s *settings) mapProtocol(name, protocol string) {
	const key = "listener.security.protocol.map"
	if s.properties[key] == "" {
		s.properties[key] = "PLAINTEXT:PLAINTEXT,CONTROLLER:PLAINTEXT"
	}
	s.properties[key] += "," + name + ":" + protocol
}
