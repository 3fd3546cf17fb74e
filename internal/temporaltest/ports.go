package temporaltest

import (
	"errors"
	"math/rand/v2"
	"net"
	"strconv"
)

// freePorts returns ports on which nobody listens. They are below those that the operating
// system gives to clients: a client that calls a port of these again and again, while the
// server is away, may be given that port itself, and then talks to itself.
func freePorts(count int) (ports []int, err error) {
	for range 1000 {
		port := 20_000 + rand.IntN(10_000)
		listener, err := net.Listen("tcp", localAddress(port))
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

func localAddress(port int) string { return net.JoinHostPort("127.0.0.1", strconv.Itoa(port)) }
