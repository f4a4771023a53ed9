package mailtest

import (
	"crypto/rand"
	"errors"
	"fmt"
	"math/big"
	"net"
	"strconv"
)

// Free ports are looked for below the range that systems give to outgoing
// connections, so that none of those sits on one while its server is stopped.
const (
	firstPort = 20000
	lastPort  = 32000
)

// freePorts finds n ports of the loopback that nobody listens on. They are not
// kept: another program may take one before its server does.
func freePorts(n int) ([]int, error) {
	var ports []int
	var held []net.Listener // until all are found, so that none is found twice
	defer func() {
		for _, l := range held {
			_ = l.Close()
		}
	}()
	for tries := 0; len(ports) < n; tries++ {
		if tries > 1000 {
			return nil, errors.New("no free port found")
		}
		r, err := rand.Int(rand.Reader, big.NewInt(lastPort-firstPort))
		if err != nil {
			return nil, fmt.Errorf("choose a port: %w", err)
		}
		port := firstPort + int(r.Int64())
		l, err := net.Listen("tcp", net.JoinHostPort("127.0.0.1", strconv.Itoa(port)))
		if err != nil {
			continue
		}
		held = append(held, l)
		ports = append(ports, port)
	}
	return ports, nil
}
