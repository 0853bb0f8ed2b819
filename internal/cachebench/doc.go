// Package cachebench measures cache/local beside MSAL's own extension for
// caches in files. It is a module of its own, so that nobody else needs that.
//
// Ours seals what it writes, waits until the disk has it, and merges what other
// processes have written; the extension writes the file anew in place. The
// numbers say what that costs; TMPDIR=/dev/shm leaves the disk out of them.
package cachebench
