// Package kafka reads the Kafka protocol from both directions of one
// connection: requests and responses, paired by correlation id, with the
// topics, partitions, groups and record batches that they speak of. Records are
// counted and never read.
//
// The bodies, which differ from version to version, are read by franz-go's
// kmsg. It allocates no more elements than there are bytes for, and it is given
// no more than the first 64 KiB of a message, so that what it can be made to
// allocate is bounded. Framing, headers and batches are read here, as these
// are needed also where a body is cut short.
package kafka

import (
	"github.com/wiresight/wiresight/decode/dissect"
	"github.com/wiresight/wiresight/decode/layer"
)

// Name is the protocol's name.
const Name layer.Protocol = "kafka"

const osi = 7

// Protocol returns the registry's entry.
func Protocol() dissect.Protocol {
	return dissect.Protocol{
		Name:   Name,
		OSI:    osi,
		About:  "Kafka keeps streams of records in topics, which are split into partitions. Producers append batches of records, consumers fetch them in order and remember how far they have come; groups of consumers share the partitions of a topic.",
		Stream: true,
		Ports:  []uint16{9092},
		Probe:  probe,
		New:    newDissector,
	}
}
