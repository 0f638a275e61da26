package help

var columns = []paragraph{
	{heading: "Columns of the conversations"},
	{key: "start", text: "seconds from the capture's first packet to the conversation's first"},
	{key: "client", text: "who began: sent the SYN or the first request; guessed from the ports where the beginning was not captured"},
	{key: "server", text: "the other end; its name where SNI, Host or DNS in the capture gave one"},
	{key: "stack", text: "what is spoken, from the transport up"},
	{key: "bytes", text: "bytes on the wire in both directions, link layer included"},
	{key: "duration", text: "from the first to the last packet"},
	{key: "set-up", text: "from the first packet until the first request could leave"},
	{key: "RTT", text: "a round trip between client and server"},
	{key: "what goes on", text: "the worst finding, and the patterns as ‹badges›. ‼ problem, ! warning, • notice, · information"},
	{},
	{heading: "Colours and signs"},
	{key: "> <", text: "what the client sent, what the server sent; each has its colour"},
	{key: "▶", text: "a packet that proves what was selected"},
	{key: "L2 … L7", text: "the OSI layer"},
	{text: "Set NO_COLOR to do without colours: bold, reverse and these signs tell the same."},
	{},
	{heading: "Display filters"},
	{text: "A protocol's name (http, tls, dns), a field compared with a value (ip.addr == 10.0.0.1, tcp.port == 443), joined with &&, ||, ! and brackets. Field names are Wireshark's."},
}
