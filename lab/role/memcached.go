package role

import (
	"encoding/json"
	"fmt"
	"strings"

	"github.com/bradfitz/gomemcache/memcache"

	"github.com/wiresight/wiresight/lab/truth"
)

// MemcachedClient sets, gets, counts and deletes with gomemcache.
type MemcachedClient struct{ Server string }

func speakMemcached(settings []byte) error {
	var s MemcachedClient
	if err := json.Unmarshal(settings, &s); err != nil {
		return err
	}
	var d dialed
	c := memcache.New(s.Server)
	c.MaxIdleConns = 1
	c.DialContext = d.dial
	t := truth.Messaging{Protocol: "memcached"}
	did := func(name, status string) { t.Commands = append(t.Commands, truth.Command{Name: name, Status: status}) }
	if err := c.Set(&memcache.Item{Key: "greeting", Value: []byte("hello")}); err != nil {
		return err
	}
	did("set", "STORED")
	if err := c.Set(&memcache.Item{Key: "large", Value: []byte(strings.Repeat("x", 5000))}); err != nil {
		return err
	}
	did("set", "STORED")
	for _, key := range []string{"greeting", "large"} {
		if _, err := c.Get(key); err != nil {
			return err
		}
		did("gets", "END")
	}
	if _, err := c.Get("nothing"); err != memcache.ErrCacheMiss {
		return fmt.Errorf("what is not there: %v", err)
	}
	did("gets", "END")
	if got, err := c.GetMulti([]string{"greeting", "nothing", "large"}); err != nil || len(got) != 2 {
		return fmt.Errorf("%d values: %v", len(got), err)
	}
	did("gets", "END")
	if err := c.Set(&memcache.Item{Key: "n", Value: []byte("7")}); err != nil {
		return err
	}
	did("set", "STORED")
	if _, err := c.Increment("n", 1); err != nil {
		return err
	}
	did("incr", "")
	if err := c.Delete("n"); err != nil {
		return err
	}
	did("delete", "DELETED")
	if err := c.Delete("n"); err != memcache.ErrCacheMiss {
		return fmt.Errorf("what is not there: %v", err)
	}
	did("delete", "NOT_FOUND")
	t.Connection = d.last()
	return report([]truth.Messaging{t})
}
