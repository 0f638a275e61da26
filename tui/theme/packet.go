package theme

import "github.com/charmbracelet/lipgloss"

// Packet is what a packet list colours a row by, after Wireshark's default
// colouring rules.
type Packet int

// The kinds of packets.
const (
	OtherPacket Packet = iota
	TCPPacket
	UDPPacket
	HTTPPacket
	ICMPPacket
	ARPPacket
	EdgePacket  // SYN and FIN
	ResetPacket // RST
	BadPacket   // a retransmission, a lost segment and the like
)

// tint is a background that is told from the terminal's own only where there
// are colours enough for it to be quiet.
func tint(light, dark string) lipgloss.CompleteAdaptiveColor {
	return lipgloss.CompleteAdaptiveColor{
		Light: lipgloss.CompleteColor{TrueColor: light, ANSI256: light},
		Dark:  lipgloss.CompleteColor{TrueColor: dark, ANSI256: dark},
	}
}

// Packet returns the style of a row of the packet list.
func (t *Theme) Packet(k Packet) lipgloss.Style { return t.packets[k] }

func (t *Theme) paintPackets(s lipgloss.Style) {
	for i := range t.packets {
		t.packets[i] = s
	}
	if !t.colour {
		t.packets[ResetPacket], t.packets[BadPacket] = s.Bold(true), s.Bold(true)
		return
	}
	for k, c := range map[Packet]lipgloss.CompleteAdaptiveColor{
		TCPPacket: tint("#e7e6ff", "#22223a"), UDPPacket: tint("#daeeff", "#172b3a"), HTTPPacket: tint("#e4ffc7", "#1c3420"),
		ICMPPacket: tint("#fce0ff", "#38203c"), ARPPacket: tint("#faf0d7", "#38301a"), EdgePacket: tint("#c4c4c4", "#454550"),
	} {
		t.packets[k] = s.Background(c)
	}
	t.packets[ResetPacket] = s.Background(tint("#a40000", "#7a0000")).Foreground(lipgloss.CompleteColor{TrueColor: "#fffc9c", ANSI256: "#fffc9c", ANSI: "1"})
	t.packets[BadPacket] = s.Background(lipgloss.CompleteColor{TrueColor: "#12272e", ANSI256: "#12272e"}).Foreground(lipgloss.CompleteColor{TrueColor: "#f78787", ANSI256: "#f78787", ANSI: "9"})
}
