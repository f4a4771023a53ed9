// Package api holds what travels over the control socket: HTTP with JSON
// between the one process that holds the engine and its clients (the window,
// heronctl, a second launch of heron). Problems travel as code and arguments;
// each client puts them into words. No secret is ever in an answer.
//
// Several of these types are also what `heronctl --json` prints, so their JSON
// names are a contract.
//
// To test it: go test ./sync/control/api.
package api
