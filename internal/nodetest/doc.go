// Package nodetest holds no code: its tests let Microsoft's authentication
// library for Node sign in at entratest, be challenged and recover. The
// programs in the folder node are clients as its samples show them; their
// packages are installed by npm ci there.
package nodetest
