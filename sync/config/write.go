package config

import (
	"bytes"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"runtime"

	"github.com/BurntSushi/toml"

	"github.com/heronmail/heron/sync/mail"
)

func writeTOML(path string, v any) error {
	var b bytes.Buffer
	if err := toml.NewEncoder(&b).Encode(v); err != nil {
		return fmt.Errorf("encoding %s: %w", filepath.Base(path), err)
	}
	if err := writeFile(path, b.Bytes()); err != nil {
		return diskFault(path, err)
	}
	return nil
}

// writeFile replaces a file whole or not at all, and returns when it is on
// disk. A symbolic link stays, and what it leads to is replaced.
func writeFile(path string, b []byte) (err error) {
	if to, err := filepath.EvalSymlinks(path); err == nil {
		path = to
	}
	dir := filepath.Dir(path)
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return err
	}
	tmp, err := os.CreateTemp(dir, ".new-*") // 0600
	if err != nil {
		return err
	}
	defer func() {
		if err != nil {
			_ = os.Remove(tmp.Name()) // what counts is the first error
		}
	}()
	if _, err := tmp.Write(b); err != nil {
		_ = tmp.Close()
		return err
	}
	if err := tmp.Sync(); err != nil {
		_ = tmp.Close()
		return err
	}
	if err := tmp.Close(); err != nil {
		return err
	}
	if err := os.Rename(tmp.Name(), path); err != nil {
		return err
	}
	return syncDir(dir)
}

// syncDir brings the names in a folder to disk. Windows does so by itself.
func syncDir(dir string) error {
	if runtime.GOOS == "windows" {
		return nil
	}
	d, err := os.Open(dir)
	if err != nil {
		return err
	}
	return errors.Join(d.Sync(), d.Close())
}

// diskFault classifies an error of the file system.
func diskFault(path string, err error) error {
	code := mail.DiskCode(err)
	if code == "" {
		code = mail.CodeInternal
	}
	return &mail.Fault{Code: code, Class: mail.ClassLocal, Args: mail.Args{"path": path, "text": err.Error()}, Err: err}
}
