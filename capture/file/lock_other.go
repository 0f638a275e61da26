//go:build !unix

package file

import "os"

// shareLock has nothing to do: Windows does not let a file be replaced that
// somebody has open.
func shareLock(*os.File) {}
