package secret

import (
	"context"
	"errors"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"time"

	"github.com/zalando/go-keyring"

	"github.com/heronmail/heron/sync/mail"
)

// backend is the part of go-keyring that is used; tests put their own in.
type backend struct {
	get    func(service, user string) (string, error)
	set    func(service, user, secret string) error
	delete func(service, user string) error
}

type osKeyring struct {
	service string
	limit   time.Duration
	b       backend
	usable  func() *mail.Fault // tells beforehand that there is no service
	gate    chan struct{}      // full while a call is under way
}

// NewKeyring returns the store on the OS keyring: Secret Service, Credential
// Manager or Keychain. service names Heron's entries. limit is how long one
// call may take, since a locked keyring can wait for its own password dialog.
func NewKeyring(service string, limit time.Duration) Store {
	return &osKeyring{
		service: service, limit: limit,
		b:      backend{keyring.Get, keyring.Set, keyring.Delete},
		usable: usable,
		gate:   make(chan struct{}, 1),
	}
}

// usable is asked first on systems with a session bus: without one the library
// below would start a daemon that nobody ends.
func usable() *mail.Fault {
	switch runtime.GOOS {
	case "windows", "darwin":
		return nil
	}
	if os.Getenv("DBUS_SESSION_BUS_ADDRESS") != "" {
		return nil
	}
	if run := os.Getenv("XDG_RUNTIME_DIR"); run != "" {
		if _, err := os.Stat(filepath.Join(run, "bus")); err == nil {
			return nil
		}
	}
	return &mail.Fault{Code: mail.CodeKeyringMissing, Class: mail.ClassLocal}
}

func (k *osKeyring) Get(ctx context.Context, id mail.AccountID, binding string) (string, error) {
	entry, err := k.do(ctx, func() (string, error) { return k.b.get(k.service, string(id)) })
	if errors.Is(err, keyring.ErrNotFound) {
		return "", missing(id)
	}
	if err != nil {
		return "", classify(err)
	}
	return open(id, binding, entry)
}

func (k *osKeyring) Set(ctx context.Context, id mail.AccountID, binding, secret string) error {
	entry, err := encode(binding, secret)
	if err != nil {
		return err
	}
	_, err = k.do(ctx, func() (string, error) { return "", k.b.set(k.service, string(id), entry) })
	return classify(err)
}

func (k *osKeyring) Delete(ctx context.Context, id mail.AccountID) error {
	_, err := k.do(ctx, func() (string, error) { return "", k.b.delete(k.service, string(id)) })
	if errors.Is(err, keyring.ErrNotFound) {
		return nil
	}
	return classify(err)
}

// do runs one call that cannot be cancelled. When it takes too long the caller
// goes on without it; the goroutine ends with the keyring's dialog. Until then
// no other call is made: each would ask its user in a dialog of its own.
func (k *osKeyring) do(ctx context.Context, call func() (string, error)) (string, error) {
	if f := k.usable(); f != nil {
		return "", f
	}
	locked := &mail.Fault{Code: mail.CodeKeyringLocked, Class: mail.ClassLocal}
	limit := time.NewTimer(k.limit)
	defer limit.Stop()
	select {
	case k.gate <- struct{}{}:
	case <-limit.C:
		return "", locked
	case <-ctx.Done():
		return "", ctx.Err()
	}
	type answer struct {
		entry string
		err   error
	}
	done := make(chan answer, 1)
	go func() {
		entry, err := call()
		<-k.gate
		done <- answer{entry, err}
	}()
	select {
	case a := <-done:
		return a.entry, a.err
	case <-limit.C:
		return "", locked
	case <-ctx.Done():
		return "", ctx.Err()
	}
}

// classify sorts what go-keyring returns. Its errors are texts, of D-Bus or of
// the library; none of them quotes a secret.
func classify(err error) error {
	var f *mail.Fault
	if err == nil || errors.As(err, &f) || errors.Is(err, context.Canceled) || errors.Is(err, context.DeadlineExceeded) {
		return err
	}
	s := strings.ToLower(err.Error())
	has := func(words ...string) bool {
		for _, w := range words {
			if strings.Contains(s, w) {
				return true
			}
		}
		return false
	}
	switch {
	case has("failed to unlock", "locked", "prompt dismissed", "dismissed"):
		return &mail.Fault{Code: mail.CodeKeyringLocked, Class: mail.ClassLocal, Err: err}
	case has("not provided by any .service files", "serviceunknown", "no such interface", "dbus-launch", "connect: no such file", "connection refused", "unsupported platform", "namehasnoowner"):
		return &mail.Fault{Code: mail.CodeKeyringMissing, Class: mail.ClassLocal, Err: err}
	default:
		return &mail.Fault{Code: mail.CodeKeyringFailed, Class: mail.ClassLocal, Args: mail.Args{"text": err.Error()}, Err: err}
	}
}
