// Package clienttest holds no code: its tests let clients that nobody here
// wrote sign in at entratest, be challenged and recover.
package clienttest
