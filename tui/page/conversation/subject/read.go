package subject

import (
	"context"
	"errors"

	"github.com/wiresight/wiresight"
	"github.com/wiresight/wiresight/classify"
)

// Source is what a conversation is read from: a wiresight.Session.
type Source interface {
	View(func(wiresight.View))
	Trace(ctx context.Context, conversation, limit int, progress func(done int)) (*wiresight.Trace, error)
}

// errNone is why there is nothing to read.
var errNone = errors.New("there is no such conversation")

// Read copies a conversation with its first packets, at most limit.
func Read(ctx context.Context, src Source, id, limit int) (s *Subject, err error) {
	src.View(func(v wiresight.View) {
		if v.Model != nil && id >= 1 && id <= len(v.Model.Conversations) {
			c := v.Model.Conversations[id-1]
			s = Copy(v.Model, c, classify.New(v.Model).Conversation(c))
		}
	})
	if s == nil {
		return nil, errNone
	}
	s.Trace, err = src.Trace(ctx, id, limit, nil)
	return s, err
}
