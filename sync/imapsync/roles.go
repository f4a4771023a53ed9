package imapsync

import (
	"strings"

	"golang.org/x/text/unicode/norm"

	"github.com/heronmail/heron/sync/mail"
)

// wellKnown returns what mail programs and servers call the folders of a
// role, for servers without SPECIAL-USE: the last level of a name in lower
// case, the most usual first.
func wellKnown() map[mail.Role][]string {
	return map[mail.Role][]string{
		mail.RoleArchive: {
			"archive", "archives", "archiv", "archivo", "arquivo", "archivio", "archief", "arkiv", "arkisto",
			"archiwum", "архив", "アーカイブ", "存档",
		},
		mail.RoleDrafts: {
			"drafts", "draft", "entwürfe", "entwurf", "brouillons", "borradores", "bozze", "rascunhos", "concepten",
			"utkast", "udkast", "kladder", "luonnokset", "wersje robocze", "szkice", "koncepty", "černovici",
			"черновики", "чернетки", "taslaklar", "下書き", "草稿", "草稿箱", "임시보관함",
		},
		mail.RoleSent: {
			"sent", "sent items", "sent mail", "sent messages", "gesendet", "gesendete elemente", "gesendete objekte",
			"gesendete nachrichten", "envoyés", "éléments envoyés", "messages envoyés", "courrier envoyé", "enviados",
			"elementos enviados", "mensajes enviados", "itens enviados", "inviati", "posta inviata", "elementi inviati",
			"verzonden", "verzonden items", "skickat", "skickade objekt", "sendt", "sendte elementer", "lähetetyt",
			"wysłane", "elementy wysłane", "odeslaná pošta", "odeslané", "отправленные", "надіслані", "gönderilenler", //nolint:misspell // Polish
			"gönderilmiş öğeler", "送信済み", "送信済みアイテム", "已发送", "已发送邮件", "보낸편지함",
		},
		mail.RoleJunk: {
			"junk", "junk e-mail", "junk email", "junk mail", "spam", "bulk mail", "spamverdacht", "unerwünscht",
			"junk-e-mail", "courrier indésirable", "indésirables", "pourriel", "correo no deseado",
			"posta indesiderata", "lixo eletrônico", "lixo eletrónico", "ongewenste e-mail", "skräppost", "søppelpost",
			"uønsket e-post", "roskaposti", "wiadomości-śmieci", "nevyžádaná pošta", "спам",
			"нежелательная почта", "önemsiz", "迷惑メール", "垃圾邮件", "스팸편지함",
		},
		mail.RoleTrash: {
			"trash", "deleted", "deleted items", "deleted messages", "bin", "papierkorb", "gelöscht",
			"gelöschte elemente", "gelöschte objekte", "corbeille", "éléments supprimés", "messages supprimés",
			"papelera", "elementos eliminados", "cestino", "posta eliminata", "lixeira", "itens excluídos", "lixo",
			"prullenbak", "verwijderde items", "papperskorgen", "borttagna objekt", "papirkurv", "papirkurven",
			"slettet post", "roskakori", "kosz", "elementy usunięte", "koš", "odstraněná pošta", "корзина", //nolint:misspell // Polish
			"удаленные", "кошик", "çöp kutusu", "silinmiş öğeler", "ゴミ箱", "已删除", "已删除邮件", "휴지통",
		},
	}
}

// assignRoles completes the roles of a whole listing. INBOX is the inbox
// whatever else is said; then what the server says of a mailbox counts
// (SPECIAL-USE, XLIST); a role that it gave to none goes to the first mailbox
// with a well-known name.
func assignRoles(list []listed) {
	taken := map[mail.Role]bool{}
	for i := range list {
		l := &list[i]
		switch {
		case l.Name == "INBOX":
			l.role = mail.RoleInbox
		case l.role == mail.RoleInbox:
			l.role = mail.RoleNone // there is one inbox
		}
		taken[l.role] = true
	}
	for role, names := range wellKnown() {
		if taken[role] {
			continue
		}
		if i := bestName(list, names); i >= 0 {
			list[i].role = role
		}
	}
}

// bestName returns the index of the mailbox without a role whose last level is
// earliest in names; of two with the same name the one with fewer levels. -1
// is none.
func bestName(list []listed, names []string) int {
	best, bestRank, bestDepth := -1, 0, 0
	for i := range list {
		l := &list[i]
		if l.role != mail.RoleNone || !l.canSelect() {
			continue
		}
		levels := l.levels()
		// A folder deep in a person's own tree is theirs, whatever its name;
		// some servers keep everything one level below INBOX.
		if len(levels) > 2 || len(levels) == 2 && !isPrefix(levels[0]) {
			continue
		}
		last := strings.ToLower(norm.NFC.String(levels[len(levels)-1])) // some write ü as two
		for rank, n := range names {
			if n != last {
				continue
			}
			if best < 0 || rank < bestRank || rank == bestRank && len(levels) < bestDepth {
				best, bestRank, bestDepth = i, rank, len(levels)
			}
			break
		}
	}
	return best
}

// isPrefix reports whether a top level is one that servers put all of a
// person's folders below.
func isPrefix(level string) bool {
	switch strings.ToLower(level) {
	case "inbox", "[gmail]", "[google mail]", "mail":
		return true
	default:
		return false
	}
}
