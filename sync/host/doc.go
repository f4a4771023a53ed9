// Package host is what a process that holds the engine is made of: the lock,
// the settings, the store, the engine, and the control server. The agent is one
// for as long as it lives; heronctl becomes one when it has work to do and
// finds no other.
//
// What it promises:
//
//   - There is one engine. Who has the lock of the data folder runs it and
//     serves the control socket; everybody else attaches as a client.
//   - An agent that starts while heronctl holds the lock asks it to hand over.
//     The holder drains, tells its readers, and lets go; they attach again and
//     go on after the last line they saw.
//   - An agent that finds another agent asks that one to show its window.
//   - Reading needs no holder: without one, a session reads the store and
//     touches no network.
//
// [Session] is a way to the engine wherever it runs; the methods are those of
// control.Backend.
//
// To test it: go test ./sync/host. The tests run several hosts over one
// temporary folder.
package host
