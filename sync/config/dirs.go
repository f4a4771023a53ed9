package config

import (
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"runtime"

	"github.com/adrg/xdg"

	"github.com/heronmail/heron/sync/mail"
)

// AppID is Heron's one application id, everywhere.
const AppID = "io.github.heronmail.Heron"

// maxSocket is the shortest limit of sun_path on the systems we run on (macOS),
// without its closing NUL.
const maxSocket = 103

// Dirs says where things are. None of the folders need exist.
type Dirs struct {
	Config  string // settings
	Data    string // store and bodies, and the lock over them
	Runtime string // socket
	Log     string
	root    string // of --data-dir, "" for the user's own
}

// DefaultDirs are the user's own folders, by the XDG base directories or what
// the system has in their place.
func DefaultDirs() (Dirs, error) {
	xdg.Reload()
	if xdg.Home == "" && xdg.DataHome == "" {
		return Dirs{}, &mail.Fault{
			Code: mail.CodeReadOnly, Class: mail.ClassLocal,
			Args: mail.Args{"path": "~"}, Err: errors.New("no home folder is known: HOME is not set"),
		}
	}
	return Dirs{
		Config:  filepath.Join(xdg.ConfigHome, "heron"),
		Data:    filepath.Join(xdg.DataHome, "heron"),
		Runtime: filepath.Join(runtimeDir(), "heron"),
		Log:     filepath.Join(xdg.StateHome, "heron"),
	}, nil
}

// runtimeDir is $XDG_RUNTIME_DIR; without one, a folder that is the user's alone
// even in a shared temporary folder.
func runtimeDir() string {
	if d := os.Getenv("XDG_RUNTIME_DIR"); d != "" {
		return d
	}
	return filepath.Join(os.TempDir(), fmt.Sprintf("heron-run-%d", os.Getuid()))
}

// DirsUnder puts everything under one folder, as --data-dir asks.
func DirsUnder(root string) (Dirs, error) {
	abs, err := filepath.Abs(root)
	if err != nil {
		return Dirs{}, fmt.Errorf("finding %s: %w", root, err)
	}
	return Dirs{
		Config:  filepath.Join(abs, "config"),
		Data:    filepath.Join(abs, "data"),
		Runtime: filepath.Join(abs, "run"),
		Log:     filepath.Join(abs, "log"),
		root:    abs,
	}, nil
}

// Namespace is "" for the user's own folders, else a short name for this set of
// folders: keyring entries and sockets of two --data-dir never meet.
func (d Dirs) Namespace() string {
	if d.root == "" {
		return ""
	}
	return short(d.root)
}

// Root is the folder of --data-dir, "" for the user's own folders.
func (d Dirs) Root() string { return d.root }

// KeyringService names Heron's entries in the OS keyring.
func (d Dirs) KeyringService() string {
	if n := d.Namespace(); n != "" {
		return AppID + "." + n
	}
	return AppID
}

// LockPath is the file whose lock says who runs the engine. It lies beside the
// store that it guards: the runtime folder may be another in a cron job.
func (d Dirs) LockPath() string { return filepath.Join(d.Data, "lock") }

// SocketPath is where the control socket is: on Windows the name of a pipe,
// elsewhere a path of at most 103 bytes.
func (d Dirs) SocketPath() string {
	if runtime.GOOS == "windows" {
		return `\\.\pipe\heron-` + short(d.Runtime)
	}
	p := filepath.Join(d.Runtime, "control.sock")
	if len(p) <= maxSocket {
		return p
	}
	p = filepath.Join(runtimeDir(), "heron-"+short(d.Runtime), "control.sock")
	if len(p) <= maxSocket {
		return p
	}
	return fmt.Sprintf("/tmp/heron-run-%d/%s.sock", os.Getuid(), short(d.Runtime))
}

func short(s string) string {
	h := sha256.Sum256([]byte(s))
	return hex.EncodeToString(h[:6])
}
