package mail

import (
	"errors"
	"fmt"
	"time"
)

// Class sorts errors by what can be done about them.
type Class string

// The classes of faults.
const (
	ClassOffline  Class = "offline"  // no way to the server: try again with backoff, at once on network change
	ClassAuth     Class = "auth"     // the server refused the sign-in: ask the user once, no loop
	ClassTLS      Class = "tls"      // the certificate or the protection is not trusted: ask the user
	ClassLimit    Class = "limit"    // the server asks for patience: long backoff, no prompt
	ClassProtocol Class = "protocol" // the server's answer makes no sense or refuses: backoff, say so
	ClassConflict Class = "conflict" // the world changed under an action: drop or follow it
	ClassLocal    Class = "local"    // this computer: disk, keyring, settings
)

// Code names one fault or problem, in words joined by '-'. Package health has
// a text for every one of them.
type Code string

// The codes that exist.
const (
	CodeUnknownHost      Code = "unknown-host"         // args: host
	CodeRefused          Code = "connection-refused"   // args: host, port
	CodeUnreachable      Code = "unreachable"          // args: host: no route, no network, timed out
	CodeConnectionLost   Code = "connection-lost"      // args: host
	CodeTimeout          Code = "timeout"              // args: host: connected, but no answer in time
	CodeServerClosed     Code = "server-closed"        // args: host, text: BYE
	CodeSignInRefused    Code = "sign-in-refused"      // args: host, user, text
	CodeSecretMissing    Code = "secret-missing"       // args: account: no password in the keyring
	CodeSecretBound      Code = "secret-bound"         // args: account, host: stored for another endpoint
	CodeCertUnknown      Code = "cert-unknown"         // args: host, fingerprint: self-signed or unknown issuer
	CodeCertExpired      Code = "cert-expired"         // args: host, fingerprint, date
	CodeCertName         Code = "cert-name"            // args: host, names, fingerprint
	CodeCertChanged      Code = "cert-changed"         // args: host, fingerprint: not the pinned one
	CodeTrustBroken      Code = "trust-broken"         // args: path (of a CA file, or none), text
	CodeTLSTooOld        Code = "tls-too-old"          // args: host: below TLS 1.2
	CodeNotTLS           Code = "not-tls"              // args: host, port: a plain server on a TLS port
	CodeTLSOnPlain       Code = "tls-on-plain"         // args: host, port: a TLS server on a plain port
	CodeStartTLSMissing  Code = "starttls-missing"     // args: host
	CodeStartTLSInjected Code = "starttls-injected"    // args: host
	CodePlaintextRefused Code = "plaintext-refused"    // args: host: Plain without AllowPlaintext
	CodeTooMany          Code = "too-many-connections" // args: host, text
	CodeThrottled        Code = "throttled"            // args: host, text; folder, if it was asked for one
	CodeNotIMAP          Code = "not-imap"             // args: host, port: something else answers
	CodeBadAnswer        Code = "bad-answer"           // args: host, text: malformed or out of bounds
	CodeUnreadable       Code = "unreadable-mail"      // args: folder, uid: one UID or several ("3,7:9")
	CodeFolderRefused    Code = "folder-refused"       // args: folder, text: it is listed, and not shown
	CodeFolderLeftOut    Code = "folder-left-out"      // args: folder: connections end when it is asked for
	CodeServerSays       Code = "server-says"          // args: host, text: what the user is to be told, a line each, the newest first
	CodeRefusedCommand   Code = "command-refused"      // args: command, text: NO or BAD
	CodeNotSupported     Code = "not-supported"        // args: what
	CodeGivenUp          Code = "given-up"             // args: command: the server ends the connection over it
	CodePutOff           Code = "put-off"              // args: host, command, text: the server asks for patience, again and again
	CodeGone             Code = "gone"                 // args: what: the message or folder is no more
	CodeKeyringMissing   Code = "keyring-missing"      // no keyring service
	CodeKeyringLocked    Code = "keyring-locked"
	CodeKeyringFailed    Code = "keyring-failed"  // args: text
	CodeDiskFull         Code = "disk-full"       // args: path
	CodeReadOnly         Code = "read-only"       // args: path
	CodeStoreBroken      Code = "store-broken"    // args: path, text
	CodeStoreNewer       Code = "store-newer"     // args: path: written by a newer Heron
	CodeSettingsBroken   Code = "settings-broken" // args: path, line, text, backup
	CodeNoAccount        Code = "no-such-account" // args: account
	CodeNoFolder         Code = "no-such-folder"  // args: folder
	CodeNoMessage        Code = "no-such-message" // args: message
	CodeFolderExists     Code = "folder-exists"   // args: folder
	CodeFolderStays      Code = "folder-stays"    // args: folder: the inbox is neither renamed nor deleted
	CodeFolderFixed      Code = "folder-fixed"    // args: folder: it is read-only, or does not keep such a flag
	CodeFolderNoMail     Code = "folder-no-mail"  // args: folder: a level that holds folders only
	CodeBadFolder        Code = "bad-folder-name" // args: folder, reason, delimiter
	CodeUsage            Code = "usage"           // args: text
	CodeBadAddress       Code = "bad-address"     // args: address
	CodeAccountExists    Code = "account-exists"  // args: account
	CodeNothingToUndo    Code = "nothing-to-undo" // nothing was done that can be taken back
	CodeNotUndoable      Code = "not-undoable"    // args: op, reason: a PassReason; of the last action: last, and before and what: one that can be
	CodeMovedElsewhere   Code = "moved-elsewhere" // the message was moved by another program before it was deleted here, for good or to the trash
	CodeFolderChanged    Code = "folder-changed"  // args: folder: mail came into it since its deletion was asked for
	CodeKeptMessage      Code = "kept-message"    // what was to be done to a message before its deletion was not done
	CodeKeptFolder       Code = "kept-folder"     // args: folder: the same of a message in a folder that was to be deleted
	CodeBusy             Code = "busy"            // another process holds the lock and does not answer
	CodeNoTray           Code = "no-tray"         // the desktop shows no tray icons
	CodeNoAlerts         Code = "no-alerts"       // no notification service
	CodeNoDisplay        Code = "no-display"
	CodeInternal         Code = "internal" // args: text
)

// Args are the values that a problem's text names, by argument name. They hold
// no secret.
type Args map[string]string

// Fault is an error sorted by what can be done about it. It wraps its cause.
type Fault struct {
	Code       Code
	Class      Class
	Args       Args
	RetryAfter time.Duration // what the server asked for; 0: none
	Err        error         // the cause; may be nil
}

// Error is for logs. What a person reads is made by package health.
func (f *Fault) Error() string {
	if f.Err == nil {
		return string(f.Code)
	}
	return fmt.Sprintf("%s: %v", f.Code, f.Err)
}

// Unwrap returns the cause.
func (f *Fault) Unwrap() error { return f.Err }

// Problem returns what a person is told of the fault.
func (f *Fault) Problem() Problem { return Problem{Code: f.Code, Class: f.Class, Args: f.Args} }

// FaultOf finds the Fault in err's chain. An error without one becomes an
// internal fault, nil stays nil.
func FaultOf(err error) *Fault {
	if err == nil {
		return nil
	}
	var f *Fault
	if errors.As(err, &f) {
		return f
	}
	return &Fault{Code: CodeInternal, Class: ClassLocal, Args: Args{"text": err.Error()}, Err: err}
}

// Problem is what a person is told: a code and the values for its text. It
// travels as such and is put into words by each program.
type Problem struct {
	Code    Code
	Class   Class
	Account AccountID // "" when it concerns Heron as a whole
	Args    Args
	Since   time.Time
	// News says that it tells of something that happened, as of an action that was
	// refused: it ends when the user dismisses it, or after a day. Others last as long
	// as what is wrong.
	News bool
}
