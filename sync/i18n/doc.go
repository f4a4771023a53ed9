// Package i18n puts every text that a person sees into their language.
//
// The texts are in assets/i18n, a file a language and area; an id begins with
// its area ("tray.quit"). English is the language that has every text; another
// one falls back to it text by text. Problems are put into words by package
// health, on top of this one.
//
// To test it: go test ./sync/i18n. The tests hold that both languages have the
// same ids with the same arguments, and that every id in the sources exists.
package i18n
