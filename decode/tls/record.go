package tls

// Content types (RFC 8446 section 5.1, RFC 6520 section 3).
const (
	typeChangeCipherSpec = 20
	typeAlert            = 21
	typeHandshake        = 22
	typeApplicationData  = 23
	typeHeartbeat        = 24
)

const (
	headerSize = 5
	// maxRecord is the longest TLSCiphertext fragment: 2^14 and 2048 bytes of
	// expansion (RFC 5246 section 6.2.3).
	maxRecord = 1<<14 + 2048
)

// header is a record's header (RFC 8446 section 5.1), or that of SSL 2.0.
type header struct {
	kind    uint8
	version uint16
	length  int // of what follows the header
	size    int // of the header itself
	ssl2    bool
}

// parseHeader reads a record header. Plausible is false where the bytes cannot
// be one; b holds at least headerSize bytes.
func parseHeader(b []byte) (h header, plausible bool) {
	h = header{kind: b[0], version: uint16(b[1])<<8 | uint16(b[2]), length: int(b[3])<<8 | int(b[4]), size: headerSize}
	return h, plausibleStart(b[:headerSize]) && h.length <= maxRecord &&
		(h.length > 0 || h.kind == typeApplicationData)
}

// plausibleStart reports whether b, however short, can be the beginning of a
// record header.
func plausibleStart(b []byte) bool {
	if len(b) > 0 && (b[0] < typeChangeCipherSpec || b[0] > typeHeartbeat) {
		return false
	}
	if len(b) > 1 && b[1] != 3 && b[1] != 1 && b[1] != 0x7f {
		return false
	}
	if len(b) > 2 && (b[1] == 3 && b[2] > 4 || b[1] == 1 && b[2] != 1) {
		return false
	}
	return len(b) < 4 || b[3] <= maxRecord>>8
}

func (h header) kindName() string {
	switch h.kind {
	case typeChangeCipherSpec:
		return "change_cipher_spec"
	case typeAlert:
		return "alert"
	case typeHandshake:
		return "handshake"
	case typeApplicationData:
		return "application_data"
	case typeHeartbeat:
		return "heartbeat"
	}
	return "unknown"
}

// parseSSL2 reads an SSL 2.0 record header (RFC 6101 appendix E.2 shows the
// ClientHello in one).
func parseSSL2(b []byte) (h header, plausible bool) {
	h = header{kind: typeHandshake, version: versionSSL2, ssl2: true, size: 2}
	if b[0]&0x80 != 0 {
		h.length = int(b[0]&0x7f)<<8 | int(b[1])
	} else {
		h.length = int(b[0]&0x3f)<<8 | int(b[1])
		h.size = 3
	}
	return h, h.length > 0
}
