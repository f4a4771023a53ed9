// Command heronctl is Heron on the command line, for people and for scripts.
//
// It attaches to whoever holds the engine: the agent, or another heronctl.
// Without one, commands that only read open the store read-only and touch no
// network; the others take the lock, run the engine and serve it while they
// work. Its commands, JSON and exit codes are a contract:
//
//   - exit 0 done, 1 failed, 2 wrong usage, 3 sign-in refused, 4 not
//     reachable, 5 TLS not trusted, 6 no such account, folder or message,
//     7 busy;
//   - with --json one value on stdout (watch and demo: one a line), and
//     {"error":{"code","title","text","remedy"}} on stderr.
//
// Each command is a struct with a Run method. What a command needs of the engine
// is the session interface; live.go is the one file that knows where sessions
// come from. What queues an action goes through act.go, which waits and tells. Every text is in
// assets/i18n/*/ctl.toml, the help too (see help.go).
//
// To test it: go test ./cmd/heronctl. Most tests run whole command lines
// against a fake session; e2e_test.go builds the program and runs it against a
// real Dovecot and a real keyring, all in temporary folders.
package main
