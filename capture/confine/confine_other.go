//go:build !linux

package confine

var none = Wall{Text: "not on this system"}

// Apply confines the process; this system has no means that wiresight uses.
func Apply(Rules) State { return Support() }

// Support tells what the kernel can do.
func Support() State { return State{Files: none, Calls: none, Privileges: none} }

// DropPrivileges gives up root and capabilities; not on this system.
func DropPrivileges() (Wall, error) { return none, nil }
