package pattern

import "github.com/wiresight/wiresight/decode/flow"

// Capture is all that the rules of a whole capture look at.
type Capture struct {
	Conversations []*flow.Conversation // in the order of their first packets
	Discoveries   []Discovery          // names, and who used them
}
