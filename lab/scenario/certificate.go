package scenario

import (
	"crypto"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/rsa"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/pem"
	"math/big"
	"net"
	"os"
	"path/filepath"
	"time"
)

// certificate is the lab's CA and a certificate that it signed, in PEM files.
type certificate struct{ CA, Certificate, Key string }

// identity is what a certificate says of its holder. The zero value is the
// lab's server with an ECDSA key and a certificate that is good today.
type identity struct {
	More    []string // names beside its own
	Name    string   // default serverName
	RSA     bool
	Expired bool
}

// certificate makes a CA and a certificate for the server's name and addresses.
// They are good for the day of the run: nobody should ever trust them.
func (e *Env) certificate() (certificate, error) { return e.certificateOf(identity{}) }

func (e *Env) certificateOf(who identity) (certificate, error) {
	if who.Name == "" {
		who.Name = serverName
	}
	a, err := e.authority()
	if err != nil {
		return certificate{}, err
	}
	return a.sign(e, who)
}

// authority is the lab's CA; a run makes a new one.
type authority struct {
	file string
	root *x509.Certificate
	key  *ecdsa.PrivateKey
}

func (e *Env) authority() (*authority, error) {
	if e.ca != nil {
		return e.ca, nil
	}
	now := time.Now()
	a := &authority{file: filepath.Join(e.Temp, "ca.pem"), root: &x509.Certificate{
		SerialNumber: big.NewInt(1), Subject: pkix.Name{CommonName: "Lab Root CA", Organization: []string{"Lab"}},
		NotBefore: now.AddDate(-1, 0, 0), NotAfter: now.Add(24 * time.Hour),
		IsCA: true, BasicConstraintsValid: true, KeyUsage: x509.KeyUsageCertSign,
	}}
	var err error
	if a.key, err = ecdsa.GenerateKey(elliptic.P256(), rand.Reader); err != nil {
		return nil, err
	}
	e.ca = a
	return a, writeCertificate(a.file, a.root, a.root, &a.key.PublicKey, a.key)
}

// sign makes a key and a certificate for it.
func (a *authority) sign(e *Env, who identity) (certificate, error) {
	c := certificate{
		CA:          a.file,
		Certificate: filepath.Join(e.Temp, who.Name+".pem"),
		Key:         filepath.Join(e.Temp, who.Name+".key"),
	}
	now := time.Now()
	leaf := &x509.Certificate{
		SerialNumber: big.NewInt(2), Subject: pkix.Name{CommonName: who.Name},
		NotBefore: now.Add(-time.Hour), NotAfter: now.Add(24 * time.Hour), DNSNames: append([]string{who.Name}, who.More...),
		KeyUsage:    x509.KeyUsageDigitalSignature,
		ExtKeyUsage: []x509.ExtKeyUsage{x509.ExtKeyUsageServerAuth, x509.ExtKeyUsageClientAuth},
	}
	if who.Name == serverName {
		leaf.DNSNames, leaf.IPAddresses = append(leaf.DNSNames, "*.lab.example"), []net.IP{net.ParseIP(e.Server.IP)}
	}
	if who.Expired {
		leaf.NotBefore, leaf.NotAfter = now.AddDate(0, -6, 0), now.AddDate(0, -1, 0)
	}
	var key crypto.Signer
	var err error
	if who.RSA {
		leaf.KeyUsage |= x509.KeyUsageKeyEncipherment // for the static RSA key exchange
		key, err = rsa.GenerateKey(rand.Reader, 2048)
	} else {
		key, err = ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	}
	if err != nil {
		return c, err
	}
	if err := writeCertificate(c.Certificate, leaf, a.root, key.Public(), a.key); err != nil {
		return c, err
	}
	der, err := x509.MarshalPKCS8PrivateKey(key)
	if err != nil {
		return c, err
	}
	return c, os.WriteFile(c.Key, pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY", Bytes: der}), 0o600)
}

func writeCertificate(file string, c, parent *x509.Certificate, public any, signer *ecdsa.PrivateKey) error {
	der, err := x509.CreateCertificate(rand.Reader, c, parent, public, signer)
	if err != nil {
		return err
	}
	return os.WriteFile(file, pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: der}), 0o644)
}
