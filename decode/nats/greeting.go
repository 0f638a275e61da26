package nats

import (
	"encoding/json"

	"github.com/wiresight/wiresight/decode/flow"
	"github.com/wiresight/wiresight/decode/layer"
)

// info notes what a server tells of itself.
func (d *dissector) info(b []byte) {
	var i struct {
		Name      string `json:"server_name"`
		Version   string `json:"version"`
		Cluster   string `json:"cluster"`
		Headers   bool   `json:"headers"`
		JetStream bool   `json:"jetstream"`
		Required  bool   `json:"tls_required"`
		Available bool   `json:"tls_available"`
		Auth      bool   `json:"auth_required"`
		Nonce     string `json:"nonce"`
	}
	if json.Unmarshal(b, &i) != nil {
		return
	}
	d.mayTLS = i.Required || i.Available
	for _, f := range []flow.Fact{{Key: "server-name", Value: i.Name}, {Key: "version", Value: i.Version}, {Key: "cluster", Value: i.Cluster}} {
		if f.Value != "" {
			d.fact(f.Key, layer.Clip([]byte(f.Value), maxText))
		}
	}
	for _, f := range []struct {
		key string
		set bool
	}{{"headers", i.Headers}, {"jetstream", i.JetStream}, {"tls-required", i.Required}, {"auth-required", i.Auth}} {
		if f.set {
			d.fact(f.key, "true")
		}
	}
}

// connect notes what a client tells of itself; of credentials, that they are
// there.
func (d *dissector) connect(b []byte) {
	var c struct {
		Name      string `json:"name"`
		Lang      string `json:"lang"`
		Version   string `json:"version"`
		User      string `json:"user"`
		Pass      string `json:"pass"`
		Token     string `json:"auth_token"`
		JWT       string `json:"jwt"`
		Signature string `json:"sig"`
		Verbose   bool   `json:"verbose"`
	}
	if json.Unmarshal(b, &c) != nil {
		return
	}
	for _, f := range []flow.Fact{{Key: "name", Value: c.Name}, {Key: "lang", Value: c.Lang}, {Key: "version", Value: c.Version}, {Key: "user", Value: c.User}} {
		if f.Value != "" {
			d.fact(f.Key, layer.Clip([]byte(f.Value), maxText))
		}
	}
	for _, f := range []flow.Fact{{Key: "password", Value: c.Pass}, {Key: "token", Value: c.Token}, {Key: "jwt", Value: c.JWT}, {Key: "signature", Value: c.Signature}} {
		if f.Value != "" {
			d.fact(f.Key, "given")
		}
	}
	if c.Verbose {
		d.fact("verbose", "true")
	}
}
