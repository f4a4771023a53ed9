package desktop

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"time"

	"github.com/godbus/dbus/v5"

	"github.com/heronmail/heron/sync/mailtest"
)

// patience bounds each wait for a part to be there.
const patience = 20 * time.Second

// Options say which parts a session has. The session bus is always there.
type Options struct {
	Bare     bool   // the bus starts no service by itself
	Keyring  bool   // gnome-keyring, unlocked
	Display  bool   // Xvfb and openbox
	Panel    bool   // xfce4-panel with a tray; needs Display
	Notifier string // "dunst" or "xfce4-notifyd"; needs Display; "" for none
	Screen   string // of Display, "1280x900x24" if ""
}

// Session is a desktop that runs.
type Session struct {
	Dir     string // holds everything of the session, removed in the end
	Display string // ":N", "" without one

	t       mailtest.TB
	env     []string
	bus     string
	keyring *part
}

// Start starts a session and waits until every part of it answers.
func Start(t mailtest.TB, o Options) *Session {
	t.Helper()
	s := &Session{t: t}
	if err := s.start(o); err != nil {
		t.Fatalf("starting the desktop: %v\n%s", err, s.logs())
	}
	return s
}

func (s *Session) start(o Options) error {
	dir, err := os.MkdirTemp("", "heron-d-") // short, for the sockets in it
	if err != nil {
		return err
	}
	s.Dir = dir
	s.t.Cleanup(func() {
		// Services that the bus started end with it, but in their own time.
		var err error
		if s.await("an empty folder", func() bool { err = os.RemoveAll(dir); return err == nil }) != nil {
			s.t.Logf("removing the desktop's folder: %v", err)
		}
	})
	for _, d := range []string{"home", "run", "config", "data", "cache", "state", "tmp"} {
		if err := os.Mkdir(filepath.Join(dir, d), 0o700); err != nil {
			return err
		}
	}
	s.env = []string{
		"PATH=" + os.Getenv("PATH"),
		"LANG=C.UTF-8",
		"HOME=" + filepath.Join(dir, "home"),
		"XDG_RUNTIME_DIR=" + filepath.Join(dir, "run"),
		"XDG_CONFIG_HOME=" + filepath.Join(dir, "config"),
		"XDG_DATA_HOME=" + filepath.Join(dir, "data"),
		"XDG_CACHE_HOME=" + filepath.Join(dir, "cache"),
		"XDG_STATE_HOME=" + filepath.Join(dir, "state"),
		"TMPDIR=" + filepath.Join(dir, "tmp"),
		"LIBGL_ALWAYS_SOFTWARE=1",
		"NO_AT_BRIDGE=1",
		"GDK_BACKEND=x11",
	}
	// xfconf reads each channel once, so they are there before it starts.
	for channel, text := range map[string]string{"xfce4-panel": panelConfig, "xfce4-notifyd": notifydConfig} {
		if err := s.configure(channel, text); err != nil {
			return err
		}
	}
	if o.Display {
		if err := s.startDisplay(o.Screen); err != nil {
			return err
		}
	}
	if err := s.startBus(o.Bare); err != nil {
		return err
	}
	if o.Keyring {
		if err := s.StartKeyring(true); err != nil {
			return err
		}
	}
	if o.Display {
		if err := s.run("openbox", "openbox"); err != nil {
			return err
		}
	}
	if o.Panel {
		if err := s.startPanel(); err != nil {
			return err
		}
	}
	if o.Notifier != "" {
		if err := s.startNotifier(o.Notifier); err != nil {
			return err
		}
	}
	return nil
}

// Env is the environment of the session's programs.
func (s *Session) Env() []string { return append([]string(nil), s.env...) }

// Enter makes the session's bus and display those of the test's own process.
func (s *Session) Enter(t interface{ Setenv(key, value string) }) {
	t.Setenv("DBUS_SESSION_BUS_ADDRESS", s.bus)
	t.Setenv("DISPLAY", s.Display)
}

// Bus connects to the session bus; the connection is closed by Cleanup.
func (s *Session) Bus() *dbus.Conn {
	s.t.Helper()
	c, err := dbus.Connect(s.bus)
	if err != nil {
		s.t.Fatalf("connecting to the session bus: %v", err)
	}
	s.t.Cleanup(func() { _ = c.Close() })
	return c
}

// Run starts a program in the session, which Cleanup ends. pkg is what to
// install when it is missing.
func (s *Session) Run(pkg, program string, args ...string) {
	s.t.Helper()
	if err := s.run(pkg, program, args...); err != nil {
		s.t.Fatalf("starting %s: %v", program, err)
	}
}

// MockSystem plays a service of the system bus, by a template of
// python3-dbusmock ("logind", "networkmanager"), until it has its name there. The
// session's bus stands for the system's: see EnterSystem. What the service says
// is sent by its mock interface.
func (s *Session) MockSystem(template, name string) {
	s.t.Helper()
	cmd := s.Command("/usr/bin/python3", "-m", "dbusmock", "--template", template)
	cmd.Env = append(cmd.Env, "DBUS_SYSTEM_BUS_ADDRESS="+s.bus)
	if err := s.startPart(cmd, "python3-dbusmock"); err != nil {
		s.t.Fatalf("starting %s: %v", template, err)
	}
	if err := s.awaitName(name); err != nil {
		s.t.Fatalf("starting %s (is python3-dbusmock installed?): %v\n%s", template, err, s.logs())
	}
}

// EnterSystem makes the session's bus the system bus of the test's own process.
func (s *Session) EnterSystem(t interface{ Setenv(key, value string) }) {
	t.Setenv("DBUS_SYSTEM_BUS_ADDRESS", s.bus)
}

// Command prepares a program in the session. The caller starts and ends it.
func (s *Session) Command(name string, args ...string) *exec.Cmd {
	cmd := exec.Command(name, args...)
	cmd.Env = s.Env()
	cmd.Dir = filepath.Join(s.Dir, "home")
	return cmd
}

// startDisplay starts an X server on a display number that it picks itself.
func (s *Session) startDisplay(screen string) error {
	if screen == "" {
		screen = "1280x900x24"
	}
	r, w, err := os.Pipe()
	if err != nil {
		return err
	}
	defer func() { _ = r.Close() }()
	cmd := s.Command("Xvfb", "-displayfd", "3", "-screen", "0", screen, "-nolisten", "tcp", "-noreset")
	cmd.ExtraFiles = []*os.File{w}
	err = s.startPart(cmd, "xvfb")
	_ = w.Close() // the X server has its own copy
	if err != nil {
		return err
	}
	if err := r.SetReadDeadline(time.Now().Add(patience)); err != nil {
		return err
	}
	// The number and its line end come in two writes; the X server does not
	// bear it when nobody reads the second.
	number, err := bufio.NewReader(r).ReadString('\n')
	if err != nil {
		return fmt.Errorf("no display is named by Xvfb: %w", err)
	}
	s.Display = ":" + strings.TrimSpace(number)
	s.env = append(s.env, "DISPLAY="+s.Display)
	return nil
}

// bareBus is a session bus that knows of no services.
const bareBus = `<!DOCTYPE busconfig PUBLIC "-//freedesktop//DTD D-Bus Bus Configuration 1.0//EN"
 "http://www.freedesktop.org/standards/dbus/1.0/busconfig.dtd">
<busconfig>
  <type>session</type>
  <listen>unix:tmpdir=/tmp</listen>
  <policy context="default">
    <allow send_destination="*" eavesdrop="true"/>
    <allow eavesdrop="true"/>
    <allow own="*"/>
  </policy>
</busconfig>
`

func (s *Session) startBus(bare bool) error {
	socket := filepath.Join(s.Dir, "run", "bus")
	s.bus = "unix:path=" + socket
	s.env = append(s.env, "DBUS_SESSION_BUS_ADDRESS="+s.bus)
	config := "--session"
	if bare {
		file := filepath.Join(s.Dir, "bus.conf")
		if err := os.WriteFile(file, []byte(bareBus), 0o600); err != nil {
			return err
		}
		config = "--config-file=" + file
	}
	if err := s.run("dbus", "dbus-daemon", config, "--nofork", "--nopidfile", "--address="+s.bus); err != nil {
		return err
	}
	return s.await("the session bus", func() bool {
		c, err := dbus.Connect(s.bus)
		if err != nil {
			return false
		}
		_ = c.Close()
		return true
	})
}

// StartKeyring starts gnome-keyring, with its login keyring made and unlocked,
// or as it is after a start without a password: locked.
func (s *Session) StartKeyring(unlocked bool) error {
	args := []string{"--foreground", "--components=secrets"}
	if unlocked {
		args = append(args, "--unlock")
	}
	cmd := s.Command("gnome-keyring-daemon", args...)
	cmd.Stdin = strings.NewReader("keyring password")
	p, err := start(cmd, "gnome-keyring", s.log("gnome-keyring"))
	if err != nil {
		return err
	}
	s.keyring = p
	s.t.Cleanup(p.end)
	return s.awaitName("org.freedesktop.secrets")
}

// StopKeyring ends gnome-keyring; what it holds stays on disk.
func (s *Session) StopKeyring() {
	if s.keyring != nil {
		s.keyring.end()
	}
}

// panelConfig is a panel at the top with a tray in it and nothing else.
const panelConfig = `<?xml version="1.0" encoding="UTF-8"?>
<channel name="xfce4-panel" version="1.0">
  <property name="configver" type="int" value="2"/>
  <property name="panels" type="array">
    <value type="int" value="1"/>
    <property name="panel-1" type="empty">
      <property name="position" type="string" value="p=6;x=0;y=0"/>
      <property name="length" type="uint" value="100"/>
      <property name="position-locked" type="bool" value="true"/>
      <property name="size" type="uint" value="30"/>
      <property name="icon-size" type="uint" value="22"/>
      <property name="plugin-ids" type="array">
        <value type="int" value="1"/>
        <value type="int" value="2"/>
      </property>
    </property>
  </property>
  <property name="plugins" type="empty">
    <property name="plugin-1" type="string" value="separator">
      <property name="expand" type="bool" value="true"/>
      <property name="style" type="uint" value="0"/>
    </property>
    <property name="plugin-2" type="string" value="systray">
      <property name="square-icons" type="bool" value="true"/>
    </property>
  </property>
</channel>
`

func (s *Session) startPanel() error {
	if err := s.run("xfce4-panel", "xfce4-panel", "--disable-wm-check"); err != nil {
		return err
	}
	return s.awaitName("org.kde.StatusNotifierWatcher")
}

// notifydConfig keeps alerts until they are clicked or withdrawn, as long as a
// slow machine needs to read them.
const notifydConfig = `<?xml version="1.0" encoding="UTF-8"?>
<channel name="xfce4-notifyd" version="1.0">
  <property name="expire-timeout-enabled" type="bool" value="true"/>
  <property name="expire-timeout" type="int" value="600"/>
  <property name="do-fadeout" type="bool" value="false"/>
  <property name="do-slideout" type="bool" value="false"/>
</channel>
`

// configure writes a channel of xfconf.
func (s *Session) configure(channel, text string) error {
	dir := filepath.Join(s.Dir, "config", "xfce4", "xfconf", "xfce-perchannel-xml")
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return err
	}
	return os.WriteFile(filepath.Join(dir, channel+".xml"), []byte(text), 0o600)
}

func (s *Session) startNotifier(name string) error {
	program := name
	if name == "xfce4-notifyd" {
		found, err := filepath.Glob("/usr/lib/*/xfce4/notifyd/xfce4-notifyd")
		if err != nil || len(found) == 0 {
			return errors.New("xfce4-notifyd is not installed: install the package xfce4-notifyd")
		}
		program = found[0]
	}
	if err := s.run(name, program); err != nil {
		return err
	}
	return s.awaitName("org.freedesktop.Notifications")
}

// run starts a part that lives as long as the session.
func (s *Session) run(pkg, program string, args ...string) error {
	return s.startPart(s.Command(program, args...), pkg)
}

func (s *Session) startPart(cmd *exec.Cmd, pkg string) error {
	p, err := start(cmd, pkg, s.log(filepath.Base(cmd.Path)))
	if err != nil {
		return err
	}
	s.t.Cleanup(p.end)
	return nil
}

// logs is what the parts wrote, for when one of them does not start.
func (s *Session) logs() string {
	files, err := filepath.Glob(filepath.Join(s.Dir, "*.log"))
	if err != nil {
		return ""
	}
	var b strings.Builder
	for _, f := range files {
		text, err := os.ReadFile(f)
		if err != nil {
			continue // it may be gone by now
		}
		fmt.Fprintf(&b, "%s:\n%s\n", filepath.Base(f), text)
	}
	return b.String()
}

func (s *Session) log(name string) string { return filepath.Join(s.Dir, name+".log") }

func (s *Session) awaitName(name string) error {
	return s.await(name+" on the session bus", func() bool {
		c, err := dbus.Connect(s.bus)
		if err != nil {
			return false
		}
		defer func() { _ = c.Close() }()
		var has bool
		err = c.BusObject().Call("org.freedesktop.DBus.NameHasOwner", 0, name).Store(&has)
		return err == nil && has
	})
}

// await asks until it is true. The parts give no signal of their own that all
// of them share, so this is the one place that looks again and again.
func (s *Session) await(what string, ok func() bool) error {
	ctx, cancel := context.WithTimeout(context.Background(), patience)
	defer cancel()
	tick := time.NewTicker(20 * time.Millisecond)
	defer tick.Stop()
	for {
		if ok() {
			return nil
		}
		select {
		case <-tick.C:
		case <-ctx.Done():
			return fmt.Errorf("%s is not there after %v", what, patience)
		}
	}
}
