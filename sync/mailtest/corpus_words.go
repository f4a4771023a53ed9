package mailtest

import (
	"golang.org/x/text/encoding"
	"golang.org/x/text/encoding/charmap"
	"golang.org/x/text/encoding/japanese"
	"golang.org/x/text/encoding/simplifiedchinese"
	"golang.org/x/text/encoding/unicode"
)

// tongue is a language as its mail is written: who writes, about what, and in
// which charsets.
type tongue struct {
	charsets []cs
	people   []string
	subjects []string
	lines    []string
}

// cs is a charset and how it goes over the wire.
type cs struct {
	name     string
	enc      encoding.Encoding
	transfer string // Content-Transfer-Encoding
	word     byte   // of RFC 2047: 'Q' or 'B'
}

// tongues are the languages of the corpus.
func tongues() []tongue {
	utf8Q := cs{"utf-8", unicode.UTF8, "quoted-printable", 'Q'}
	utf8B := cs{"UTF-8", unicode.UTF8, "base64", 'B'}
	utf8Raw := cs{"utf-8", unicode.UTF8, "8bit", 'B'}
	latin1 := cs{"iso-8859-1", charmap.ISO8859_1, "quoted-printable", 'Q'}
	jis := cs{"ISO-2022-JP", japanese.ISO2022JP, "7bit", 'B'}
	gbk := cs{"GBK", simplifiedchinese.GBK, "base64", 'B'}
	koi8 := cs{"koi8-r", charmap.KOI8R, "8bit", 'B'}
	return []tongue{
		{
			[]cs{{"us-ascii", unicode.UTF8, "7bit", 'Q'}},
			[]string{"Ann Lee", "Build bot", "Sam O'Neill", "Doe, Jane (Accounts)", "Priya \"Pri\" Nair", ""},
			[]string{"Lunch on Friday?", "main is green", "Your receipt from the Reed Shop", "Notes of the meeting", "Re: Fwd: Re: the boat", "[heron-dev] Next release", ""},
			[]string{"Are you free at noon? The usual place.", "All 412 tests passed.", "From the window you can see the river.", "See https://heron.example/a?b=c&d=e for more.", ".", "> that is what you wrote", "-- ", "Thank you for your order."},
		},
		{
			[]cs{utf8Q, latin1},
			[]string{"Jörg Müller", "Käthe Straße-Weiß", "Änne Groß"},
			[]string{"Rückfrage zur Übergabe am Donnerstag", "Grüße aus Köln", "Ihre Rechnung für März", "Schöne Äpfel, große Birnen: was der Garten im Herbst hergibt, und wer beim Pflücken hilft"},
			[]string{"Könnten wir das auf nächste Woche verschieben?", "Die Straße ist gesperrt, fahrt außen herum.", "Über den Fluss führt jetzt eine Brücke.", "Schöne Grüße"},
		},
		{
			[]cs{latin1, utf8Q},
			[]string{"Hélène Lefèvre", "François Côté", "Inès Garçon"},
			[]string{"Déjeuner à midi ?", "Votre réservation est confirmée", "Les photos de l'été dernier"},
			[]string{"À bientôt, j'espère.", "Le héron est resté là toute la matinée.", "Où est passé le dossier que tu as préparé ?"},
		},
		{
			[]cs{jis, utf8B},
			[]string{"田中 花子", "鈴木一郎", "サポート窓口"},
			[]string{"会議の件", "ご注文ありがとうございます", "来週の予定について（確認のお願い）"},
			[]string{"お世話になっております。", "明日の午後三時に川のほとりで待っています。", "よろしくお願いいたします。"},
		},
		{
			[]cs{gbk, utf8B},
			[]string{"王小明", "李娜", "客户服务部"},
			[]string{"关于下周的会议", "您的订单已发货", "照片都在这里"},
			[]string{"您好,", "我们在河边看到了一只苍鹭。", "请在周五之前回复,谢谢。"},
		},
		{
			[]cs{koi8, utf8Raw},
			[]string{"Анна Петрова", "Иван Сергеевич Кузнецов", "Служба поддержки"},
			[]string{"Встреча в пятницу", "Ваш заказ отправлен", "Фотографии с реки"},
			[]string{"Добрый день!", "Цапля стояла у воды всё утро.", "С уважением, Анна"},
		},
		{
			[]cs{utf8B, utf8Raw},
			[]string{"ليلى حسن", "יעל כהן", "Σοφία Νικολάου", "สมชาย ใจดี", "🦩 Flo"},
			[]string{"اجتماع يوم الجمعة", "ארוחת צהריים ביום שישי?", "Καλημέρα από τη λίμνη", "🎉 Party 🎂 on Saturday 👩‍👩‍👧", "ประชุมวันศุกร์"},
			[]string{"صباح الخير، هل أنت متفرغ ظهراً؟", "נתראה ליד הנהר.", "Ο ερωδιός στέκεται ακίνητος.", "พบกันที่ริมแม่น้ำ", "See you there 👋"},
		},
	}
}

// hardDates are Date headers as programs of the last forty years wrote them;
// "" leaves the header out.
func hardDates() []string {
	return []string{
		"",
		"Tue, 3 Feb 98 07:08:09 EST",
		"3 Feb 2026 07:08 +0100",
		"Tue, 03 Feb 2026 07:08:09 +0100 (CET)",
		"Tue,  3 Feb 2026 07:08:09 GMT",
		"Tue Feb  3 07:08:09 2026",
		"2026-02-03T07:08:09Z",
		"Tue, 31 Feb 2026 25:61:00 +9999",
		"yesterday",
		"Fri, 01 Jan 2038 00:00:00 -0000",
		"Thu, 01 Jan 1970 00:00:00 +0000",
	}
}
