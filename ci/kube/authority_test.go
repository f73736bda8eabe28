package kube

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/base64"
	"encoding/pem"
	"math/big"
	"net"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

// now is the clock of every test in this package.
var now = time.Date(2026, 11, 23, 12, 0, 0, 0, time.UTC)

// plantedToken is what no message may quote.
const plantedToken = "planted-token-5f1c0e9d7a"

// authority is a cluster's certificate authority, made for one test.
type authority struct {
	t           testing.TB
	certificate *x509.Certificate
	key         *ecdsa.PrivateKey
}

func newAuthority(t testing.TB) *authority {
	t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	require.NoError(t, err)
	template := &x509.Certificate{
		SerialNumber: big.NewInt(1), Subject: pkix.Name{CommonName: "test-ca"},
		NotBefore: now.Add(-48 * time.Hour), NotAfter: now.Add(48 * time.Hour),
		IsCA: true, BasicConstraintsValid: true, KeyUsage: x509.KeyUsageCertSign,
	}
	der, err := x509.CreateCertificate(rand.Reader, template, template, &key.PublicKey, key)
	require.NoError(t, err)
	certificate, err := x509.ParseCertificate(der)
	require.NoError(t, err)
	return &authority{t, certificate, key}
}

// issue makes a certificate and its key for a name or address, valid between two moments.
func (a *authority) issue(host string, from, until time.Time) (certificate, key []byte) {
	a.t.Helper()
	private, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	require.NoError(a.t, err)
	template := &x509.Certificate{
		SerialNumber: big.NewInt(2), Subject: pkix.Name{CommonName: "test"}, NotBefore: from, NotAfter: until,
		KeyUsage:    x509.KeyUsageDigitalSignature,
		ExtKeyUsage: []x509.ExtKeyUsage{x509.ExtKeyUsageClientAuth, x509.ExtKeyUsageServerAuth},
	}
	if address := net.ParseIP(host); address != nil {
		template.IPAddresses = []net.IP{address}
	} else {
		template.DNSNames = []string{host}
	}
	der, err := x509.CreateCertificate(rand.Reader, template, a.certificate, &private.PublicKey, a.key)
	require.NoError(a.t, err)
	keyDER, err := x509.MarshalPKCS8PrivateKey(private)
	require.NoError(a.t, err)
	return pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: der}),
		pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY", Bytes: keyDER})
}

func (a *authority) pem() []byte {
	return pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: a.certificate.Raw})
}

// fixture reads a kubeconfig of testdata and puts certificates made for this test into it.
func (a *authority) fixture(name string) string {
	a.t.Helper()
	certificate, key := a.issue("admin", now.Add(-time.Hour), now.Add(24*time.Hour))
	return a.fixtureWith(name, certificate, key)
}

func (a *authority) fixtureWith(name string, certificate, key []byte) string {
	a.t.Helper()
	raw, err := os.ReadFile(filepath.Join("testdata", "kubeconfig", name+".yaml"))
	require.NoError(a.t, err)
	return strings.NewReplacer("CA_DATA", encode(a.pem()), "CERT_DATA", encode(certificate), "KEY_DATA", encode(key),
		"TOKEN", plantedToken).Replace(string(raw))
}

func encode(raw []byte) string { return base64.StdEncoding.EncodeToString(raw) }

// serve accepts TLS connections on a loopback port as the API server of a host would, and gives the address.
func (a *authority) serve(host string) string {
	a.t.Helper()
	certificate, key := a.issue(host, now.Add(-time.Hour), now.Add(24*time.Hour))
	pair, err := tls.X509KeyPair(certificate, key)
	require.NoError(a.t, err)
	listener, err := tls.Listen("tcp", "127.0.0.1:0", &tls.Config{Certificates: []tls.Certificate{pair}})
	require.NoError(a.t, err)
	a.t.Cleanup(func() { listener.Close() })
	go func() {
		for {
			connection, err := listener.Accept()
			if err != nil {
				return
			}
			_ = connection.(*tls.Conn).Handshake()
			connection.Close()
		}
	}()
	return listener.Addr().String()
}
