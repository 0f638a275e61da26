package tls

import (
	"crypto/md5"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"sort"
	"strconv"
	"strings"
)

// JA3 returns the JA3 fingerprint of the hello and the string that it is the
// MD5 digest of: version, cipher suites, extensions, groups and point formats
// as sent, GREASE left out.
func (h *ClientHello) JA3() (digest, text string) {
	var b strings.Builder
	b.WriteString(strconv.Itoa(int(h.Version)))
	b.WriteByte(',')
	joinDecimal(&b, h.CipherSuites)
	b.WriteByte(',')
	joinDecimal(&b, h.extensionTypes())
	b.WriteByte(',')
	joinDecimal(&b, h.Groups)
	b.WriteByte(',')
	for i, f := range h.PointFormats {
		if i > 0 {
			b.WriteByte('-')
		}
		b.WriteString(strconv.Itoa(int(f)))
	}
	text = b.String()
	sum := md5.Sum([]byte(text))
	return hex.EncodeToString(sum[:]), text
}

func joinDecimal(b *strings.Builder, list []uint16) {
	first := true
	for _, v := range list {
		if isGREASE(v) {
			continue
		}
		if !first {
			b.WriteByte('-')
		}
		first = false
		b.WriteString(strconv.Itoa(int(v)))
	}
}

func (h *ClientHello) extensionTypes() []uint16 {
	types := make([]uint16, len(h.Extensions))
	for i := range h.Extensions {
		types[i] = h.Extensions[i].Type
	}
	return types
}

// JA4 returns the JA4 fingerprint of the hello. Transport is 't' for TLS over
// TCP and 'q' for QUIC.
func (h *ClientHello) JA4(transport byte) string {
	suites := hexWords(h.CipherSuites)
	sort.Strings(suites)
	types := h.extensionTypes()
	all := hexWords(types)
	extensions := all[:0:0]
	for _, e := range all {
		if e != "0000" && e != "0010" { // SNI and ALPN stand in the first part
			extensions = append(extensions, e)
		}
	}
	sort.Strings(extensions)
	sni := byte('i')
	for _, t := range types {
		if t == extServerName {
			sni = 'd'
		}
	}
	last := strings.Join(extensions, ",")
	if signatures := hexWords(h.SignatureAlgorithms); len(signatures) > 0 {
		last += "_" + strings.Join(signatures, ",")
	}
	if len(all) == 0 {
		last = ""
	}
	return fmt.Sprintf("%c%s%c%02d%02d%s_%s_%s", transport, h.ja4Version(), sni, min(len(suites), 99), min(len(all), 99),
		h.ja4ALPN(), digest12(strings.Join(suites, ",")), digest12(last))
}

func (h *ClientHello) ja4Version() string {
	highest := h.Version
	if len(h.Versions) > 0 {
		highest = 0
		for _, v := range h.Versions {
			if !isGREASE(v) && v > highest {
				highest = v
			}
		}
	}
	switch highest {
	case versionTLS13:
		return "13"
	case versionTLS12:
		return "12"
	case versionTLS11:
		return "11"
	case versionTLS10:
		return "10"
	case versionSSL3:
		return "s3"
	case versionSSL2:
		return "s2"
	}
	return "00"
}

// ja4ALPN returns the first and last character of the first ALPN value, taken
// from its hex form where one of them is not alphanumeric.
func (h *ClientHello) ja4ALPN() string {
	if len(h.ALPN) == 0 || h.ALPN[0] == "" {
		return "00"
	}
	a := h.ALPN[0]
	if !alphanumeric(a[0]) || !alphanumeric(a[len(a)-1]) {
		a = hex.EncodeToString([]byte(a))
	}
	return string([]byte{a[0], a[len(a)-1]})
}

func alphanumeric(c byte) bool {
	return c >= '0' && c <= '9' || c >= 'a' && c <= 'z' || c >= 'A' && c <= 'Z'
}

func hexWords(list []uint16) []string {
	words := make([]string, 0, len(list))
	for _, v := range list {
		if !isGREASE(v) {
			words = append(words, fmt.Sprintf("%04x", v))
		}
	}
	return words
}

func digest12(s string) string {
	if s == "" {
		return "000000000000"
	}
	sum := sha256.Sum256([]byte(s))
	return hex.EncodeToString(sum[:6])
}
