// Package confine takes from the running process what it does not need any
// more: root and its capabilities once the capture's socket is open, the file
// system but for the files that the user named, and the calls that reach the
// network, start programs or change the kernel. What decodes bytes from
// strangers runs behind these walls. They cannot be taken down again.
//
// It leans on Landlock, seccomp and capabilities, and so on Linux. What a
// kernel cannot do is said, not an error: an old kernel must not keep people
// from looking at a capture.
package confine

// Rules say what the process may still do with files. Names that do not exist
// are passed over.
type Rules struct {
	Read  []string // files and folders (with all below) that may be read
	Write []string // files that may be written, and folders in which files may be made, written and renamed
}

// State tells what confines the process, in words for people.
type State struct {
	Files      Wall // what may be opened
	Calls      Wall // what may be asked of the kernel
	Privileges Wall // whose rights the process has
}

// Wall is one of the walls around the process.
type Wall struct {
	Up   bool
	Text string // how it is done, or why it is not
}
