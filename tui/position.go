package tui

import (
	tea "github.com/charmbracelet/bubbletea"

	"github.com/wiresight/wiresight/tui/page"
	"github.com/wiresight/wiresight/tui/page/conversation"
	"github.com/wiresight/wiresight/tui/page/conversations"
)

// position tells where the user is: on which conversation, and in which tab.
func (a *app) position() (at Position) {
	for _, p := range a.pages {
		switch p := p.(type) {
		case *conversations.Page:
			at.Conversation, at.Filter = p.Place()
		case *conversation.Page:
			at.Conversation, at.Tab = p.Place()
		}
	}
	return at
}

// resume goes to where a session was left.
func (a *app) resume(at Position) tea.Cmd {
	list, ok := a.top().(*conversations.Page)
	if !ok || at.Conversation < 1 {
		return nil
	}
	list.Resume(at.Conversation)
	if at.Tab == "" {
		return nil
	}
	return page.Send(page.OpenConversation{ID: at.Conversation, Tab: at.Tab})
}
