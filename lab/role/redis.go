package role

import (
	"context"
	"encoding/json"
	"fmt"
	"net"
	"strings"
	"time"

	"github.com/redis/go-redis/v9"
	"github.com/redis/go-redis/v9/maintnotifications"

	"github.com/wiresight/wiresight/lab/truth"
)

// RedisClients speaks RESP2 or RESP3 with go-redis: single commands, a
// pipeline, a transaction, an error, and a message to two subscribers.
type RedisClients struct {
	Server   string
	RESP     int
	Password string
}

// redisConnection is one client with one connection that notes its commands.
type redisConnection struct {
	*redis.Client
	truth truth.Messaging
	d     dialed
}

// noting is a go-redis hook: it sees each command with its result.
type noting struct{ c *redisConnection }

func (n noting) DialHook(next redis.DialHook) redis.DialHook { return next }

func (n noting) ProcessHook(next redis.ProcessHook) redis.ProcessHook {
	return func(ctx context.Context, cmd redis.Cmder) error {
		err := next(ctx, cmd)
		n.add(cmd, err)
		return err
	}
}

func (n noting) ProcessPipelineHook(next redis.ProcessPipelineHook) redis.ProcessPipelineHook {
	return func(ctx context.Context, all []redis.Cmder) error {
		err := next(ctx, all)
		for _, cmd := range all {
			n.add(cmd, cmd.Err())
		}
		return err
	}
}

// add notes a command. What go-redis sends of itself when it connects is not
// noted.
func (n noting) add(cmd redis.Cmder, err error) {
	if name := cmd.Name(); name == "hello" || name == "client" {
		return
	}
	c := truth.Command{Name: strings.ToUpper(cmd.FullName())}
	switch s, ok := cmd.(*redis.StatusCmd); {
	case err == redis.Nil:
		c.Status = "nil"
	case err != nil:
		c.Status = err.Error()
	case ok:
		c.Status = s.Val()
	}
	n.c.truth.Commands = append(n.c.truth.Commands, c)
}

func (s *RedisClients) connect(name string) *redisConnection {
	c := &redisConnection{truth: truth.Messaging{Protocol: "redis", Client: name}}
	c.Client = redis.NewClient(&redis.Options{
		Addr: s.Server, Protocol: s.RESP, Password: s.Password, PoolSize: 1, DisableIdentity: true, MaxRetries: -1,
		MaintNotificationsConfig: &maintnotifications.Config{Mode: maintnotifications.ModeDisabled},
		Dialer: func(ctx context.Context, network, address string) (net.Conn, error) {
			return c.d.dial(ctx, network, address)
		},
	})
	c.AddHook(noting{c})
	return c
}

func speakRedis(settings []byte) error {
	var s RedisClients
	if err := json.Unmarshal(settings, &s); err != nil {
		return err
	}
	ctx, cancel := context.WithTimeout(context.Background(), 20*time.Second)
	defer cancel()
	c := s.connect("worker")
	if err := s.work(ctx, c); err != nil {
		return err
	}
	c.truth.Connection = strings.Join(c.d.conns, " ")
	out := []truth.Messaging{c.truth}
	subscribers, err := s.fanOut(ctx)
	if err != nil {
		return err
	}
	c.Close()
	return report(append(out, subscribers...))
}

func (s *RedisClients) work(ctx context.Context, c *redisConnection) error {
	if err := c.Set(ctx, "greeting", "hello", 0).Err(); err != nil {
		return err
	}
	if err := c.Get(ctx, "greeting").Err(); err != nil {
		return err
	}
	if err := c.Get(ctx, "nothing").Err(); err != redis.Nil {
		return fmt.Errorf("what is not there: %v", err)
	}
	if err := c.HSet(ctx, "user:1", "name", "ann", "age", 42).Err(); err != nil {
		return err
	}
	if err := c.HGetAll(ctx, "user:1").Err(); err != nil {
		return err
	}
	if err := c.LPush(ctx, "greeting", "x").Err(); err == nil {
		return fmt.Errorf("a list command on a text was answered")
	}
	if _, err := c.Pipelined(ctx, func(p redis.Pipeliner) error {
		for i := range 6 {
			p.Incr(ctx, fmt.Sprint("counter:", i%2))
		}
		return nil
	}); err != nil {
		return err
	}
	_, err := c.TxPipelined(ctx, func(p redis.Pipeliner) error {
		p.Set(ctx, "a", strings.Repeat("x", 3000), 0)
		p.Get(ctx, "a")
		return nil
	})
	// What the hook saw of the transaction are the results; on the wire MULTI, two
	// commands that are queued, and EXEC.
	n := len(c.truth.Commands)
	c.truth.Commands = append(c.truth.Commands[:n-4:n-4], truth.Command{Name: "MULTI", Status: "OK"}, truth.Command{Name: "SET", Status: "QUEUED"},
		truth.Command{Name: "GET", Status: "QUEUED"}, truth.Command{Name: "EXEC"})
	return err
}

func (s *RedisClients) fanOut(ctx context.Context) (out []truth.Messaging, err error) {
	var subs []*redisConnection
	var channels []<-chan *redis.Message
	for i := range 2 {
		c := s.connect(fmt.Sprint("subscriber-", i+1))
		subscribe := c.Subscribe
		channel := "news"
		if i == 1 {
			subscribe, channel = c.PSubscribe, "n*"
		}
		p := subscribe(ctx, channel)
		if _, err := p.Receive(ctx); err != nil {
			return nil, err
		}
		c.truth.Connection = c.d.last()
		subs, channels = append(subs, c), append(channels, p.Channel())
	}
	publisher := s.connect("publisher")
	for i := range 3 {
		text := strings.Repeat("n", 20+i)
		if err := publisher.Publish(ctx, "news", text).Err(); err != nil {
			return nil, err
		}
		publisher.truth.Sent = append(publisher.truth.Sent, truth.Message{Name: "news", Bytes: len(text)})
		for k, ch := range channels {
			m := <-ch
			subs[k].truth.Received = append(subs[k].truth.Received, truth.Message{Name: m.Channel, Bytes: len(m.Payload)})
		}
	}
	publisher.truth.Connection = publisher.d.last()
	for _, c := range append(subs, publisher) {
		c.Close()
		out = append(out, c.truth)
	}
	return out, nil
}
