package tui

import (
	"testing"

	"github.com/wiresight/wiresight/tui/page/conversation"
)

func TestASessionGoesOnWhereItWasLeft(t *testing.T) {
	u := start(t, newFake(12), 100, 30)
	if at := u.app.position(); at != (Position{}) {
		t.Errorf("nobody moved, and it was left at %+v", at)
	}
	u.press("down down down enter 3")
	at := u.app.position()
	if at != (Position{Conversation: 4, Tab: "waterfall"}) {
		t.Errorf("left at %+v", at)
	}
	again := start(t, newFake(12), 100, 30)
	again.do(again.app.resume(at))
	again.on((*conversation.Page)(nil))
	again.press("esc")
	again.tick()
	if at := again.app.position(); at.Conversation != 4 || at.Tab != "" {
		t.Errorf("then at %+v", at)
	}
}

// A conversation that is not there any more is no harm.
func TestAPositionBeyondTheCaptureIsNoHarm(t *testing.T) {
	u := start(t, newFake(3), 80, 24)
	u.do(u.app.resume(Position{Conversation: 99, Tab: "ladder"}))
	u.tick()
	u.fits("beyond")
	u.press("esc down enter")
	u.fits("one that is there")
}
