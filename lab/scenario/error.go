package scenario

func errorScenarios() []Scenario { return nil }
