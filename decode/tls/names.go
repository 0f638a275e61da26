package tls

import (
	"fmt"

	"github.com/wiresight/wiresight/decode/tls/suite"
)

// Protocol versions (RFC 8446 section 4.1.2 and its predecessors).
const (
	versionSSL2  = 0x0002
	versionSSL3  = 0x0300
	versionTLS10 = 0x0301
	versionTLS11 = 0x0302
	versionTLS12 = 0x0303
	versionTLS13 = 0x0304
)

// VersionName returns "TLS 1.3", "SSL 3.0" ..., "GREASE", or the number.
func VersionName(v uint16) string {
	switch {
	case v == versionSSL2:
		return "SSL 2.0"
	case v == versionSSL3:
		return "SSL 3.0"
	case v > versionSSL3 && v <= versionTLS13:
		return fmt.Sprintf("TLS 1.%d", v-versionTLS10)
	case v == 0x0101:
		return "TLCP"
	case v>>8 == 0x7f:
		return fmt.Sprintf("TLS 1.3 (draft %d)", v&0xff)
	case isGREASE(v):
		return "GREASE"
	}
	return fmt.Sprintf("0x%04x", v)
}

// is13 reports whether v is TLS 1.3 or one of its drafts.
func is13(v uint16) bool { return v == versionTLS13 || v>>8 == 0x7f || v>>8 == 0xfb }

// isGREASE reports whether v is reserved for keeping extension points moving
// (RFC 8701 section 2).
func isGREASE(v uint16) bool { return v&0x0f0f == 0x0a0a && v>>8 == v&0xff }

// CipherSuiteName returns a cipher suite's name in IANA's registry (TLS Cipher
// Suites), "GREASE" for RFC 8701's values, or the number where it has no name.
func CipherSuiteName(id uint16) string {
	if isGREASE(id) {
		return "GREASE"
	}
	if n := suite.Name(id); n != "" {
		return n
	}
	return fmt.Sprintf("0x%04x", id)
}

// GroupName returns a group's name in IANA's registry (TLS Supported Groups).
func GroupName(id uint16) string {
	if n := groupNames[id]; n != "" {
		return n
	}
	if isGREASE(id) {
		return "GREASE"
	}
	return fmt.Sprintf("0x%04x", id)
}

var groupNames = map[uint16]string{
	1: "sect163k1", 2: "sect163r1", 3: "sect163r2", 4: "sect193r1", 5: "sect193r2", 6: "sect233k1",
	7: "sect233r1", 8: "sect239k1", 9: "sect283k1", 10: "sect283r1", 11: "sect409k1", 12: "sect409r1",
	13: "sect571k1", 14: "sect571r1", 15: "secp160k1", 16: "secp160r1", 17: "secp160r2", 18: "secp192k1",
	19: "secp192r1", 20: "secp224k1", 21: "secp224r1", 22: "secp256k1", 23: "secp256r1", 24: "secp384r1",
	25: "secp521r1", 26: "brainpoolP256r1", 27: "brainpoolP384r1", 28: "brainpoolP512r1", 29: "x25519",
	30: "x448", 31: "brainpoolP256r1tls13", 32: "brainpoolP384r1tls13", 33: "brainpoolP512r1tls13",
	34: "GC256A", 35: "GC256B", 36: "GC256C", 37: "GC256D", 38: "GC512A", 39: "GC512B", 40: "GC512C",
	41: "curveSM2", 256: "ffdhe2048", 257: "ffdhe3072", 258: "ffdhe4096", 259: "ffdhe6144", 260: "ffdhe8192",
	0x0200: "MLKEM512", 0x0201: "MLKEM768", 0x0202: "MLKEM1024",
	0x11eb: "SecP256r1MLKEM768", 0x11ec: "X25519MLKEM768", 0x11ed: "SecP384r1MLKEM1024", 0x11ee: "curveSM2MLKEM768",
	0x4138: "CECPQ2", 0x6399: "X25519Kyber768Draft00", 0x639a: "SecP256r1Kyber768Draft00",
	0xff01: "arbitrary_explicit_prime_curves", 0xff02: "arbitrary_explicit_char2_curves",
}

// SignatureName returns a signature scheme's name (RFC 8446 section 4.2.3).
func SignatureName(id uint16) string {
	if n := signatureNames[id]; n != "" {
		return n
	}
	if isGREASE(id) {
		return "GREASE"
	}
	return fmt.Sprintf("0x%04x", id)
}

var signatureNames = map[uint16]string{
	0x0201: "rsa_pkcs1_sha1", 0x0203: "ecdsa_sha1", 0x0401: "rsa_pkcs1_sha256", 0x0501: "rsa_pkcs1_sha384",
	0x0601: "rsa_pkcs1_sha512", 0x0403: "ecdsa_secp256r1_sha256", 0x0503: "ecdsa_secp384r1_sha384",
	0x0603: "ecdsa_secp521r1_sha512", 0x0708: "sm2sig_sm3", 0x0804: "rsa_pss_rsae_sha256",
	0x0805: "rsa_pss_rsae_sha384", 0x0806: "rsa_pss_rsae_sha512", 0x0807: "ed25519", 0x0808: "ed448",
	0x0809: "rsa_pss_pss_sha256", 0x080a: "rsa_pss_pss_sha384", 0x080b: "rsa_pss_pss_sha512",
	0x081a: "ecdsa_brainpoolP256r1tls13_sha256", 0x081b: "ecdsa_brainpoolP384r1tls13_sha384",
	0x081c: "ecdsa_brainpoolP512r1tls13_sha512", 0x0904: "mldsa44", 0x0905: "mldsa65", 0x0906: "mldsa87",
	0x0101: "rsa_pkcs1_md5", 0x0102: "dsa_md5", 0x0202: "dsa_sha1", 0x0301: "rsa_pkcs1_sha224",
	0x0302: "dsa_sha224", 0x0303: "ecdsa_sha224", 0x0402: "dsa_sha256", 0x0502: "dsa_sha384", 0x0602: "dsa_sha512",
}

// AlertName returns an alert description's name (RFC 8446 section 6 and the
// registry TLS Alerts), e.g. "handshake_failure".
func AlertName(d uint8) string {
	if n := alertNames[d]; n != "" {
		return n
	}
	return fmt.Sprintf("alert %d", d)
}

var alertNames = map[uint8]string{
	0: "close_notify", 10: "unexpected_message", 20: "bad_record_mac", 21: "decryption_failed",
	22: "record_overflow", 30: "decompression_failure", 40: "handshake_failure", 41: "no_certificate",
	42: "bad_certificate", 43: "unsupported_certificate", 44: "certificate_revoked", 45: "certificate_expired",
	46: "certificate_unknown", 47: "illegal_parameter", 48: "unknown_ca", 49: "access_denied",
	50: "decode_error", 51: "decrypt_error", 52: "too_many_cids_requested", 60: "export_restriction",
	70: "protocol_version", 71: "insufficient_security", 80: "internal_error", 86: "inappropriate_fallback",
	90: "user_canceled", 100: "no_renegotiation", 109: "missing_extension", 110: "unsupported_extension",
	111: "certificate_unobtainable", 112: "unrecognized_name", 113: "bad_certificate_status_response",
	114: "bad_certificate_hash_value", 115: "unknown_psk_identity", 116: "certificate_required",
	117: "general_error", 120: "no_application_protocol", 121: "ech_required",
}

// Extension types that are looked into (IANA, TLS ExtensionType Values).
const (
	extServerName          = 0
	extSupportedGroups     = 10
	extPointFormats        = 11
	extSignatureAlgorithms = 13
	extALPN                = 16
	extSessionTicket       = 35
	extPreSharedKey        = 41
	extEarlyData           = 42
	extSupportedVersions   = 43
	extKeyShareDraft       = 40 // TLS 1.3 drafts up to 22
	extKeyShare            = 51

	extEncryptThenMAC         = 22
	extExtendedMasterSecret   = 23
	extCertificateAuthorities = 47
	extQUICParameters         = 57
	extQUICParametersDraft    = 0xffa5
	extECH                    = 0xfe0d
)

func extensionName(id uint16) string {
	if n := extensionNames[id]; n != "" {
		return n
	}
	if isGREASE(id) {
		return "GREASE"
	}
	return fmt.Sprintf("extension %d", id)
}

var extensionNames = map[uint16]string{
	0: "server_name", 1: "max_fragment_length", 2: "client_certificate_url", 3: "trusted_ca_keys",
	4: "truncated_hmac", 5: "status_request", 6: "user_mapping", 7: "client_authz", 8: "server_authz",
	9: "cert_type", 10: "supported_groups", 11: "ec_point_formats", 12: "srp", 13: "signature_algorithms",
	14: "use_srtp", 15: "heartbeat", 16: "application_layer_protocol_negotiation", 17: "status_request_v2",
	18: "signed_certificate_timestamp", 19: "client_certificate_type", 20: "server_certificate_type",
	21: "padding", 22: "encrypt_then_mac", 23: "extended_master_secret", 24: "token_binding", 25: "cached_info",
	26: "tls_lts", 27: "compress_certificate", 28: "record_size_limit", 29: "pwd_protect", 30: "pwd_clear",
	31: "password_salt", 32: "ticket_pinning", 33: "tls_cert_with_extern_psk", 34: "delegated_credential",
	35: "session_ticket", 36: "TLMSP", 41: "pre_shared_key", 42: "early_data", 43: "supported_versions",
	44: "cookie", 45: "psk_key_exchange_modes", 47: "certificate_authorities", 48: "oid_filters",
	49: "post_handshake_auth", 50: "signature_algorithms_cert", 51: "key_share", 52: "transparency_info",
	54: "connection_id", 55: "external_id_hash", 56: "external_session_id", 57: "quic_transport_parameters",
	58: "ticket_request", 59: "dnssec_chain", 13172: "next_protocol_negotiation", 17513: "application_settings",
	17613: "application_settings", 30032: "channel_id", 0xfd00: "ech_outer_extensions",
	extECH: "encrypted_client_hello", 0xffa5: "quic_transport_parameters (drafts)", 0xffce: "encrypted_server_name",
	0xff01: "renegotiation_info",
}
