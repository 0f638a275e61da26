package timing

import "github.com/wiresight/wiresight/classify/claim"

// Ways teaches the ways to set up a conversation.
func Ways() []claim.Lesson {
	return []claim.Lesson{
		{ID: "tcp", Title: "TCP", About: "The three-way handshake: one round trip before the first byte can leave.",
			Is: "SYN, SYN-ACK, ACK.", Sources: []string{"RFC 9293 section 3.5"}},
		{ID: "tfo", Title: "TCP Fast Open", About: "A cookie from an earlier connection lets the SYN itself carry data: no round trip of its own.",
			Is: "A SYN with data, and a SYN-ACK that acknowledges it.", Sources: []string{"RFC 7413"}},
		{ID: "tcp+tls1.0", Title: "TCP and TLS 1.0", About: "Two round trips for TLS, as with TLS 1.2. The version is deprecated: it must not be negotiated any more.",
			Is: "Version 3.1 in the ServerHello.", Sources: []string{"RFC 2246 section 7.3", "RFC 8996"}},
		{ID: "tcp+tls1.0-resumed", Title: "TLS 1.0 resumed", About: "A session id or ticket from an earlier connection stands for certificate and key exchange: one round trip for TLS.",
			Is: "No Certificate; the server's Finished follows its hello.", Sources: []string{"RFC 2246 section 7.3", "RFC 5077"}},
		{ID: "tcp+tls1.1", Title: "TCP and TLS 1.1", About: "Two round trips for TLS, as with TLS 1.2. The version is deprecated: it must not be negotiated any more.",
			Is: "Version 3.2 in the ServerHello.", Sources: []string{"RFC 4346 section 7.3", "RFC 8996"}},
		{ID: "tcp+tls1.1-resumed", Title: "TLS 1.1 resumed", About: "A session id or ticket from an earlier connection stands for certificate and key exchange: one round trip for TLS.",
			Is: "No Certificate; the server's Finished follows its hello.", Sources: []string{"RFC 4346 section 7.3", "RFC 5077"}},
		{ID: "tcp+tls1.2", Title: "TCP and TLS 1.2", About: "One round trip for TCP and two for TLS: hellos and certificate, then keys and Finished.",
			Is: "ServerHello without supported_versions, and a Certificate.", IsNot: "Resumption, which needs one round trip less.", Sources: []string{"RFC 5246 section 7.3"}},
		{ID: "tcp+tls1.2-resumed", Title: "TLS 1.2 resumed", About: "A session id or ticket from an earlier connection stands for certificate and key exchange: one round trip for TLS.",
			Is: "No Certificate; the server's Finished follows its hello.", Sources: []string{"RFC 5246 section 7.3", "RFC 5077"}},
		{ID: "tcp+tls1.3", Title: "TCP and TLS 1.3", About: "The client guesses the key share, so that TLS takes one round trip.",
			Is: "supported_versions in the ServerHello.", Sources: []string{"RFC 8446 section 2"}},
		{ID: "tcp+tls1.3-hrr", Title: "TLS 1.3 with HelloRetryRequest", About: "The guessed key share did not fit: one round trip more.",
			Is: "A ServerHello with the fixed random value of a HelloRetryRequest.", Sources: []string{"RFC 8446 section 4.1.4"}},
		{ID: "tcp+tls1.3-psk", Title: "TLS 1.3 resumed", About: "A ticket from an earlier connection stands for the certificate. It saves computing and bytes, not a round trip.",
			Is: "pre_shared_key in the ServerHello.", Sources: []string{"RFC 8446 section 2.2"}},
		{ID: "tcp+tls1.3-0rtt", Title: "TLS 1.3 with early data", About: "A resumed client sends its request with the ClientHello. It can be replayed by an attacker, so that only safe requests belong there.",
			Is: "early_data offered, and application records before the server's answer; accepted if they are not repeated.", Sources: []string{"RFC 8446 section 2.3"}},
		{ID: "quic", Title: "QUIC", About: "Transport and TLS 1.3 shake hands together in one round trip.",
			Is: "Initial packets both ways.", Sources: []string{"RFC 9000 section 7", "RFC 9001"}},
		{ID: "quic-retry", Title: "QUIC with Retry", About: "The server first makes the client prove its address: one round trip more.",
			Is: "A Retry packet.", Sources: []string{"RFC 9000 section 8.1.2"}},
		{ID: "quic-0rtt", Title: "QUIC with 0-RTT", About: "A client that knows the server sends data at once. Whether the server took it cannot be seen without keys.",
			Is: "0-RTT long headers from the client.", Sources: []string{"RFC 9001 section 4.6"}},
		{ID: "quic-version-negotiation", Title: "QUIC with version negotiation", About: "The server does not speak the version that the client began with: one round trip more.",
			Is: "A Version Negotiation packet.", Sources: []string{"RFC 9000 section 6"}},
		{ID: "udp", Title: "UDP", About: "No handshake: the first datagram may carry a request.", Is: "Datagrams.", Sources: []string{"RFC 768"}},
	}
}
