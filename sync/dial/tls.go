package dial

import (
	"bytes"
	"crypto/sha256"
	"crypto/tls"
	"crypto/x509"
	"encoding/hex"
	"errors"
	"fmt"
	"os"
	"strconv"
	"strings"
	"time"

	"github.com/heronmail/heron/sync/mail"
)

// maxCAFile bounds what is read of a CA file, in bytes.
const maxCAFile = 4 << 20

// tlsConfig makes the configuration that e's trust asks for. A CA file or
// a fingerprint that cannot be used is Fault trust-broken.
func tlsConfig(e mail.Endpoint) (*tls.Config, error) {
	if e.Security == mail.Plain {
		return nil, nil
	}
	config := &tls.Config{MinVersion: tls.VersionTLS12, ServerName: strings.Trim(e.Host, "[]")}
	if pin := e.Trust.Fingerprint; pin != "" {
		want, err := parseFingerprint(pin)
		if err != nil {
			return nil, &mail.Fault{Code: mail.CodeTrustBroken, Class: mail.ClassTLS, Args: mail.Args{"text": err.Error()}, Err: err}
		}
		// The library's check of the chain makes room for a stricter one: the
		// leaf must be the one that the user saw and confirmed.
		config.InsecureSkipVerify = true // VerifyConnection decides instead
		config.VerifyConnection = func(s tls.ConnectionState) error { return verifyPin(e, want, s) }
		return config, nil
	}
	if e.Trust.CAFile != "" {
		roots, err := rootsWith(e.Trust.CAFile)
		if err != nil {
			return nil, &mail.Fault{
				Code: mail.CodeTrustBroken, Class: mail.ClassTLS,
				Args: mail.Args{"path": e.Trust.CAFile, "text": err.Error()}, Err: err,
			}
		}
		config.RootCAs = roots
	}
	return config, nil
}

// Prepare reads, in the background, what a connection to e will need of the
// system, and returns at once: hundreds of certificates, the first time. It is of
// use to who has something else to do before Dial, and need not be called.
func Prepare(e mail.Endpoint) {
	if e.Security != mail.Plain && e.Trust.Fingerprint == "" {
		go func() { _, _ = x509.SystemCertPool() }() // an error comes again when it matters
	}
}

// rootsWith returns the system's roots and those of a PEM file.
func rootsWith(path string) (*x509.CertPool, error) {
	info, err := os.Stat(path)
	if err != nil {
		return nil, err
	}
	if info.Size() > maxCAFile {
		return nil, fmt.Errorf("CA file of %d bytes is too large", info.Size())
	}
	pem, err := os.ReadFile(path)
	if err != nil {
		return nil, err
	}
	roots, err := x509.SystemCertPool()
	if err != nil {
		roots = x509.NewCertPool() // a system without roots: the file's are all
	}
	if !roots.AppendCertsFromPEM(pem) {
		return nil, errors.New("no certificate in the CA file")
	}
	return roots, nil
}

// Fingerprint is the SHA-256 of a certificate in lower-case hex.
func Fingerprint(cert *x509.Certificate) string {
	sum := sha256.Sum256(cert.Raw)
	return hex.EncodeToString(sum[:])
}

// parseFingerprint reads a SHA-256 in hex; colons and spaces, as other
// programs print them, are skipped.
func parseFingerprint(s string) ([]byte, error) {
	b, err := hex.DecodeString(strings.NewReplacer(":", "", " ", "").Replace(s))
	if err != nil || len(b) != sha256.Size {
		return nil, errors.New("not a SHA-256 fingerprint")
	}
	return b, nil
}

func verifyPin(e mail.Endpoint, want []byte, s tls.ConnectionState) error {
	if len(s.PeerCertificates) == 0 {
		return errors.New("server sent no certificate")
	}
	leaf := s.PeerCertificates[0]
	if sum := sha256.Sum256(leaf.Raw); bytes.Equal(sum[:], want) {
		return nil
	}
	return &mail.Fault{
		Code: mail.CodeCertChanged, Class: mail.ClassTLS,
		Args: mail.Args{"host": e.Host, "fingerprint": Fingerprint(leaf)},
		Err:  errors.New("certificate is not the confirmed one"),
	}
}

// CertProblem turns an error of a TLS handshake into a fault: cert-expired,
// cert-name, cert-unknown, cert-changed, tls-too-old or not-tls. It returns nil
// for one that is not about TLS. The certificate faults have the fingerprint
// of the leaf, so that the user can be asked about exactly that one.
func CertProblem(e mail.Endpoint, err error) *mail.Fault {
	if known := (*mail.Fault)(nil); errors.As(err, &known) {
		return known
	}
	f := &mail.Fault{Class: mail.ClassTLS, Args: mail.Args{"host": e.Host}, Err: err}
	if bad := (*tls.CertificateVerificationError)(nil); errors.As(err, &bad) {
		var leaf *x509.Certificate
		if len(bad.UnverifiedCertificates) > 0 {
			leaf = bad.UnverifiedCertificates[0]
			f.Args["fingerprint"] = Fingerprint(leaf)
		}
		f.Code = certCode(bad.Err, leaf, f.Args)
		return f
	}
	if bad := (tls.RecordHeaderError{}); errors.As(err, &bad) {
		f.Code = mail.CodeNotTLS
		f.Args["port"] = strconv.Itoa(e.Port)
		return f
	}
	// crypto/tls has no types for these.
	for _, text := range []string{
		"protocol version not supported", "unsupported protocol version",
		"handshake failure", "insufficient security", "inappropriate fallback",
	} {
		if strings.Contains(err.Error(), text) {
			f.Code = mail.CodeTLSTooOld
			return f
		}
	}
	return nil
}

// certCode sorts an error of package x509 and adds the arguments of its text.
func certCode(err error, leaf *x509.Certificate, args mail.Args) mail.Code {
	var invalid x509.CertificateInvalidError
	var name x509.HostnameError
	switch {
	case errors.As(err, &invalid) && invalid.Reason == x509.Expired:
		if invalid.Cert != nil {
			date := invalid.Cert.NotAfter
			if time.Now().Before(invalid.Cert.NotBefore) {
				date = invalid.Cert.NotBefore
			}
			args["date"] = date.UTC().Format(time.RFC3339)
		}
		return mail.CodeCertExpired
	case errors.As(err, &name):
		args["names"] = names(leaf)
		return mail.CodeCertName
	default:
		return mail.CodeCertUnknown
	}
}

// names lists what a certificate is for; at most ten, some have hundreds.
func names(leaf *x509.Certificate) string {
	if leaf == nil {
		return ""
	}
	all := append([]string(nil), leaf.DNSNames...)
	for _, ip := range leaf.IPAddresses {
		all = append(all, ip.String())
	}
	if len(all) == 0 && leaf.Subject.CommonName != "" {
		all = append(all, leaf.Subject.CommonName)
	}
	if len(all) > 10 {
		all = append(all[:10], "…")
	}
	return strings.Join(all, ", ")
}
