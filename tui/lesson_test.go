package tui

import (
	"testing"
	"time"

	tea "github.com/charmbracelet/bubbletea"

	"github.com/wiresight/wiresight"
	"github.com/wiresight/wiresight/tui/page/picker"
	"github.com/wiresight/wiresight/tui/page/present"
)

// Every lesson can be gone through from the first step to the last, and each
// step is on the screen with its packet's arrow.
func TestEveryLessonIsPresented(t *testing.T) {
	for _, l := range wiresight.Lessons() {
		t.Run(l.Name, func(t *testing.T) {
			u := startLesson(t, l.Name, 100, 34)
			u.on((*present.Page)(nil))
			for i, step := range l.Steps {
				if i > 0 {
					u.press("right")
				}
				u.fits(step.Title)
				u.sees(step.Title)
				u.seesNot("there is no example")
				u.seesNot("reading the packets")
			}
			u.press("right")
			u.sees(l.Steps[len(l.Steps)-1].Title) // the last one stays
		})
	}
}

func TestAQuizTellsOnlyWhatIsAskedFor(t *testing.T) {
	u := startLesson(t, "why-40-ms", 120, 40)
	u.press("right right z")
	u.sees("Who waits for whom?")
	u.seesNot("64 ms later")
	u.seesNot("nagle-delayed-ack│")
	u.seesNot("43.6 ms lost")
	u.seesNot("0.573366") // what comes later
	u.press("enter")
	u.sees("64 ms later")
	u.sees("43.6 ms lost")
	u.press("right")
	u.seesNot("Now the rest")
	u.press("z")
	u.sees("Now the rest")
}

func TestAReplayGrowsArrowByArrow(t *testing.T) {
	u := startLesson(t, "one-http-request", 100, 40)
	u.press("R R R r")
	u.sees("▶ step")
	u.sees("SYN")
	u.seesNot("SYN, ACK")
	u.press(".")
	u.sees("SYN, ACK")
	u.seesNot("GET / HTTP/1.1")
	u.press(". .")
	u.sees("GET / HTTP/1.1")
	u.press("esc")
	u.sees("200 OK") // all is there again
	u.on((*present.Page)(nil))
	u.press("esc")
	u.on((*picker.Page)(nil))
}

// In real time an arrow comes when it came in the capture; the wait is the
// command's, so that the driver waits it out.
func TestAReplayRunsInRealTime(t *testing.T) {
	u := startLesson(t, "one-http-request", 100, 40)
	begun := time.Now()
	u.press("r")
	if took := time.Since(begun); took < 200*time.Millisecond {
		t.Errorf("a conversation of 228 ms was replayed in %v", took)
	}
	u.sees("39")
	u.seesNot("▶ real")
}

func TestThePickerPresentsLessons(t *testing.T) {
	u := startPicker(t, 80, 24)
	u.press("tab tab")
	u.send(tea.KeyMsg{Type: tea.KeyEnter})
	u.on((*present.Page)(nil))
	u.sees("The client knocks")
}
