package tui

import "testing"

func TestPacketsAreFilteredInTheBackgroundAndTheCursorStaysNear(t *testing.T) {
	u := start(t, newFake(12), 100, 24)
	u.press("p 5 1 G")
	u.selects("51 ")
	u.press("/")
	u.typed("odd")
	u.press("enter")
	u.sees("60 of 120")
	u.selects("51 ")
	u.press("down")
	u.selects("53 ")
	u.press("esc down")
	u.selects("54 ")
}

func TestTheScopeOfTheListIsOneConversationOrAll(t *testing.T) {
	u := start(t, newFake(12), 100, 30)
	u.press("p 1 5 G c g")
	u.selects("11 ")
	u.press("G")
	u.selects("20 ")
	u.press("c G")
	u.selects("120 ")
}

func TestASelectedFieldLightsItsBytes(t *testing.T) {
	u := start(t, newFake(2), 120, 40)
	u.press("p tab down right down down right down")
	u.selects("tcp.flags.ack: 1")
	u.press("left")
	u.selects("▾ tcp.flags")
	u.press("left left")
	u.selects("▾ L4 tcp")
}
