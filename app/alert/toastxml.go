package alert

import (
	"encoding/xml"
	"fmt"
	"strings"
)

// toastXML writes an alert as Windows wants it (toast content schema). What an
// action passes back is its kind and the handle.
func toastXML(a Alert, handle string) (string, error) {
	type text struct {
		Text string `xml:",chardata"`
	}
	type action struct {
		Type      string `xml:"activationType,attr"`
		Content   string `xml:"content,attr"`
		Arguments string `xml:"arguments,attr"`
	}
	type audio struct {
		Silent bool `xml:"silent,attr"`
	}
	toast := struct {
		XMLName xml.Name `xml:"toast"`
		Type    string   `xml:"activationType,attr"`
		Launch  string   `xml:"launch,attr"`
		Binding struct {
			Template string `xml:"template,attr"`
			Texts    []text `xml:"text"`
		} `xml:"visual>binding"`
		Audio   audio    `xml:"audio"`
		Actions []action `xml:"actions>action,omitempty"`
	}{Type: "foreground", Launch: toastArgument(DoesOpen, handle), Audio: audio{true}}
	toast.Binding.Template = "ToastGeneric"
	toast.Binding.Texts = []text{{a.Title}}
	if a.Body != "" {
		toast.Binding.Texts = append(toast.Binding.Texts, text{a.Body})
	}
	if a.MarkRead != "" {
		toast.Actions = append(toast.Actions, action{"foreground", a.MarkRead, toastArgument(DoesMarkRead, handle)})
	}
	if a.Open != "" {
		toast.Actions = append(toast.Actions, action{"foreground", a.Open, toastArgument(DoesOpen, handle)})
	}
	out, err := xml.Marshal(toast)
	if err != nil {
		return "", fmt.Errorf("write toast: %w", err)
	}
	return string(out), nil
}

func toastArgument(d Does, handle string) string { return string(d) + " " + handle }

// parseToastArgument reads what toastArgument wrote.
func parseToastArgument(s string) (Action, bool) {
	does, handle, ok := strings.Cut(s, " ")
	if !ok || Does(does) != DoesOpen && Does(does) != DoesMarkRead {
		return Action{}, false
	}
	return Action{handle, Does(does)}, true
}
