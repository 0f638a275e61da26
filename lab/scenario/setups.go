package scenario

// setUpScenarios are ways to set up that the others do not show.
func setUpScenarios() []Scenario { return nil }
