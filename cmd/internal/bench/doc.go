// Command bench measures the real programs and prints a table: what `make
// bench` runs. It asserts nothing; the aims stand beside the figures, and what
// mbsync takes for the same work where it does such work.
//
// told: from a server's line to the line of `heronctl watch`, FETCH included,
// on a scripted server that answers at once. sync: passes over corpus L beside
// mbsync, on one Dovecot: the first one, one where nothing changed and one after
// changes; what is said is counted without TLS, after the sign-in, and times are
// whole programs with TLS, through a proxy that delays. million: the agent with
// a large store. window: from its start to drawn. idle and accounts: the agent
// at rest with a real tray host. -only picks rows, -quick does less of each.
//
// The messages of corpus L are smaller than most people's: 0.5 to 4 kB, now and
// then 40 kB. Heron reads envelopes alone, mbsync whole messages.
package main
