// Command bench measures the real programs and prints a table: what `make
// bench` runs. It asserts nothing; the aims stand beside the figures.
//
// Rows: the agent at rest with one account and a real tray host; the window
// from start to drawn; from a server's line to the line of `heronctl watch`,
// FETCH included, on a scripted server that answers at once; the first index
// of a large inbox on a real Dovecot.
package main
