package role

import (
	"context"
	"encoding/json"
	"fmt"
	"strings"
	"time"

	amqp "github.com/rabbitmq/amqp091-go"

	"github.com/wiresight/wiresight/lab/truth"
)

// AMQPClients declares an exchange with two queues, publishes with confirms,
// consumes, acknowledges and rejects, and asks a worker for replies.
type AMQPClients struct {
	Broker string // address and port
	RPC    bool
}

type amqpClient struct {
	*amqp.Channel
	conn  *amqp.Connection
	truth truth.Messaging
}

func newAMQPClient(broker, name string) (*amqpClient, error) {
	var d dialed
	properties := amqp.NewConnectionProperties()
	properties.SetClientConnectionName(name)
	conn, err := amqp.DialConfig("amqp://guest:guest@"+broker+"/", amqp.Config{Properties: properties, Dial: d.Dial, Heartbeat: 30 * time.Second})
	if err != nil {
		return nil, err
	}
	ch, err := conn.Channel()
	if err != nil {
		return nil, err
	}
	return &amqpClient{ch, conn, truth.Messaging{Protocol: "amqp", Client: name, Connection: d.last()}}, nil
}

func (c *amqpClient) did(name, status string) {
	c.truth.Commands = append(c.truth.Commands, truth.Command{Name: name, Status: status})
}

func speakAMQP(settings []byte) error {
	var s AMQPClients
	if err := json.Unmarshal(settings, &s); err != nil {
		return err
	}
	publisher, err := newAMQPClient(s.Broker, "publisher")
	if err != nil {
		return err
	}
	consumer, err := newAMQPClient(s.Broker, "consumer")
	if err != nil {
		return err
	}
	if s.RPC {
		err = amqpCalls(publisher, consumer)
	} else {
		err = amqpFanOut(publisher, consumer)
	}
	if err != nil {
		return err
	}
	for _, c := range []*amqpClient{publisher, consumer} {
		if err := c.conn.Close(); err != nil {
			return err
		}
	}
	return report([]truth.Messaging{publisher.truth, consumer.truth})
}

// amqpFanOut publishes five messages to a topic exchange that copies them to
// two queues; the first consumer acknowledges all, the second rejects one.
func amqpFanOut(p, c *amqpClient) error {
	ctx, cancel := context.WithTimeout(context.Background(), 20*time.Second)
	defer cancel()
	if err := p.ExchangeDeclare("orders", "topic", false, true, false, false, nil); err != nil {
		return err
	}
	p.did("exchange.declare orders", "declare-ok")
	var deliveries []<-chan amqp.Delivery
	for _, q := range []string{"billing", "shipping"} {
		if _, err := c.QueueDeclare(q, false, true, false, false, nil); err != nil {
			return err
		}
		c.did("queue.declare "+q, "declare-ok")
		if err := c.QueueBind(q, "eu.#", "orders", false, nil); err != nil {
			return err
		}
		c.did("queue.bind "+q, "bind-ok")
		d, err := c.Consume(q, q+"-tag", false, false, false, false, nil)
		if err != nil {
			return err
		}
		c.did("basic.consume "+q, "consume-ok")
		deliveries = append(deliveries, d)
	}
	if err := p.Confirm(false); err != nil {
		return err
	}
	p.did("confirm.select", "select-ok")
	for i := range 5 {
		key := fmt.Sprintf("eu.%d", i)
		body := []byte(strings.Repeat("o", 100+i))
		confirm, err := p.PublishWithDeferredConfirmWithContext(ctx, "orders", key, false, false, amqp.Publishing{ContentType: "text/plain", Body: body})
		if err != nil {
			return err
		}
		p.truth.Sent = append(p.truth.Sent, truth.Message{Name: "orders/" + key, Bytes: len(body)})
		if ok, err := confirm.WaitContext(ctx); err != nil || !ok {
			return fmt.Errorf("not confirmed: %v", err)
		}
		p.did("basic.publish orders/"+key, "ack")
		for k, d := range deliveries {
			m := <-d
			c.truth.Received = append(c.truth.Received, truth.Message{Name: m.Exchange + "/" + m.RoutingKey, Bytes: len(m.Body)})
			if k == 1 && i == 2 {
				err = m.Reject(false)
			} else {
				err = m.Ack(false)
			}
			if err != nil {
				return err
			}
		}
	}
	if _, err := p.QueueDeclarePassive("missing", false, false, false, false, nil); err == nil {
		return fmt.Errorf("a queue that should be missing is there")
	}
	return nil
}

// amqpCalls asks for three replies over reply-to and correlation-id.
func amqpCalls(p, w *amqpClient) error {
	ctx, cancel := context.WithTimeout(context.Background(), 20*time.Second)
	defer cancel()
	if _, err := w.QueueDeclare("double", false, true, false, false, nil); err != nil {
		return err
	}
	work, err := w.Consume("double", "worker", true, false, false, false, nil)
	if err != nil {
		return err
	}
	answers, err := p.QueueDeclare("answers", false, true, true, false, nil)
	if err != nil {
		return err
	}
	replies, err := p.Consume(answers.Name, "asker", true, false, false, false, nil)
	if err != nil {
		return err
	}
	for i := range 3 {
		id := fmt.Sprintf("call-%d", i)
		if err := p.PublishWithContext(ctx, "", "double", false, false, amqp.Publishing{ReplyTo: answers.Name, CorrelationId: id, Body: []byte("21")}); err != nil {
			return err
		}
		p.truth.Sent = append(p.truth.Sent, truth.Message{Name: "double", Bytes: 2})
		m := <-work
		w.truth.Received = append(w.truth.Received, truth.Message{Name: m.RoutingKey, Bytes: len(m.Body)})
		time.Sleep(20 * time.Millisecond) // the work
		if err := w.PublishWithContext(ctx, "", m.ReplyTo, false, false, amqp.Publishing{CorrelationId: m.CorrelationId, Body: []byte("42!")}); err != nil {
			return err
		}
		w.truth.Sent = append(w.truth.Sent, truth.Message{Name: m.ReplyTo, Bytes: 3})
		r := <-replies
		p.truth.Received = append(p.truth.Received, truth.Message{Name: r.RoutingKey, Bytes: len(r.Body)})
		p.truth.Asked = append(p.truth.Asked, truth.Question{Name: "rpc double", Replied: r.CorrelationId == id})
		w.truth.Asked = append(w.truth.Asked, truth.Question{Name: "rpc double", Replied: true})
	}
	return nil
}
