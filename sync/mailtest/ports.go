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
	for tries := 0; len(ports) < n; tries++ {
		if tries > 1000 {
			return nil, errors.New("no free port found")
		}
		r, err := rand.Int(rand.Reader, big.NewInt(lastPort-firstPort))
		if err != nil {
			return nil, fmt.Errorf("choose a port: %w", err)
		}
		port := firstPort + int(r.Int64())
		l, err := net.Listen("tcp", net.JoinHostPort("127.0.0.1", strconv.Itoa(port))) //nolint:noctx // local and at once
		if err != nil {
			continue
		}
		// Held until all are found, so that none is found twice.
		defer func() { _ = l.Close() }()
		ports = append(ports, port)
	}
	return ports, nil
}
