package tls

// Alert levels (RFC 5246 section 7.2).
const (
	alertWarning = 1
	alertFatal   = 2
)

// alertLevel returns "" for a byte that is no level: the alert is encrypted.
func alertLevel(b uint8) string {
	switch b {
	case alertWarning:
		return "warning"
	case alertFatal:
		return "fatal"
	}
	return ""
}

// closeNotify is the description of the alert that ends a direction.
const closeNotify = 0
