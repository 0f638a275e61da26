package tui

import (
	"errors"
	"strings"
	"testing"

	tea "github.com/charmbracelet/bubbletea"

	"github.com/wiresight/wiresight/tui/page/conversation"
	"github.com/wiresight/wiresight/tui/page/conversations"
	"github.com/wiresight/wiresight/tui/page/help"
	"github.com/wiresight/wiresight/tui/page/learn"
	"github.com/wiresight/wiresight/tui/page/notebook"
	"github.com/wiresight/wiresight/tui/page/packets"
)

// row returns the line of the screen that is selected.
func (u *user) row() string {
	u.t.Helper()
	for _, l := range strings.Split(u.screen(), "\n") {
		if before, _, ok := strings.Cut(l, "◀"); ok {
			return before
		}
	}
	u.t.Errorf("nothing is selected:\n%s", u.screen())
	return ""
}

// selects fails where the selected line does not begin with a text.
func (u *user) selects(text string) {
	u.t.Helper()
	if got := strings.TrimSpace(u.row()); !strings.HasPrefix(got, text) {
		u.t.Errorf("selected is %q, want one that begins with %q", got, text)
	}
}

func TestTheCursorStaysOnItsConversationWhenTheOrderChanges(t *testing.T) {
	u := start(t, newFake(12), 140, 24)
	u.press("down down down down")
	u.selects("5 ")
	u.press("S")
	u.selects("5 ")
	for range 9 { // through all columns
		u.press("s")
		u.selects("5 ")
	}
	u.press("<")
	u.selects("5 ")
}

func TestTheRoomBelowTheTableTellsWhatItsRowsCut(t *testing.T) {
	advice := "Set TCP_NODELAY"
	u := start(t, newFake(12), 80, 24)
	u.seesNot(advice)
	u.press("down")
	u.sees(advice)

	small := start(t, newFake(40), 80, 24) // all lines are rows
	small.press("down")
	small.seesNot(advice)

	large := start(t, newFake(40), 120, 40) // some lines are reserved
	large.press("down")
	large.sees(advice)
	large.press("G")
	large.selects("40 ")
}

func TestTheCursorStaysOnItsConversationWhileOthersArrive(t *testing.T) {
	f := newFake(30)
	u := start(t, f, 100, 24)
	u.press("down down S")
	u.selects("3 ")
	for range 50 {
		f.add()
		u.tick()
		u.selects("3 ")
	}
}

func TestAFilterTellsWhatItLeaves(t *testing.T) {
	u := start(t, newFake(30), 100, 24)
	u.press("/ t c p enter")
	u.sees("of 30, which may pass") // only packets could tell
	u.press("/ ctrl+u z z enter")
	u.seesNot("may pass")
	u.sees("no conversation passes the filter")
}

func TestFollowingShowsTheNewestConversation(t *testing.T) {
	f := newFake(30)
	u := start(t, f, 100, 24)
	u.press("f")
	u.selects("30 ")
	f.add()
	u.tick()
	u.selects("31 ")
	u.press("up")
	f.add()
	u.tick()
	u.selects("30 ")
}

func TestACursorThatNobodyMovedStaysOnTheFirstRow(t *testing.T) {
	f := newFake(12)
	f.model.Conversations[6].Packets[0] = 5000
	u := start(t, f, 80, 24)
	u.press("s s s s")
	u.selects("7 ")
	u.press("S S")
	u.selects("7 ")
}

func TestSortingByPacketsPutsTheLargestFirst(t *testing.T) {
	f := newFake(12)
	f.model.Conversations[6].Packets[0] = 5000
	u := start(t, f, 80, 24)
	u.press("s s s s g")
	u.selects("7 ")
	u.press("S g")
	if strings.HasPrefix(strings.TrimSpace(u.row()), "7 ") {
		t.Error("S did not turn the order round")
	}
}

func TestAFilterNarrowsTheConversationsAndEscClearsIt(t *testing.T) {
	u := start(t, newFake(12), 100, 24)
	u.press("/")
	u.typed("tls")
	u.press("enter")
	u.sees("4 of 12")
	u.seesNot("http1")
	u.press("esc")
	u.sees("http1")
}

func TestAWrongFilterSaysWhyAndChangesNothing(t *testing.T) {
	u := start(t, newFake(12), 100, 24)
	u.press("/")
	u.typed("tls(")
	u.sees("a bracket is not closed")
	u.press("enter")
	u.sees("http1")
	u.press("backspace enter")
	u.seesNot("bracket")
	u.seesNot("http1")
}

func TestKeysAreTextWhileAFilterIsTyped(t *testing.T) {
	u := start(t, newFake(3), 80, 24)
	u.press("/")
	u.typed("q?sS p")
	u.sees("/ q?sS p")
	if u.quit {
		t.Error("q quit")
	}
	u.press("ctrl+c")
	if !u.quit {
		t.Error("ctrl-c did not quit")
	}
}

func TestEvidenceLeadsToItsPacketsAndEscBack(t *testing.T) {
	u := start(t, newFake(12), 100, 40)
	u.press("down enter } } down")
	u.selects("#14  first request")
	u.press("enter")
	u.on(&packets.Page{})
	u.selects("▶14 ")
	u.press("esc")
	u.on(&conversation.Page{})
	u.selects("#14  first request")
	u.press("esc")
	u.on(&conversations.Page{})
	u.selects("2 ")
}

func TestAConversationsPageBeginsOnItsFirstFinding(t *testing.T) {
	u := start(t, newFake(12), 100, 40)
	u.press("down enter")
	u.selects("‼ Nagle's algorithm")
	u.press("esc up enter") // nothing was found in the one before
	u.selects("server ")
}

func TestAnExchangeLeadsToItsPackets(t *testing.T) {
	u := start(t, newFake(12), 100, 24)
	u.press("enter 4 G enter")
	u.selects("▶8 ")
	u.press("]")
	u.selects("▶9 ")
	u.press("[")
	u.selects("▶8 ")
}

func TestKeysThatCameTogetherAllCount(t *testing.T) {
	u := start(t, newFake(12), 100, 24)
	u.send(tea.KeyMsg{Type: tea.KeyRunes, Runes: []rune("jjjk")})
	u.selects("3 ")
	u.send(tea.KeyMsg{Type: tea.KeyRunes, Runes: []rune("jjq"), Paste: true})
	u.selects("3 ")
	if u.quit {
		t.Error("a paste quit")
	}
	u.press("/")
	u.send(tea.KeyMsg{Type: tea.KeyRunes, Runes: []rune("tls\x1b\n"), Paste: true})
	u.sees("/ tls ")
	u.press("esc")
	u.send(tea.KeyMsg{Type: tea.KeyRunes, Runes: []rune("jp51Gj")}) // each for the page that is open by then
	u.on(&packets.Page{})
	u.selects("52 ")
}

func TestTheStreamPageNeverShowsWhatItWasSentAsIs(t *testing.T) {
	f := newFake(2)
	f.hostile = hostile
	u := start(t, f, 100, 24)
	u.press("F")
	u.on(&conversation.Page{})
	u.sees(`\x1b[31mred\x1b[0m`)
	u.fits("stream")
	u.press("enter")
	u.on(&packets.Page{})
	u.press("esc esc")
	u.on(&conversations.Page{})
}

func TestHelpOpensAnywhereAndEscLeavesIt(t *testing.T) {
	u := start(t, newFake(2), 80, 24)
	u.press("enter ?")
	u.on(&help.Page{})
	u.sees("One conversation: why")
	u.press("? ")
	u.on(&conversation.Page{})
	u.press("esc down enter l") // a lesson is text too, but not the help
	u.on(&learn.Page{})
	u.seesNot("Moving")
	u.press("?")
	u.sees("Moving")
	u.press("? esc")
	u.on(&conversation.Page{})
}

func TestSpacePausesAndTheStatusBarTells(t *testing.T) {
	f := newFake(2)
	f.status.Done, f.status.Live, f.status.Dropped, f.status.SavedTo = false, true, 7, "out.pcapng"
	f.status.Err = errors.New("out.pcapng: no space left\x1b[H")
	u := start(t, f, 140, 24)
	u.send(tea.KeyMsg{Type: tea.KeySpace, Runes: []rune{' '}})
	for _, text := range []string{"PAUSED", "7 dropped", "saved to out.pcapng", `no space left\x1b[H`} {
		u.sees(text)
	}
}

func TestAClickSelectsAndAnotherOpens(t *testing.T) {
	u := start(t, newFake(12), 100, 24)
	u.click(3, 5)
	u.selects("4 ")
	u.click(3, 5)
	u.on(&conversation.Page{})
	u.press("esc")
	u.click(1, 1)
	u.press("g")
	u.selects("12 ")
	u.send(tea.MouseMsg{X: 3, Y: 5, Button: tea.MouseButtonWheelDown})
	u.fits("after the wheel")
}

func TestAChoiceThatCannotBeOpenedSaysWhy(t *testing.T) {
	u := startPicker(t, 80, 24)
	u.press("tab enter")
	u.sees(`cannot open it: permission denied \x1b[2J`)
	u.press("/")
	u.typed("poll")
	u.press("enter")
	u.seesNot("A few names")
	u.selects("polling")
}

func TestAConversationIsSeenThroughItsTabs(t *testing.T) {
	u := start(t, newFake(12), 100, 30)
	u.press("down enter")
	for _, c := range []struct{ keys, sees string }{
		{"tab", "SYN, ACK"}, {"tab", "way and server"}, {"shift+tab", "SYN, ACK"}, {"4", "GET /page/1"}, {"5", "response"},
		{"6", "> GET /page/0 HTTP/1.1"}, {"7", "sequence, client → server"}, {"d", "sequence, server → client"}, {"v", "bytes in flight"},
		{"v", "round trips"}, {"tab", "Nagle's algorithm"}, {"shift+tab", "round trips"},
	} {
		u.press(c.keys)
		u.sees(c.sees)
	}
	u.press("esc")
	u.on(&conversations.Page{})
}

func TestTheSelectedArrowLeadsToItsPacket(t *testing.T) {
	u := start(t, newFake(12), 120, 30)
	u.press("down enter 2 down down down")
	u.sees("packet 14")
	u.sees("the second piece waited")
	u.press("enter")
	u.on(&packets.Page{})
	u.selects("▶14 ")
	u.press("esc v G")
	u.sees("200")
	u.press("v G enter")
	u.selects("▶19 ")
}

func TestAStreamIsSearched(t *testing.T) {
	u := start(t, newFake(2), 100, 24)
	u.press("F /")
	u.typed("hello")
	u.press("enter")
	u.sees("1 line")
	u.selects(`< hello \x1b[31mred`)
	u.press("esc")
	u.seesNot("1 line")
	u.on(&conversation.Page{})
}

func TestHostsOfTheOverviewFilterTheConversations(t *testing.T) {
	u := start(t, newFake(12), 120, 40)
	u.press("o")
	u.sees("12 TCP connections between 2 hosts")
	u.press("tab G enter")
	u.on(&conversations.Page{})
	u.sees("ip.addr == 10.9.0.2")
}

func TestANoteIsWrittenListedChangedAndTakenBack(t *testing.T) {
	u := start(t, newFake(12), 120, 30)
	u.press("p 1 4 G n")
	u.sees("note on packet 14 of conversation 2")
	u.typed("why so late? #slow")
	u.press("enter")
	u.sees("noted on packet 14 of conversation 2")
	u.sees("✎14")
	u.press("tab")
	u.sees("why so late? #slow")
	u.press("esc B")
	u.on(&notebook.Page{})
	u.selects("14      2 me")
	u.press("e")
	u.typed(", bob?")
	u.press("tab enter")
	u.tick()
	u.sees("● yellow  why so late? #slow, bob?")
	u.press("x")
	u.tick()
	u.sees("no notes yet")
	u.press("u")
	u.tick()
	u.press("enter")
	u.on(&packets.Page{})
	u.selects("▶●14")
	u.press("w 2 down down down")
	u.tick()
	u.sees("✎ me: why so late? #slow, bob?")
}

func TestAMarkGoesThroughTheColours(t *testing.T) {
	u := start(t, newFake(12), 120, 30)
	u.press("down m")
	u.sees("marked yellow")
	u.press("m")
	u.sees("marked red")
	u.press("m m m m")
	u.sees("the mark is gone")
	u.press("B")
	u.sees("no notes yet")
}

func TestTheTimeIsCountedFromAReference(t *testing.T) {
	u := start(t, newFake(12), 120, 30)
	u.press("p 5 G T")
	u.sees("*REF*")
	u.press("down")
	u.selects("6    0.010000")
	u.press("up T down")
	u.selects("6    0.050000")
}

func TestTheNextPacketOfAConversationIsFoundAmongOthers(t *testing.T) {
	f := newFake(4)
	for i := range f.index { // in turns
		f.index[i].Conversation = uint32(i%4 + 1)
	}
	u := start(t, f, 120, 30)
	u.press("p 2 G . .")
	u.selects("10 ")
	u.press(",")
	u.selects("6 ")
}
