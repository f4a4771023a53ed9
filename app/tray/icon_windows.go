package tray

import (
	"strings"

	"github.com/heronmail/heron/app/tray/badge"
)

// encode offers the sizes of the notification area at 100 to 300 %.
func encode(a *badge.Artist, s badge.Spec) ([]byte, error) { return a.ICO(s, 16, 20, 24, 32, 48) }

// escape keeps an ampersand from marking an access key.
func escape(s string) string { return strings.ReplaceAll(s, "&", "&&") }
