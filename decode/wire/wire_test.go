package wire

import "testing"

func TestReaderStaysAtTheEnd(t *testing.T) {
	r := NewReader([]byte{1, 0, 2, 'a', 'b', 'c', 0, 9})
	if r.U8() != 1 || string(r.Text16()) != "ab" || string(r.ZeroEnded()) != "c" || !r.OK() || r.Offset() != 7 {
		t.Fatalf("at %d, %v", r.Offset(), r.OK())
	}
	if r.U32() != 0 || r.OK() || r.U8() != 0 || r.Len() != 0 {
		t.Error("read beyond the end")
	}
}

func TestLittleEndianAndVarint(t *testing.T) {
	r := NewReader([]byte{0x01, 0x02, 0x03, 0x80, 0x01, 0xff, 0xff, 0xff, 0xff})
	if v := r.Little(3); v != 0x030201 {
		t.Errorf("%#x", v)
	}
	if v := r.Varint(4); v != 128 {
		t.Errorf("%d", v)
	}
	if r.Varint(4); r.OK() {
		t.Error("a number without end was read")
	}
}

func TestTreeKeepsOffsets(t *testing.T) {
	tree := NewTree([]byte{5, 0, 1, 'x'}, 10)
	tree.Number("a", uint64(tree.U8()), 1)
	tree.Group("g", "", 0, func() { tree.Text("t", tree.Text16()) })
	g := tree.Fields[1]
	if tree.Fields[0].Offset != 10 || g.Offset != 11 || g.Length != 3 || g.Children[0].Offset != 13 || g.Children[0].Value != "x" {
		t.Errorf("%+v", tree.Fields)
	}
}
