package secret

import (
	"context"
	"encoding/json"
	"fmt"
	"strings"
	"sync"
	"unicode/utf8"

	"github.com/heronmail/heron/sync/mail"
)

// Store keeps one secret an account. Its methods may be called by several
// goroutines.
type Store interface {
	// Get returns the secret of id if it was stored with that binding. Faults:
	// secret-missing, secret-bound, keyring-locked, keyring-missing, keyring-failed.
	Get(ctx context.Context, id mail.AccountID, binding string) (string, error)
	// Set stores a secret, which is UTF-8, replacing an older one. Faults: usage,
	// keyring-*.
	Set(ctx context.Context, id mail.AccountID, binding, secret string) error
	// Delete removes the secret; a missing one is no error. Faults: keyring-*.
	Delete(ctx context.Context, id mail.AccountID) error
}

// item is what one keyring entry holds. The binding stands in it, so that
// neither can be exchanged without the other.
type item struct {
	Binding string `json:"binding"`
	Secret  string `json:"secret"`
}

func encode(binding, secret string) (string, error) {
	if !utf8.ValidString(secret) {
		// JSON would keep another one in its place.
		return "", &mail.Fault{
			Code: mail.CodeUsage, Class: mail.ClassLocal, Args: mail.Args{"text": "the password is not valid UTF-8"},
		}
	}
	b, err := json.Marshal(item{binding, secret})
	if err != nil {
		return "", fmt.Errorf("encoding the keyring item: %w", err)
	}
	return string(b), nil
}

// open checks an entry against the binding that asks for it.
func open(id mail.AccountID, binding, entry string) (string, error) {
	var it item
	if err := json.Unmarshal([]byte(entry), &it); err != nil {
		// The cause may quote the entry, so it is left out.
		return "", missing(id)
	}
	if it.Binding != binding {
		return "", &mail.Fault{
			Code: mail.CodeSecretBound, Class: mail.ClassAuth,
			Args: mail.Args{"account": string(id), "host": host(it.Binding)},
		}
	}
	return it.Secret, nil
}

// host is the second line of a binding, see mail.Account.Binding.
func host(binding string) string {
	parts := strings.Split(binding, "\n")
	if len(parts) < 2 {
		return ""
	}
	return parts[1]
}

func missing(id mail.AccountID) *mail.Fault {
	return &mail.Fault{Code: mail.CodeSecretMissing, Class: mail.ClassAuth, Args: mail.Args{"account": string(id)}}
}

type memory struct {
	mu sync.Mutex
	m  map[mail.AccountID]item
}

// NewMemory returns a store that forgets when the process ends.
func NewMemory() Store { return &memory{m: map[mail.AccountID]item{}} }

func (s *memory) Get(_ context.Context, id mail.AccountID, binding string) (string, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	it, ok := s.m[id]
	if !ok {
		return "", missing(id)
	}
	entry, err := encode(it.Binding, it.Secret)
	if err != nil {
		return "", err
	}
	return open(id, binding, entry)
}

func (s *memory) Set(_ context.Context, id mail.AccountID, binding, secret string) error {
	if _, err := encode(binding, secret); err != nil {
		return err
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	s.m[id] = item{binding, secret}
	return nil
}

func (s *memory) Delete(_ context.Context, id mail.AccountID) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	delete(s.m, id)
	return nil
}
