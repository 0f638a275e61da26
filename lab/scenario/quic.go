package scenario

func quicScenarios() []Scenario { return nil }
