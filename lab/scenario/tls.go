package scenario

func tlsScenarios() []Scenario { return nil }
