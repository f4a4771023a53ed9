package demo

import (
	netmail "net/mail"
	"time"

	"github.com/emersion/go-imap/v2"
)

// The folders by name.
const (
	inbox    = "INBOX"
	receipts = "Receipts"
	listsGo  = "Lists/Go"
	archive  = "Archive"
	drafts   = "Drafts"
	sent     = "Sent"
	junk     = "Junk"
	trash    = "Trash"
)

// folder is a mailbox that is there from the start.
type folder struct {
	name string
	attr imap.MailboxAttr // special use, "" if none
}

func folders() []folder {
	return []folder{
		{inbox, ""},
		{receipts, ""},
		{listsGo, ""},
		{"Lists/日本語", ""},
		{"Reisen & Ausflüge", ""},
		{archive, imap.MailboxAttrArchive},
		{drafts, imap.MailboxAttrDrafts},
		{sent, imap.MailboxAttrSent},
		{junk, imap.MailboxAttrJunk},
		{trash, imap.MailboxAttrTrash},
	}
}

// who is a person or a program that writes.
func who(name, user string) netmail.Address {
	return netmail.Address{Name: name, Address: user + "@heron.example"}
}

// sampleMail is what is there from the start.
func sampleMail() []sample {
	seen := []imap.Flag{imap.FlagSeen}
	answered := []imap.Flag{imap.FlagSeen, imap.FlagAnswered}
	starred := []imap.Flag{imap.FlagSeen, imap.FlagFlagged}
	minute, hour, day := time.Minute, time.Hour, 24*time.Hour
	ann, bot := who("Ann Lee", "ann"), who("Build bot", "build")
	return []sample{
		{folder: inbox, ago: 6 * minute, from: ann, subject: "Lunch on Friday?", text: lunchText, file: "menu.pdf"},
		{folder: inbox, ago: 8 * minute, from: bot, subject: "main is green", text: "All 412 tests passed in 3 min 12 s.\n\n4 commits since the last run."},
		{folder: inbox, ago: 50 * minute, from: who("田中 花子", "hanako"), subject: "来週の会議について", text: "お世話になっております。\n\n来週の会議は水曜日の午後三時に変更になりました。\n資料は前日までにお送りします。\n\nよろしくお願いいたします。\n田中"},
		{folder: inbox, ago: 2 * hour, from: who("Jörg Müller", "joerg"), subject: "Rückfrage zur Übergabe am Donnerstag", text: "Hallo,\n\nkönnten wir die Übergabe um eine Stunde verschieben? Um zehn wäre mir lieber, dann ist die Straße wieder frei.\n\nSchöne Grüße\nJörg", flags: answered},
		{folder: inbox, ago: 3 * hour, from: who("The Reed Shop", "hello"), subject: "Autumn boots, and what to wear them with", text: newsText, html: newsHTML},
		{folder: inbox, ago: 5 * hour, from: who("Priya Nair", "priya"), subject: "🎉 We did it 🎂", text: "The release is out. Cake at four, in the kitchen. 🎂\n\nPriya", flags: starred},
		{folder: inbox, ago: 20 * hour, from: who("Hélène Lefèvre", "helene"), subject: "Les photos de l’été dernier", text: "Bonjour,\n\nVoilà enfin les photos. Sur la troisième, le héron est resté là toute la matinée.\n\nÀ bientôt,\nHélène", file: "heron.jpg", flags: seen},
		{folder: inbox, ago: 26 * hour, from: who("ليلى حسن", "layla"), subject: "اجتماع يوم الخميس", text: "صباح الخير،\n\nهل يناسبك أن نلتقي يوم الخميس في العاشرة صباحاً؟ أرفقت جدول الأعمال.\n\nمع أطيب التحيات\nليلى", flags: seen},
		{folder: inbox, ago: 2 * day, from: who("Sam O'Neill", "sam"), subject: "Keys to the boathouse", text: "They hang behind the door, as always.\n\nSam", flags: answered},
		{folder: inbox, ago: 3 * day, from: ann, subject: "Notes of Monday's meeting", text: "1. The tray number is right again.\n2. The window opens faster.\n3. Next: searching.\n\nAnn", flags: seen},
		{folder: inbox, ago: 6 * day, from: who("Doe, Jane (Accounts)", "jane"), subject: "A very long subject, as people write them when they put the whole message into it so that nobody needs to open it at all", text: "See above.", flags: seen},
		{folder: receipts, ago: 90 * minute, from: who("Riverside Café", "till"), subject: "Your receipt: 2 coffees, 1 cake", text: "2 coffees   6.40\n1 cake      3.80\n----------------\nTotal      10.20\n\nThank you."},
		{folder: receipts, ago: 4 * day, from: who("Rail Tickets", "tickets"), subject: "Your ticket to Lisbon", text: "Coach 4, seat 21, window.\nDeparture 09:12.", file: "ticket.pdf", flags: starred},
		{folder: receipts, ago: 9 * day, from: who("The Reed Shop", "orders"), subject: "Order 10733 has been sent", text: "It is on its way and should be with you in two days.", flags: seen},
		{folder: listsGo, ago: 4 * hour, from: who("Robin Chen", "robin"), subject: "[go] Ranging over functions: what I learned", text: "Three weeks in, and I like them more than I thought.\n\n> can they be stopped early?\n\nYes: return false from yield's caller, that is, break."},
		{folder: listsGo, ago: 30 * hour, from: who("Ilse Vogel", "ilse"), subject: "Re: [go] Ranging over functions: what I learned", text: "Thank you, that helps.\n\nIlse", flags: seen},
		{folder: listsGo, ago: 5 * day, from: who("Robin Chen", "robin"), subject: "[go] Testing time without sleeping", text: "testing/synctest has made our slowest test our fastest.", flags: seen},
		{folder: "Lists/日本語", ago: 28 * hour, from: who("鈴木 一郎", "ichiro"), subject: "勉強会のお知らせ", text: "次回の勉強会は土曜日です。\n場所は川沿いの図書館です。", flags: seen},
		{folder: "Reisen & Ausflüge", ago: 12 * day, from: who("Käthe Weiß", "kaethe"), subject: "Wanderung am See: Treffpunkt und Proviant", text: "Treffpunkt ist um acht am Bootshaus. Bitte feste Schuhe anziehen.\n\nKäthe", flags: seen},
		{folder: archive, ago: 40 * day, from: ann, subject: "The spare monitor", text: "It is yours if you carry it.\n\nAnn", flags: answered},
		{folder: archive, ago: 75 * day, from: who("Анна Петрова", "anna"), subject: "Фотографии с реки", text: "Добрый день!\n\nЦапля стояла у воды всё утро.\n\nАнна", flags: seen},
		{folder: drafts, ago: 3 * hour, from: ann, sent: true, subject: "Re: Lunch on Friday?", text: "Friday is good. Shall we", flags: []imap.Flag{imap.FlagDraft, imap.FlagSeen}},
		{folder: sent, ago: 100 * minute, from: who("Jörg Müller", "joerg"), sent: true, subject: "Re: Rückfrage zur Übergabe am Donnerstag", text: "Zehn Uhr passt gut.", flags: seen},
		{folder: sent, ago: 2 * day, from: who("Sam O'Neill", "sam"), sent: true, subject: "Re: Keys to the boathouse", text: "Found them, thank you.", flags: seen},
		{folder: junk, ago: 7 * hour, from: who("Prize Office", "prize"), subject: "You have won a second river", text: "Claim it within the hour."},
		{folder: trash, ago: 8 * day, from: who("The Reed Shop", "hello"), subject: "Last days of summer", text: "Everything must go.", flags: seen},
	}
}

const lunchText = `Are you free at noon? The usual place by the river; they have a new menu, I put it in.

If Friday is bad, Monday is fine too.

Ann`

const newsText = `Autumn boots are here.

Dry feet from 79.00. Free returns for 30 days.`

const newsHTML = `<!DOCTYPE html>
<html><head><title>Autumn boots</title><style>h1 { color: #1d6a9f }</style></head>
<body><h1>Autumn boots are here</h1>
<p>Dry feet from <b>79.00</b>. Free returns for 30&nbsp;days.</p>
<ul><li>Rubber, green</li><li>Leather, brown</li></ul>
<p><a href="https://shop.heron.example/boots">See all boots</a></p>
<img src="https://shop.heron.example/pixel.gif" width="1" height="1" alt="">
</body></html>`

// incoming is what the second machine delivers, over and over.
func incoming() []sample {
	ann, bot := who("Ann Lee", "ann"), who("Build bot", "build")
	return []sample{
		{folder: inbox, from: bot, subject: "main is green", text: "All 412 tests passed."},
		{folder: inbox, from: ann, subject: "Re: Lunch on Friday?", text: "I booked a table by the window for noon.\n\nAnn"},
		{folder: inbox, from: bot, subject: "main is red: 1 of 412 tests failed", text: "TestNeckIsAnS: it was a Z."},
		{folder: inbox, from: who("Jörg Müller", "joerg"), subject: "Danke für die schnelle Antwort", text: "Dann bis Donnerstag um zehn.\n\nJörg"},
		{folder: receipts, from: who("Riverside Café", "till"), subject: "Your receipt: 1 coffee", text: "1 coffee   3.20\n\nThank you."},
		{folder: inbox, from: who("田中 花子", "hanako"), subject: "資料をお送りします", text: "会議の資料を添付いたします。\nご確認ください。\n\n田中", file: "agenda.pdf"},
		{folder: listsGo, from: who("Ilse Vogel", "ilse"), subject: "[go] A small tool for large logs", text: "It reads a gigabyte in two seconds. Comments are welcome.\n\nIlse"},
		{folder: inbox, from: who("Priya Nair", "priya"), subject: "Could you look at this today? 🙏", text: "Only two pages, and page two is a picture.\n\nPriya", file: "draft.pdf"},
		{folder: inbox, from: who("Hélène Lefèvre", "helene"), subject: "Déjeuner dimanche ?", text: "Il fera beau, on pourrait manger dehors.\n\nHélène"},
		{folder: inbox, from: who("Sam O'Neill", "sam"), subject: "The river is high", text: "Take the upper path.\n\nSam"},
		{folder: inbox, from: who("ليلى حسن", "layla"), subject: "تم تأكيد الموعد", text: "موعدنا يوم الخميس في العاشرة. إلى اللقاء.\n\nليلى"},
		{folder: inbox, from: who("The Reed Shop", "hello"), subject: "Your boots are ready to collect", text: newsText, html: newsHTML},
	}
}

// shops are those whose mail is filed as receipts.
func shops() []string { return []string{"The Reed Shop", "Riverside Café", "Rail Tickets"} }

// extraFolders are those that the second machine makes and takes away again.
func extraFolders() []string { return []string{"House", "Trips/Lisbon", "Garten", "写真"} }
