package control

import (
	"errors"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"syscall"
	"testing"
	"time"
)

// TestOtherUser runs a client as another user, which only root can; for others
// it shows that the socket's own folder keeps everybody out.
func TestOtherUser(t *testing.T) {
	if path := os.Getenv("HERON_TEST_SOCKET"); path != "" {
		knock(t, path)
		return
	}
	// Not t.TempDir(): the other user must be able to get in.
	dir, err := os.MkdirTemp("", "heron-peer-") //nolint:usetesting // as above
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = os.RemoveAll(dir) })
	path := filepath.Join(dir, "control.sock")
	ln, err := Listen(t.Context(), path)
	if err != nil {
		t.Fatal(err)
	}
	serveOn(t, ln, &fake{})
	if st, err := os.Stat(dir); err != nil || st.Mode().Perm() != 0o700 {
		t.Fatalf("the folder is %v, %v", st.Mode(), err)
	}
	if os.Getuid() != 0 {
		return
	}
	// Open every door but the last one.
	exe := filepath.Join(dir, "test")
	self, err := os.ReadFile(os.Args[0])
	if err != nil {
		t.Fatal(err)
	}
	if err := errors.Join(os.WriteFile(exe, self, 0o755), os.Chmod(dir, 0o755), os.Chmod(path, 0o666)); err != nil {
		t.Fatal(err)
	}
	cmd := exec.CommandContext(t.Context(), exe, "-test.run=^TestOtherUser$", "-test.v")
	cmd.Env = []string{"HERON_TEST_SOCKET=" + path}
	cmd.Dir = "/"
	cmd.SysProcAttr = &syscall.SysProcAttr{Credential: &syscall.Credential{Uid: 65534, Gid: 65534}}
	if out, err := cmd.CombinedOutput(); err != nil {
		t.Errorf("%v: %s", err, out)
	}
}

// knock sends a request to somebody else's socket and wants to be hung up on.
func knock(t *testing.T, path string) {
	t.Helper()
	c, err := (&net.Dialer{}).DialContext(t.Context(), "unix", path)
	if err != nil {
		t.Fatal(err)
	}
	if err := checkPeer(c); !errors.Is(err, errPeer) {
		t.Errorf("the server's user is not looked at: %v", err)
	}
	// It may be hung up on before it has sent all.
	_, _ = c.Write([]byte("GET /v1/hello HTTP/1.1\r\nHost: heron\r\n\r\n"))
	if err := c.SetReadDeadline(time.Now().Add(5 * time.Second)); err != nil {
		t.Fatal(err)
	}
	b := make([]byte, 1)
	if n, err := c.Read(b); n > 0 || errors.Is(err, os.ErrDeadlineExceeded) {
		t.Errorf("answered to another user: %d bytes, %v", n, err)
	}
}
