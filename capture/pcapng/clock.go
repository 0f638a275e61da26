package pcapng

import (
	"math"
	"math/bits"
)

// clock turns an interface's time stamps into nanoseconds since the Unix
// epoch. Whatever resolution and offset a file claims, times that do not fit
// become the first or the last that does.
type clock struct {
	multiply uint64 // nanoseconds of a step, where that is a whole number
	limit    uint64 // the highest time stamp for which multiply may be used alone
	exponent uint8  // if_tsresol's low 7 bits
	binary   bool   // a step is 2^-exponent seconds, not 10^-exponent
	offset   int64  // nanoseconds to add
}

// newClock takes if_tsresol (section 4.2) and if_tsoffset, which is seconds.
func newClock(resolution uint8, offsetSeconds int64) clock {
	c := clock{exponent: resolution & 0x7f, binary: resolution&0x80 != 0}
	if !c.binary && c.exponent <= 9 {
		c.multiply = pow10(9 - c.exponent)
		c.limit = math.MaxInt64 / c.multiply
	}
	c.offset = saturatingSeconds(offsetSeconds)
	return c
}

func (c *clock) nanos(stamp uint64) int64 {
	if stamp <= c.limit && c.offset == 0 && c.multiply != 0 {
		return int64(stamp * c.multiply)
	}
	return saturatingAdd(c.convert(stamp), c.offset)
}

// convert is nanos without the offset, for any resolution.
func (c *clock) convert(stamp uint64) int64 {
	var high, low uint64
	switch {
	case c.multiply != 0:
		high, low = bits.Mul64(stamp, c.multiply)
	case c.binary:
		// stamp * 10^9 / 2^exponent in 128 bits
		high, low = bits.Mul64(stamp, 1e9)
		if n := uint(c.exponent); n < 64 {
			low = low>>n | high<<(64-n)
			high >>= n
		} else {
			low = high >> (n - 64)
			high = 0
		}
	case c.exponent-9 <= 19:
		low = stamp / pow10(c.exponent-9)
	}
	if high != 0 || low > math.MaxInt64 {
		return math.MaxInt64
	}
	return int64(low)
}

// step is the smallest time step in nanoseconds, 1 for anything finer.
func (c *clock) step() int64 { return max(1, c.convert(1)) }

func pow10(n uint8) uint64 {
	v := uint64(1)
	for ; n > 0; n-- {
		v *= 10
	}
	return v
}

func saturatingSeconds(s int64) int64 {
	const most = math.MaxInt64 / 1_000_000_000
	switch {
	case s > most:
		return math.MaxInt64
	case s < -most:
		return math.MinInt64
	}
	return s * 1e9
}

func saturatingAdd(a, b int64) int64 {
	switch {
	case b > 0 && a > math.MaxInt64-b:
		return math.MaxInt64
	case b < 0 && a < math.MinInt64-b:
		return math.MinInt64
	}
	return a + b
}
