package truth

// Messaging is a connection to a broker or a database as the program on it saw
// it.
type Messaging struct {
	Connection string     `json:"connection"`         // the client's address and port
	Protocol   string     `json:"protocol"`           // mqtt, amqp, kafka, redis, nats, memcached, postgresql, mysql
	Client     string     `json:"client,omitempty"`   // its name, where it has one
	Sent       []Message  `json:"sent,omitempty"`     // published
	Received   []Message  `json:"received,omitempty"` // delivered to it
	Commands   []Command  `json:"commands,omitempty"` // asked and answered
	Asked      []Question `json:"asked,omitempty"`    // requests whose replies came as messages
}

// Message is what was published or delivered.
type Message struct {
	Name   string `json:"name"` // topic, subject, channel; exchange/routing-key; of Kafka the topic
	Bytes  int    `json:"bytes"`
	QoS    int    `json:"qos,omitempty"`
	Retain bool   `json:"retain,omitempty"`
	Count  int    `json:"count,omitempty"` // Kafka: records of this topic, with Bytes 0
}

// Command is what a client asked a server, and what its library made of the
// answer.
type Command struct {
	Name   string `json:"name"`             // as the report names the exchange
	Status string `json:"status,omitempty"` // "OK", "NOT_FOUND", an error's code; "" where the library does not tell
	Rows   int    `json:"rows,omitempty"`
}

// Question is a message that asked for a reply, and its correlation.
type Question struct {
	Name    string `json:"name"`
	Replied bool   `json:"replied"`
}
