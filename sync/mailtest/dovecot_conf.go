package mailtest

// dovecotConf is the configuration of Dovecot 2.3 for one server in a folder of
// its own. Everything runs as one user without chroot, so that it works without
// root too; mail is not synced to disk, which a test has no use for.
const dovecotConf = `
base_dir = {{.Dir}}/run
state_dir = {{.Dir}}/state
instance_name = heron-{{.IMAP}}
log_path = {{.Dir}}/dovecot.log
protocols = imap pop3
listen = 127.0.0.1
default_internal_user = {{.User}}
default_internal_group = {{.Group}}
default_login_user = {{.User}}
first_valid_uid = 1
first_valid_gid = 1
ssl = yes
ssl_cert = <{{.CertFile}}
ssl_key = <{{.KeyFile}}
disable_plaintext_auth = no
auth_mechanisms = plain login
mail_location = {{.Location}}
mail_fsync = never
mailbox_list_index = yes
mail_plugins = notify
mail_max_userip_connections = 500
passdb {
  driver = passwd-file
  args = {{.Dir}}/passwd
}
userdb {
  driver = passwd-file
  args = {{.Dir}}/passwd
}
namespace inbox {
  inbox = yes
  separator = /
{{- range .Special}}
  mailbox {{.}} {
    auto = subscribe
    special_use = \{{.}}
  }
{{- end}}
}
protocol imap {
{{- if .Capability}}
  imap_capability = {{.Capability}}
{{- end}}
}
service imap-login {
  chroot =
  service_count = 0
  inet_listener imap {
    port = {{.IMAP}}
  }
  inet_listener imaps {
    port = {{.IMAPS}}
    ssl = yes
  }
}
service pop3-login {
  chroot =
  service_count = 0
  inet_listener pop3 {
    port = {{.POP3}}
  }
  inet_listener pop3s {
    port = 0
  }
}
service anvil {
  chroot =
}
service stats {
  chroot =
}
service imap {
  process_limit = 500
}
{{.Extra}}
`

// confData is what dovecotConf is filled with.
type confData struct {
	Dir, User, Group, CertFile, KeyFile string
	Location, Capability, Extra         string
	IMAP, IMAPS, POP3                   int
	Special                             []string
}
