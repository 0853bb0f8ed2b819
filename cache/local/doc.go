// Package local opens a cache.Cache on a person's machine: sealed records in
// files of that user alone, and the key in the operating system's key store.
//
//	c, err := local.Open("contoso-cli")
//	app, err := tokensource.NewPublic(tokensource.PublicConfig{ ..., Cache: c })
//
// A program that can do without goes on with a nil Cache if err is not nil, and
// then keeps tokens in memory.
//
// # Where the key is
//
// On Linux, in the Secret Service of the desktop (gnome-keyring, KWallet,
// KeePassXC) if a session bus is there, and else in the kernel's keyring of the
// user, where it survives a logout, but not a restart of the machine, nor three
// days without use. On macOS, in the Keychain, by /usr/bin/security, which needs
// no cgo and asks nobody after an update of the program. On Windows, in a file
// that DPAPI protects for the user. Other systems need a [KeyStore] of the
// program's own.
//
// These protect what is on the disk: a stolen machine, a backup, another user.
// None of them keeps programs of the same user apart.
//
// What was chosen stays: a session that cannot reach the key, such as over ssh
// without the desktop's bus, gets an error and not a second key that would make
// the desktop's tokens useless. A key that is gone is replaced by a new one, and
// people sign in again. After a restart, which takes the key from the kernel's
// keyring, the store is chosen anew: a Secret Service that was locked, or not
// unlocked within three seconds, when the cache was first opened has it from
// then on.
//
// # Files
//
// All of it is in a folder of the user's cache folder, readable by that user
// only. Each record is a file, replaced as a whole: a process that is killed at
// any moment leaves the record of before or of after. Lock files are empty and
// never removed; the system frees the lock of a process that ends. Files that
// are not the user's own, links, and a folder that others may write to are
// refused. A record that cannot be opened is renamed to end in .bad. What has
// not changed for 100 days is removed when a program opens the cache.
//
// It was tested on Linux. The parts for macOS, Windows and FreeBSD are compiled
// and checked by go vet with every change, and were reviewed, but not run.
package local
