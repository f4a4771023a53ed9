package mailtest

import (
	"crypto/tls"
	"crypto/x509"
	"errors"
	"os"
	"testing"
)

// shake does a TLS handshake over the loopback and returns the client's error.
func shake(t *testing.T, server, client *tls.Config) error {
	t.Helper()
	l, err := tls.Listen("tcp", "127.0.0.1:0", server)
	if err != nil {
		t.Fatal(err)
	}
	done := make(chan struct{})
	go func() {
		defer close(done)
		c, err := l.Accept()
		if err != nil {
			return
		}
		_, _ = c.Read(make([]byte, 1)) // shakes hands; how that ended is the client's to tell
		_ = c.Close()
	}()
	c, err := tls.Dial("tcp", l.Addr().String(), client)
	if err == nil {
		_ = c.Close()
	}
	_ = l.Close()
	<-done
	return err
}

func TestCertsAreGoodAndBadInOneWayEach(t *testing.T) {
	t.Parallel()
	set := Certs(t)
	if err := shake(t, set.ServerConfig(CertGood), set.ClientConfig()); err != nil {
		t.Errorf("good: %v", err)
	}
	var invalid x509.CertificateInvalidError
	if err := shake(t, set.ServerConfig(CertExpired), set.ClientConfig()); !errors.As(err, &invalid) || invalid.Reason != x509.Expired {
		t.Errorf("expired: %v", err)
	}
	var name x509.HostnameError
	if err := shake(t, set.ServerConfig(CertWrongName), set.ClientConfig()); !errors.As(err, &name) {
		t.Errorf("wrong name: %v", err)
	}
	var unknown x509.UnknownAuthorityError
	if err := shake(t, set.ServerConfig(CertSelfSigned), set.ClientConfig()); !errors.As(err, &unknown) {
		t.Errorf("self-signed: %v", err)
	}
	if a, b := set.Pair(CertGood).Fingerprint, set.Pair(CertSelfSigned).Fingerprint; len(a) != 64 || a == b {
		t.Errorf("fingerprints %q and %q", a, b)
	}
}

func TestCertFiles(t *testing.T) {
	t.Parallel()
	set := Certs(t)
	for _, kind := range []CertKind{CertGood, CertExpired, CertWrongName, CertSelfSigned} {
		p := set.Pair(kind)
		if _, err := tls.LoadX509KeyPair(p.CertFile, p.KeyFile); err != nil {
			t.Errorf("%s: %v", kind, err)
		}
	}
	pem, err := os.ReadFile(set.CAFile)
	if err != nil {
		t.Fatal(err)
	}
	pool := x509.NewCertPool()
	if !pool.AppendCertsFromPEM(pem) || !pool.Equal(set.CA) {
		t.Error("CAFile is not the set's CA")
	}
}
