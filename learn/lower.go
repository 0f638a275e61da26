package learn

import "github.com/wiresight/wiresight/decode/layer"

// lower holds the texts of the protocols that the packet walk reads.
var lower = []struct {
	name    layer.Protocol
	title   string
	about   string
	sources []string
}{
	{layer.Ethernet, "Ethernet", "Ethernet carries frames between stations on the same network. A frame names its destination and source by 48-bit hardware (MAC) addresses, then the protocol inside. Switches read the addresses and pass the frame on to the right port; a router takes the frame off and puts another one on.", []string{"IEEE 802.3"}},
	{layer.LinuxCooked, "Linux cooked capture", "Not a protocol of the wire: Linux writes this header where a capture covers several interfaces, or one without a link layer. It tells whether the packet was received or sent, and what is inside.", []string{"LINKTYPE_LINUX_SLL and SLL2, tcpdump.org"}},
	{layer.Loopback, "Loopback", "Packets that a host sends to itself. There is no link layer: four bytes tell only the family of the addresses inside. Delays on it are those of the host, not of a network.", []string{"LINKTYPE_NULL, tcpdump.org"}},
	{layer.LLC, "LLC", "Logical Link Control tells what an IEEE 802 frame carries where its header has no room for that.", []string{"IEEE 802.2"}},
	{layer.VLAN, "VLAN tag", "Four bytes inside an Ethernet frame that say to which virtual network it belongs, so that several can share one cable without seeing each other.", []string{"IEEE 802.1Q"}},
	{layer.MPLS, "MPLS", "Multiprotocol Label Switching puts short labels before a packet. Routers of a provider's network forward by the label alone, along a path that was laid before.", []string{"RFC 3031", "RFC 3032"}},
	{layer.PPP, "PPP", "The Point-to-Point Protocol frames packets on a line between two ends and agrees on its parameters.", []string{"RFC 1661"}},
	{layer.PPPoE, "PPPoE", "PPP over Ethernet makes a session between a subscriber and an access concentrator, so that a provider can log in and account for it.", []string{"RFC 2516"}},
	{layer.ARP, "ARP", "The Address Resolution Protocol asks everybody on the link who has an IPv4 address, and gets the hardware address to send frames to. Without an answer nothing can be sent to that host.", []string{"RFC 826"}},
	{layer.IPv4, "IPv4", "The Internet Protocol brings packets from host to host by their 32-bit addresses, over any links. It promises nothing: packets may be lost, doubled or overtake each other. Each router takes one off the time to live, so that none circles for ever.", []string{"RFC 791"}},
	{layer.IPv6, "IPv6", "The Internet Protocol with 128-bit addresses. Routers no longer fragment; the sender finds out how large packets may be. Options stand in extension headers between this one and the transport.", []string{"RFC 8200"}},
	{layer.ICMP, "ICMP", "The Internet Control Message Protocol reports what went wrong with packets (nobody there, too large, time to live used up) and answers ping. An error quotes the beginning of the packet that it is about.", []string{"RFC 792"}},
	{layer.ICMPv6, "ICMPv6", "ICMP for IPv6. It also finds neighbours' hardware addresses and routers, which ARP and DHCP do for IPv4: a network that drops it does not work.", []string{"RFC 4443", "RFC 4861"}},
	{layer.IGMP, "IGMP", "The Internet Group Management Protocol tells routers which multicast groups a host wants to receive.", []string{"RFC 3376"}},
	{layer.GRE, "GRE", "Generic Routing Encapsulation wraps packets of one network to carry them through another: a simple tunnel without encryption.", []string{"RFC 2784"}},
	{layer.VXLAN, "VXLAN", "Virtual eXtensible LAN carries Ethernet frames in UDP, so that a virtual network can span data centres.", []string{"RFC 7348"}},
	{layer.Geneve, "Geneve", "Generic Network Virtualization Encapsulation carries frames in UDP with options that can be extended.", []string{"RFC 8926"}},
	{layer.TCP, "TCP", "The Transmission Control Protocol gives two programs a stream of bytes, complete and in order, over a network that promises neither. A handshake of three packets begins it. Each byte has a sequence number; the receiver acknowledges what it got and tells how much room it has; what is not acknowledged in time is sent again. How much may be on the way at once is limited by the receiver's window and by the sender's guess of what the network bears.", []string{"RFC 9293", "RFC 5681"}},
	{layer.UDP, "UDP", "The User Datagram Protocol sends single messages from program to program, with ports and a checksum and nothing else: no connection, no order, no repetition. What needs those brings its own, as QUIC does.", []string{"RFC 768"}},
	{layer.SCTP, "SCTP", "The Stream Control Transmission Protocol carries messages in several independent streams over one association, and can use several addresses at once.", []string{"RFC 9260"}},
}

// steps are the parts of a conversation's beginning that are no protocols.
var steps = []Page{
	{ID: "proxy", Title: "Asking a proxy", Kind: Step, About: "The client first asks a proxy with CONNECT to open a connection in its name. Until the proxy answers nothing can be sent to the server."},
	{ID: "request", Title: "Sending the request", Kind: Step, About: "From the first to the last byte of the request. A request of one packet takes no time here; a large one takes as long as the window and the way allow."},
	{ID: "server", Title: "The server works", Kind: Step, About: "From the last byte of the request to the first byte of the answer, less the way between the capture point and the server where it is known. What remains is what the server, or something behind it, thought."},
	{ID: "network", Title: "On the way", Kind: Step, About: "The time that packets need between the capture point and the end that is waited for, and back. Only a shorter way, or fewer round trips, makes it less."},
	{ID: "retransmission", Title: "Waiting for a timer", Kind: Step, About: "Something was lost, and its sender waits until a timer runs out before it sends it again. Nothing moves meanwhile: it is neither the server's time nor the way's. Less loss makes it less."},
	{ID: "waited", Title: "Behind another answer", Kind: Step, About: "A request stands behind the answers to earlier ones on the same connection: head-of-line blocking. Several connections, or a protocol with streams, such as HTTP/2, avoid it."},
	{ID: "idle", Title: "Nobody waits", Kind: Step, About: "Nothing is asked and nothing is under way: the client has not sent its next request yet. It thinks, renders, sleeps or waits for its user."},
	{ID: "unexplained", Title: "Not explained", Kind: Step, About: "Time that can be assigned to nobody from what was captured, such as between encrypted records whose meaning is not known."},
	{ID: "transfer", Title: "The answer arrives", Kind: Step, About: "From the first to the last byte of the answer. A long transfer with a fast server points to bandwidth, window or loss."},
}
