//go:build !linux && !darwin && !(windows && amd64)

package live

import (
	"fmt"
	"runtime"

	"github.com/wiresight/wiresight/capture"
)

// open says what cannot be done here. Capture files are read everywhere.
func open(opt Options) (capture.Source, error) {
	if opt.Interface == "" {
		return nil, noInterface(opt.Interface)
	}
	return nil, fmt.Errorf("wiresight cannot capture on %s/%s: capture to a file with another tool and open that", runtime.GOOS, runtime.GOARCH)
}

func interfaces() ([]Interface, error) { return systemInterfaces() }
