package scenario

func dnsScenarios() []Scenario { return nil }
