package scenario

import (
	"fmt"
	"path/filepath"
	"strings"
)

// cipher is one row of the matrix of versions and cipher suites: openssl
// s_client asks nginx once.
type cipher struct {
	name, about string
	version     string   // of TLS
	suite       string   // OpenSSL's name
	server      string   // lines for nginx
	client      []string // options for s_client
	identity    identity
	etm         bool // encrypt-then-MAC must be agreed on
	key         bool // keep the server's RSA key instead of a key log
}

var ciphers = []cipher{
	{name: "tls10-cbc-sha", about: "TLS 1.0 with AES-CBC, encrypt-then-MAC", version: "TLS 1.0", suite: "ECDHE-ECDSA-AES128-SHA", etm: true},
	{name: "tls11-cbc-sha", about: "TLS 1.1 with AES-CBC, MAC-then-encrypt", version: "TLS 1.1", suite: "ECDHE-ECDSA-AES256-SHA", client: []string{"-no_etm"}},
	{name: "tls12-aes128-gcm", about: "TLS 1.2 with AES-128-GCM", version: "TLS 1.2", suite: "ECDHE-ECDSA-AES128-GCM-SHA256"},
	{name: "tls12-aes256-gcm", about: "TLS 1.2 with AES-256-GCM", version: "TLS 1.2", suite: "ECDHE-ECDSA-AES256-GCM-SHA384"},
	{name: "tls12-chacha20", about: "TLS 1.2 with ChaCha20-Poly1305", version: "TLS 1.2", suite: "ECDHE-ECDSA-CHACHA20-POLY1305"},
	{name: "tls12-ccm", about: "TLS 1.2 with AES-128-CCM", version: "TLS 1.2", suite: "ECDHE-ECDSA-AES128-CCM"},
	{name: "tls12-ccm8", about: "TLS 1.2 with AES-256-CCM and its short tag of 8 bytes", version: "TLS 1.2", suite: "ECDHE-ECDSA-AES256-CCM8"},
	{name: "tls12-cbc-sha", about: "TLS 1.2 with AES-128-CBC and HMAC-SHA1, MAC-then-encrypt", version: "TLS 1.2", suite: "ECDHE-ECDSA-AES128-SHA", client: []string{"-no_etm"}},
	{name: "tls12-cbc-sha256", about: "TLS 1.2 with AES-128-CBC and HMAC-SHA256, MAC-then-encrypt", version: "TLS 1.2", suite: "ECDHE-ECDSA-AES128-SHA256", client: []string{"-no_etm"}},
	{name: "tls12-cbc-sha384", about: "TLS 1.2 with AES-256-CBC and HMAC-SHA384, MAC-then-encrypt", version: "TLS 1.2", suite: "ECDHE-ECDSA-AES256-SHA384", client: []string{"-no_etm"}},
	{name: "tls12-cbc-etm", about: "TLS 1.2 with AES-128-CBC and HMAC-SHA256, encrypt-then-MAC", version: "TLS 1.2", suite: "ECDHE-ECDSA-AES128-SHA256", etm: true},
	{name: "tls12-rsa-gcm", about: "TLS 1.2 with static RSA and AES-128-GCM; the server's key is kept instead of a key log", version: "TLS 1.2", suite: "AES128-GCM-SHA256", identity: identity{RSA: true}, key: true},
	{name: "tls12-rsa-cbc", about: "TLS 1.2 with static RSA and AES-256-CBC, encrypt-then-MAC, without extended master secret; the server's key is kept instead of a key log", version: "TLS 1.2", suite: "AES256-SHA",
		server: "ssl_conf_command Options -ExtendedMasterSecret;", identity: identity{RSA: true}, etm: true, key: true},
	{name: "tls13-aes128-gcm", about: "TLS 1.3 with AES-128-GCM", version: "TLS 1.3", suite: "TLS_AES_128_GCM_SHA256"},
	{name: "tls13-aes256-gcm", about: "TLS 1.3 with AES-256-GCM", version: "TLS 1.3", suite: "TLS_AES_256_GCM_SHA384"},
	{name: "tls13-chacha20", about: "TLS 1.3 with ChaCha20-Poly1305", version: "TLS 1.3", suite: "TLS_CHACHA20_POLY1305_SHA256"},
	{name: "tls13-ccm", about: "TLS 1.3 with AES-128-CCM", version: "TLS 1.3", suite: "TLS_AES_128_CCM_SHA256"},
	{name: "tls13-ccm8", about: "TLS 1.3 with AES-128-CCM and its short tag of 8 bytes", version: "TLS 1.3", suite: "TLS_AES_128_CCM_8_SHA256"},
}

// cipherScenarios is one scenario for each row of the matrix.
func cipherScenarios() []Scenario {
	var all []Scenario
	for _, c := range ciphers {
		all = append(all, c.scenario())
	}
	return all
}

func (c cipher) scenario() Scenario {
	return Scenario{
		Name: c.name, Description: "openssl s_client asks nginx over " + c.about + ".",
		Path: tlsPath, Programs: []string{"nginx", "openssl"}, Run: c.run,
		Check: all(statuses(200), versions(c.version), connectionsInOrder, c.came),
	}
}

// everything lets nginx and its OpenSSL take each version and suite that they
// have at all.
const everything = "ssl_protocols TLSv1 TLSv1.1 TLSv1.2 TLSv1.3; ssl_ciphers ALL:@SECLEVEL=0; " +
	"ssl_conf_command Ciphersuites TLS_AES_128_GCM_SHA256:TLS_AES_256_GCM_SHA384:TLS_CHACHA20_POLY1305_SHA256:" +
	"TLS_AES_128_CCM_SHA256:TLS_AES_128_CCM_8_SHA256; "

func (c cipher) run(e *Env) error {
	with, err := e.certificateOf(c.identity)
	if err != nil {
		return err
	}
	if err := e.nginx(fmt.Sprintf("listen %d ssl; ssl_certificate %s; ssl_certificate_key %s; %s",
		tlsPort, with.Certificate, with.Key, everything+c.server)); err != nil {
		return err
	}
	if c.key {
		e.RSAKey = filepath.Join(e.Temp, serverName+".key")
	}
	option := map[string]string{"TLS 1.0": "-tls1", "TLS 1.1": "-tls1_1", "TLS 1.2": "-tls1_2", "TLS 1.3": "-tls1_3"}[c.version]
	options := append([]string{"-ign_eof", option}, c.client...)
	if c.version == "TLS 1.3" {
		options = append(options, "-ciphersuites", c.suite)
	} else {
		options = append(options, "-cipher", c.suite+":@SECLEVEL=0")
	}
	log, err := e.openssl(with, []step{{"Verification: OK", getOnce("/data.json")}}, options...)
	if err != nil {
		return err
	}
	e.noteOpenSSL(log, "/data.json")
	return nil
}

// came: openssl says that it is this suite, and with encrypt-then-MAC or not.
func (c cipher) came(e *Env) error {
	t := e.Truth.TLS[0]
	if t.CipherSuite != standardName(c.suite) {
		return fmt.Errorf("the suite is %s, not %s", t.CipherSuite, c.suite)
	}
	if strings.Contains(c.suite, "-SHA") && t.EncryptThenMAC != nil && *t.EncryptThenMAC != c.etm {
		return fmt.Errorf("encrypt-then-MAC: %v, not %v", *t.EncryptThenMAC, c.etm)
	}
	return nil
}
