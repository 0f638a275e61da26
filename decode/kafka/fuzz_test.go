package kafka

import (
	"testing"

	"github.com/twmb/franz-go/pkg/kmsg"

	"github.com/wiresight/wiresight/decode/dissect/dissecttest"
)

// No bytes make the dissector panic, and where nothing is wrong with them the
// messages do not depend on how they are cut.
func FuzzDissector(f *testing.F) {
	f.Add(ask(1, 3, kmsg.NewPtrApiVersionsRequest())+ask(2, 11, fetch()), answer(1, 3, kmsg.NewPtrApiVersionsResponse())+answer(2, 11, fetched(1, records(3, 1))), false, uint8(3))
	f.Add(ask(1, 9, kmsg.NewPtrMetadataRequest())+ask(2, 7, produce(0)), answer(1, 9, kmsg.NewPtrMetadataResponse()), true, uint8(1))
	f.Add(ask(1, 6, kmsg.NewPtrJoinGroupRequest())+ask(2, 8, kmsg.NewPtrOffsetFetchRequest()), answer(1, 6, kmsg.NewPtrJoinGroupResponse())+answer(2, 8, kmsg.NewPtrOffsetFetchResponse()), false, uint8(9))
	f.Fuzz(func(t *testing.T, client, server string, late bool, size uint8) {
		dissecttest.Hostile(t, Protocol(), client, server, late, size)
	})
}
