package mailtest

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/sha256"
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/hex"
	"encoding/pem"
	"fmt"
	"math/big"
	"net"
	"os"
	"path/filepath"
	"time"
)

// CertKind names one of the certificates of a [CertSet].
type CertKind string

// The kinds of server certificates. Each but CertGood has exactly one thing
// wrong with it.
const (
	CertGood       CertKind = "good"        // for localhost, 127.0.0.1 and ::1, signed by the set's CA
	CertExpired    CertKind = "expired"     // as good, but ended an hour ago
	CertWrongName  CertKind = "wrong-name"  // as good, but for other.heron.example
	CertSelfSigned CertKind = "self-signed" // as good, but signed by itself
)

// Pair is a certificate with its key, in memory and as PEM files.
type Pair struct {
	TLS         tls.Certificate // Leaf is set
	CertFile    string
	KeyFile     string
	Fingerprint string // SHA-256 of the certificate, lower-case hex, as mail.Trust has it
}

// CertSet is a certificate authority of its own and server certificates good
// and bad. All keys are ECDSA P-256.
type CertSet struct {
	CAFile string         // PEM, for mail.Trust.CAFile
	CA     *x509.CertPool // the same, for a tls.Config
	pairs  map[CertKind]Pair
}

// Certs makes a new set in a temporary folder of the test.
func Certs(t TB) *CertSet {
	t.Helper()
	set, err := newCertSet(t.TempDir(), time.Now())
	if err != nil {
		t.Fatalf("mailtest: make certificates: %v", err)
	}
	return set
}

// Pair returns the certificate of that kind; an unknown kind is CertGood.
func (s *CertSet) Pair(kind CertKind) Pair {
	if p, ok := s.pairs[kind]; ok {
		return p
	}
	return s.pairs[CertGood]
}

// ServerConfig is a TLS configuration that serves the certificate of that kind.
func (s *CertSet) ServerConfig(kind CertKind) *tls.Config {
	return &tls.Config{Certificates: []tls.Certificate{s.Pair(kind).TLS}, MinVersion: tls.VersionTLS12}
}

// ClientConfig is a TLS configuration that trusts the set's CA alone and
// expects localhost.
func (s *CertSet) ClientConfig() *tls.Config {
	return &tls.Config{RootCAs: s.CA, ServerName: "localhost", MinVersion: tls.VersionTLS12}
}

// newCertSet writes ca.pem and KIND.pem with KIND.key into dir.
func newCertSet(dir string, now time.Time) (*CertSet, error) {
	ca, err := newLeaf(leaf{name: "Heron test CA", ca: true, from: now.Add(-time.Hour), to: now.Add(24 * time.Hour)}, nil)
	if err != nil {
		return nil, err
	}
	set := &CertSet{CAFile: filepath.Join(dir, "ca.pem"), CA: x509.NewCertPool(), pairs: map[CertKind]Pair{}}
	set.CA.AddCert(ca.Leaf)
	if err := writePEM(set.CAFile, 0o644, "CERTIFICATE", ca.Certificate[0]); err != nil {
		return nil, err
	}
	// An expired one began before it ended, and a CA's own time does not matter here.
	from, to := now.Add(-48*time.Hour), now.Add(24*time.Hour)
	for _, l := range []struct {
		kind   CertKind
		leaf   leaf
		issuer *tls.Certificate
	}{
		{CertGood, leaf{name: "localhost", from: from, to: to}, &ca},
		{CertExpired, leaf{name: "localhost", from: from, to: now.Add(-time.Hour)}, &ca},
		{CertWrongName, leaf{name: "other.heron.example", from: from, to: to}, &ca},
		{CertSelfSigned, leaf{name: "localhost", from: from, to: to}, nil},
	} {
		cert, err := newLeaf(l.leaf, l.issuer)
		if err != nil {
			return nil, err
		}
		sum := sha256.Sum256(cert.Certificate[0])
		p := Pair{
			TLS:         cert,
			CertFile:    filepath.Join(dir, string(l.kind)+".pem"),
			KeyFile:     filepath.Join(dir, string(l.kind)+".key"),
			Fingerprint: hex.EncodeToString(sum[:]),
		}
		key, err := x509.MarshalPKCS8PrivateKey(cert.PrivateKey)
		if err != nil {
			return nil, fmt.Errorf("encode key: %w", err)
		}
		if err := writePEM(p.CertFile, 0o644, "CERTIFICATE", cert.Certificate[0]); err != nil {
			return nil, err
		}
		if err := writePEM(p.KeyFile, 0o600, "PRIVATE KEY", key); err != nil {
			return nil, err
		}
		set.pairs[l.kind] = p
	}
	return set, nil
}

type leaf struct {
	name     string // a DNS name; "localhost" stands for the loopback addresses too
	ca       bool
	from, to time.Time
}

// newLeaf makes a certificate signed by issuer, or by itself if that is nil.
func newLeaf(l leaf, issuer *tls.Certificate) (tls.Certificate, error) {
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		return tls.Certificate{}, fmt.Errorf("make key: %w", err)
	}
	serial, err := rand.Int(rand.Reader, new(big.Int).Lsh(big.NewInt(1), 120))
	if err != nil {
		return tls.Certificate{}, fmt.Errorf("make serial number: %w", err)
	}
	tmpl := &x509.Certificate{
		SerialNumber:          serial,
		Subject:               pkix.Name{CommonName: l.name},
		NotBefore:             l.from,
		NotAfter:              l.to,
		KeyUsage:              x509.KeyUsageDigitalSignature,
		BasicConstraintsValid: true,
	}
	switch {
	case l.ca:
		tmpl.IsCA = true
		tmpl.KeyUsage |= x509.KeyUsageCertSign
	default:
		tmpl.ExtKeyUsage = []x509.ExtKeyUsage{x509.ExtKeyUsageServerAuth}
		tmpl.DNSNames = []string{l.name}
		if l.name == "localhost" {
			tmpl.IPAddresses = []net.IP{net.IPv4(127, 0, 0, 1), net.IPv6loopback}
		}
	}
	parent, signer := tmpl, any(key)
	if issuer != nil {
		parent, signer = issuer.Leaf, issuer.PrivateKey
	}
	der, err := x509.CreateCertificate(rand.Reader, tmpl, parent, key.Public(), signer)
	if err != nil {
		return tls.Certificate{}, fmt.Errorf("sign certificate: %w", err)
	}
	parsed, err := x509.ParseCertificate(der)
	if err != nil {
		return tls.Certificate{}, fmt.Errorf("read certificate back: %w", err)
	}
	return tls.Certificate{Certificate: [][]byte{der}, PrivateKey: key, Leaf: parsed}, nil
}

func writePEM(name string, mode os.FileMode, kind string, der []byte) error {
	return os.WriteFile(name, pem.EncodeToMemory(&pem.Block{Type: kind, Bytes: der}), mode)
}
