package node

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/base64"
	"encoding/pem"
	"fmt"
	"math/big"
	"time"
)

// lifetime bounds how long a cluster's credentials hold. A node serves one call; a day outlasts any.
const lifetime = 24 * time.Hour

// skew is how far the clocks of two containers may be apart.
const skew = 5 * time.Minute

// Authority is a certificate authority made for one cluster. kubeadm takes it as it is, so whoever made it can make
// the kubeconfig too, before anything boots and without reading a file out of the node.
type Authority struct {
	// Certificate and Key are PEM; the key is PKCS#8.
	Certificate, Key []byte

	certificate *x509.Certificate
	key         *ecdsa.PrivateKey
}

// NewAuthority makes an authority that holds for a day from now.
func NewAuthority(now time.Time) (*Authority, error) {
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		return nil, fmt.Errorf("node: making a key for the cluster's authority: %w", err)
	}
	template := &x509.Certificate{
		SerialNumber:          big.NewInt(1),
		Subject:               pkix.Name{CommonName: "kubernetes"},
		NotBefore:             now.Add(-skew),
		NotAfter:              now.Add(lifetime),
		IsCA:                  true,
		BasicConstraintsValid: true,
		KeyUsage:              x509.KeyUsageDigitalSignature | x509.KeyUsageKeyEncipherment | x509.KeyUsageCertSign,
	}
	der, err := x509.CreateCertificate(rand.Reader, template, template, &key.PublicKey, key)
	if err != nil {
		return nil, fmt.Errorf("node: making the cluster's authority: %w", err)
	}
	certificate, err := x509.ParseCertificate(der)
	if err != nil {
		return nil, fmt.Errorf("node: reading the cluster's authority: %w", err)
	}
	keyPEM, err := encodeKey(key)
	if err != nil {
		return nil, err
	}
	return &Authority{Certificate: encodeCertificate(der), Key: keyPEM, certificate: certificate, key: key}, nil
}

// Kubeconfig gives an administrator's kubeconfig for the cluster that runs on this authority, reached at
// https://host:port. The certificate in it is of the group system:masters, which kubeadm binds to cluster-admin.
func (a *Authority) Kubeconfig(host string, port int, now time.Time) ([]byte, error) {
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		return nil, fmt.Errorf("node: making a key for the cluster's administrator: %w", err)
	}
	template := &x509.Certificate{
		SerialNumber: big.NewInt(now.UnixNano()),
		Subject:      pkix.Name{CommonName: "deployer", Organization: []string{"system:masters"}},
		NotBefore:    now.Add(-skew),
		NotAfter:     now.Add(lifetime),
		KeyUsage:     x509.KeyUsageDigitalSignature,
		ExtKeyUsage:  []x509.ExtKeyUsage{x509.ExtKeyUsageClientAuth},
	}
	der, err := x509.CreateCertificate(rand.Reader, template, a.certificate, &key.PublicKey, a.key)
	if err != nil {
		return nil, fmt.Errorf("node: making the administrator's certificate: %w", err)
	}
	keyPEM, err := encodeKey(key)
	if err != nil {
		return nil, err
	}
	return fmt.Appendf(nil, `apiVersion: v1
kind: Config
current-context: embedded
clusters:
  - name: embedded
    cluster:
      server: https://%s:%d
      certificate-authority-data: %s
contexts:
  - name: embedded
    context: {cluster: embedded, user: deployer}
users:
  - name: deployer
    user:
      client-certificate-data: %s
      client-key-data: %s
`, host, port, encode(a.Certificate), encode(encodeCertificate(der)), encode(keyPEM)), nil
}

func encodeCertificate(der []byte) []byte {
	return pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: der})
}

func encodeKey(key *ecdsa.PrivateKey) ([]byte, error) {
	der, err := x509.MarshalPKCS8PrivateKey(key)
	if err != nil {
		return nil, fmt.Errorf("node: encoding a key: %w", err)
	}
	return pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY", Bytes: der}), nil
}

func encode(raw []byte) string { return base64.StdEncoding.EncodeToString(raw) }
