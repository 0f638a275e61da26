package decode

import (
	"github.com/wiresight/wiresight/decode/amqp"
	"github.com/wiresight/wiresight/decode/dissect"
	"github.com/wiresight/wiresight/decode/dns"
	"github.com/wiresight/wiresight/decode/dtls"
	"github.com/wiresight/wiresight/decode/grpc"
	"github.com/wiresight/wiresight/decode/header"
	"github.com/wiresight/wiresight/decode/http1"
	"github.com/wiresight/wiresight/decode/http2"
	"github.com/wiresight/wiresight/decode/http3"
	"github.com/wiresight/wiresight/decode/kafka"
	"github.com/wiresight/wiresight/decode/layer"
	"github.com/wiresight/wiresight/decode/memcached"
	"github.com/wiresight/wiresight/decode/mqtt"
	"github.com/wiresight/wiresight/decode/mysql"
	"github.com/wiresight/wiresight/decode/named"
	"github.com/wiresight/wiresight/decode/nats"
	"github.com/wiresight/wiresight/decode/postgresql"
	"github.com/wiresight/wiresight/decode/quic"
	"github.com/wiresight/wiresight/decode/redis"
	"github.com/wiresight/wiresight/decode/rtp"
	"github.com/wiresight/wiresight/decode/sctp"
	"github.com/wiresight/wiresight/decode/sdp"
	"github.com/wiresight/wiresight/decode/sip"
	"github.com/wiresight/wiresight/decode/sse"
	"github.com/wiresight/wiresight/decode/stun"
	"github.com/wiresight/wiresight/decode/tls"
	"github.com/wiresight/wiresight/decode/websocket"
)

// Protocols is the one list of protocols above the transport. Probes are asked
// in this order.
func Protocols() []dissect.Protocol {
	return append([]dissect.Protocol{
		tls.Protocol(),
		http1.Protocol(),
		http2.Protocol(),
		grpc.Protocol(),
		websocket.Protocol(),
		sse.Protocol(),
		quic.Protocol(),
		stun.Protocol(),
		dtls.Protocol(),
		sctp.Protocol(),
		sctp.ChannelProtocol(),
		rtp.ControlProtocol(),
		rtp.Protocol(),
		sip.Protocol(),
		sdp.Protocol(),
		http3.Protocol(),
		http3.WebTransport(),
		dns.Protocol(),
		dns.MDNS(),
		mqtt.Protocol(),
		redis.Protocol(),
		postgresql.Protocol(),
		mysql.Protocol(),
		kafka.Protocol(),
		amqp.Protocol(),
		nats.Protocol(),
		memcached.Protocol(),
	}, named.Protocols()...)
}

// osiOf returns a protocol's OSI layer, 2 to 7; 7 for one that is not
// registered.
func osiOf(p layer.Protocol, registry []dissect.Protocol) int {
	if n := header.OSI(p); n != 0 {
		return n
	}
	for i := range registry {
		if registry[i].Name == p {
			return registry[i].OSI
		}
	}
	return 7
}
