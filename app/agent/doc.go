// Package agent puts the agent together: the host of the engine, the tray, the
// alerts, and the window as a program that is started when asked for.
//
// Each part is one goroutine that starts from what the store has and is woken
// by its subscription, so a part that is slow or starts late skips what is out
// of date and never shows what is not so:
//
//   - alerts reads the change log from its own cursor on, and asks sync/news what
//     of it deserves one. An alert is recorded before it is shown, so no message is
//     alerted twice, whatever is killed when; it is withdrawn as soon as its
//     messages are read, gone, or moved out of the folders that alert. One whose
//     agent was killed between showing it and keeping its handle stays until the
//     user takes it away: no desktop tells which alerts it shows.
//   - model reads the status, and has the tray redrawn at most every
//     redrawPause.
//   - Nothing here has a ticker. An idle agent is woken by its servers only.
//
// To test it: go test ./app/agent. The tests use a real store and a played
// desktop.
package agent
