// Package browsertest holds no code: its tests need a real browser, Chromium
// without a window, for what a scripted one cannot show.
package browsertest
