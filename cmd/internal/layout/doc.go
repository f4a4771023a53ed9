// Package layout holds no code: its test keeps the import table of
// ARCHITECTURE.md, so that the shape of the whole cannot be lost by accident.
//
// To test it: go test ./cmd/internal/layout.
package layout
