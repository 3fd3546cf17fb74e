package temporaltest

import (
	"errors"
	"math/rand/v2"
	"net"
	"strconv"
)

// freePorts returns ports of a host on which nobody listens. They are below those that the operating
// system gives to clients: a client that calls a port of these again and again, while the
// server is away, may be given that port itself, and then talks to itself.
func freePorts(host string, count int) (ports []int, err error) {
	for range 1000 {
		port := 20_000 + rand.IntN(10_000)
		listener, err := net.Listen("tcp", net.JoinHostPort(host, strconv.Itoa(port)))
		if err != nil {
			continue
		}
		defer listener.Close() //nolint:errcheck // nobody has called
		if ports = append(ports, port); len(ports) == count {
			return ports, nil
		}
	}
	return nil, errors.New("no port is free")
}
