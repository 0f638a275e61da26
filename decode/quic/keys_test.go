package quic

import (
	"bytes"
	"crypto/aes"
	"crypto/cipher"
	"encoding/hex"
	"testing"

	"github.com/wiresight/wiresight/decode/layer"
)

func unhex(t testing.TB, s string) []byte {
	t.Helper()
	b, err := hex.DecodeString(s)
	if err != nil {
		t.Fatal(err)
	}
	return b
}

// rfcDCID is the client's Destination Connection ID of the examples in RFC 9001
// and RFC 9369, appendix A.
const rfcDCID = "8394c8f03e515708"

// rfcHello is the CRYPTO frame of RFC 9001 appendix A.2.
const rfcHello = "060040f1010000ed0303ebf8fa56f12939b9584a3896472ec40bb863cfd3e86804fe3a47f06a2b69484c0000041301130201" +
	"0000c000000010000e00000b6578616d706c652e636f6dff01000100000a00080006001d0017001800100007000504616c706e0005000501" +
	"00000000003300260024001d00209370b2c9caa47fbabaf4559fedba753de171fa71f50f1ce15d43e994ec74d748002b0003020304000d00" +
	"10000e0403050306030203080408050806002d00020101001c00024001003900320408ffffffffffffffff05048000ffff07048000ffff08" +
	"01100104800075300901100f088394c8f03e51570806048000ffff"

// protect is the sender's side: it seals plain behind a header whose last
// length bytes are the packet number.
func protect(t testing.TB, s *seal, header []byte, length int, pn uint64, plain []byte) []byte {
	t.Helper()
	nonce := s.iv
	for i := 0; i < 8; i++ {
		nonce[4+i] ^= byte(pn >> (56 - 8*i))
	}
	out := s.aead.Seal(bytes.Clone(header), nonce[:], plain, header)
	number := len(header) - length
	var o opener
	if s.block != nil {
		s.block.Encrypt(o.mask[:], out[number+4:number+4+sampleSize])
	} else {
		o.chachaMask(s, out[number+4:number+4+sampleSize])
	}
	mask := o.mask
	if header[0]&longHeader != 0 {
		out[0] ^= mask[0] & 0x0f
	} else {
		out[0] ^= mask[0] & 0x1f
	}
	for i := 0; i < length; i++ {
		out[number+i] ^= mask[1+i]
	}
	return out
}

func sealOf(t testing.TB, key, iv, hp string) seal {
	t.Helper()
	var s seal
	block, err := aes.NewCipher(unhex(t, key))
	if err != nil {
		t.Fatal(err)
	}
	if s.aead, err = cipher.NewGCM(block); err != nil {
		t.Fatal(err)
	}
	if s.block, err = aes.NewCipher(unhex(t, hp)); err != nil {
		t.Fatal(err)
	}
	copy(s.iv[:], unhex(t, iv))
	return s
}

func TestInitialKeysAreThoseOfTheRFCs(t *testing.T) {
	for _, c := range []struct {
		name        string
		version     uint32
		side        int
		key, iv, hp string
	}{
		{"RFC 9001 A.1, client", version1, 0, "1f369613dd76d5467730efcbe3b1a22d", "fa044b2f42a3fd3b46fb255c", "9f50449e04a0e810283a1e9933adedd2"},
		{"RFC 9001 A.1, server", version1, 1, "cf3a5331653c364c88f0f379b6067e37", "0ac1493ca1905853b0bba03e", "c206b8d9b9f0f37644430b490eeaa314"},
		{"RFC 9369 A.1, client", version2, 0, "8b1a0bc121284290a29e0971b5cd045d", "91f73e2351d8fa91660e909f", "45b95e15235d6f45a6b19cbcb0294ba9"},
		{"RFC 9369 A.1, server", version2, 1, "82db637861d55e1d011f19ea71d5d2a7", "dd13c276499c0249d3310652", "edf6d05c83121201b436e16877593c3a"},
	} {
		t.Run(c.name, func(t *testing.T) {
			got := deriveInitial(c.version, unhex(t, rfcDCID), layer.ToServer).side[c.side]
			want := sealOf(t, c.key, c.iv, c.hp)
			header := []byte{0xc1, 0, 0, 0, 1, 0, 0, 0x40, 0x40, 0, 7}
			a := protect(t, got, header, 2, 7, make([]byte, 40))
			b := protect(t, &want, header, 2, 7, make([]byte, 40))
			if !bytes.Equal(a, b) {
				t.Errorf("other keys: sealed %x, want %x", a, b)
			}
		})
	}
}

func TestClientInitialOfRFC9001(t *testing.T) {
	keys := deriveInitial(version1, unhex(t, rfcDCID), layer.ToServer)
	plain := make([]byte, 1162)
	copy(plain, unhex(t, rfcHello))
	b := protect(t, keys.side[0], unhex(t, "c300000001088394c8f03e5157080000449e00000002"), 4, 2, plain)
	if len(b) != 1200 || !bytes.HasPrefix(b, unhex(t, "c000000001088394c8f03e5157080000449e7b9aec34")) ||
		!bytes.HasSuffix(b, unhex(t, "e221af44860018ab0856972e194cd934")) {
		t.Fatalf("not the RFC's packet: %x", b)
	}
	r := play([]datagram{{layer.ToServer, b}})
	if q := r.quic; q.Version != "1" || q.SNI != "example.com" || len(q.OfferedALPN) != 1 || q.OfferedALPN[0] != "alpn" ||
		!q.InitialDecrypted || q.JA4[0] != 'q' || q.FirstInitial[0].Number != 1 {
		t.Errorf("%+v", q)
	}
}

func TestServerInitialOfRFC9001(t *testing.T) {
	b := unhex(t, "cf000000010008f067a5502a4262b5004075c0d95a482cd0991cd25b0aac406a5816b6394100f37a1c69797554780bb38cc5a99f5ede4cf"+
		"73c3ec2493a1839b3dbcba3f6ea46c5b7684df3548e7ddeb9c3bf9c73cc3f3bded74b562bfb19fb84022f8ef4cdd93795d77d06edbb7aaf2f5889185"+
		"0abbdca3d20398c276456cbc42158407dd074ee")
	p, err := parseLong(b)
	if err != nil {
		t.Fatal(err)
	}
	var o opener
	keys := deriveInitial(version1, unhex(t, rfcDCID), layer.ToServer)
	plain, n, ok := o.open(keys.of(layer.ToClient), b, p.number, 0)
	if !ok || n != 1 || !bytes.HasPrefix(plain, unhex(t, "02000000000600405a020000560303eefce7f7b37ba1d1632e96677825ddf739")) {
		t.Errorf("opened %v, number %d, %x", ok, n, plain)
	}
}

func TestPacketNumbersAreRestored(t *testing.T) {
	for _, c := range []struct {
		next, truncated uint64
		length          int
		want            uint64
	}{
		{0xa82f30eb, 0x9b32, 2, 0xa82f9b32}, // RFC 9000 appendix A.3
		{0, 0, 1, 0},
		{0, 2, 4, 2},
		{256, 0, 1, 256},
		{257, 255, 1, 255},
		{0x1ff, 0x7e, 1, 0x27e},
	} {
		if got := decodeNumber(c.next, c.truncated, c.length); got != c.want {
			t.Errorf("%#x in %d bytes where %d is expected: %d, want %d", c.truncated, c.length, c.next, got, c.want)
		}
	}
}
