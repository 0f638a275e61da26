package quic

import (
	"encoding/hex"
	"fmt"
)

// Versions (IANA, QUIC Versions, and what was deployed before them).
const (
	versionNegotiation = 0
	version1           = 1
	version2           = 0x6b3343cf // RFC 9369
	version2Draft      = 0x709a50c4
	mvfst22            = 0xfaceb001
	mvfst27            = 0xfaceb002
	mvfstExperiment    = 0xfaceb00e
	q050               = 0x51303530 // Google QUIC in the drafts' packets
	t050               = 0x54303530
	t051               = 0x54303531
	oldestDraft        = 22 // older ones have other headers
	newestDraft        = 34
)

// The salts for Initial secrets (RFC 9001 section 5.2, RFC 9369 section 3.3.1,
// and the drafts' sections 5.2).
var (
	saltDraft22 = salt("7fbcdb0e7c66bbe9193a96cd21519ebd7a02644a")
	saltDraft23 = salt("c3eef712c72ebb5a11a7d2432bb46365bef9f502")
	saltDraft29 = salt("afbfec289993d24c9e9786f19c6111e04390a899")
	saltV1      = salt("38762cf7f55934b34d179ae6a4c80cadccbb7f0a")
	saltV2      = salt("0dede3def700a6db819381be6e269dcbf9bd2ed9")
	saltV2Draft = salt("a707c203a59b47184a1d62ca570406ea7ae3e5d3")
	saltQ050    = salt("504574efd066fe2f9d945cfcdbd3a7f0d3b56b45")
	saltT050    = salt("7ff579e5acd072915580304c43a2367c60488310")
	saltT051    = salt("7a4edef4e7ccee5fa4506c19124fc8ccda6e033d")
)

func salt(text string) []byte {
	b, err := hex.DecodeString(text)
	if err != nil {
		panic(err) // a constant of this file is wrong
	}
	return b
}

// draft returns the draft's number of a version, 0 for none.
func draft(version uint32) int {
	if version>>8 != 0xff0000 {
		return 0
	}
	return int(version & 0xff)
}

// known reports whether the version's long headers and Initial keys are known.
func known(version uint32) bool { return initialSalt(version) != nil }

func initialSalt(version uint32) []byte {
	switch version {
	case version1:
		return saltV1
	case version2:
		return saltV2
	case version2Draft:
		return saltV2Draft
	case mvfst22:
		return saltDraft22
	case mvfst27, mvfstExperiment:
		return saltDraft23
	case q050:
		return saltQ050
	case t050:
		return saltT050
	case t051:
		return saltT051
	}
	switch d := draft(version); {
	case d < oldestDraft || d > newestDraft:
		return nil
	case d == 22:
		return saltDraft22
	case d < 29:
		return saltDraft23
	case d < 33:
		return saltDraft29
	}
	return saltV1
}

// isV2 reports whether a version has version 2's packet types and labels.
func isV2(version uint32) bool { return version == version2 || version == version2Draft }

// reserved reports whether a version exists to force version negotiation (RFC
// 9000 section 15).
func reserved(version uint32) bool { return version&0x0f0f0f0f == 0x0a0a0a0a }

// VersionName returns a version's short name: "1", "2", "draft-29", "mvfst-27",
// "T051", "reserved", or the number.
func VersionName(version uint32) string {
	switch version {
	case version1:
		return "1"
	case version2:
		return "2"
	case version2Draft:
		return "2-draft"
	case mvfst22:
		return "mvfst-22"
	case mvfst27:
		return "mvfst-27"
	case mvfstExperiment:
		return "mvfst"
	case q050, t050, t051:
		return string([]byte{byte(version >> 24), byte(version >> 16), byte(version >> 8), byte(version)})
	}
	if d := draft(version); d > 0 {
		return fmt.Sprintf("draft-%02d", d)
	}
	if reserved(version) {
		return "reserved"
	}
	return fmt.Sprintf("0x%08x", version)
}
